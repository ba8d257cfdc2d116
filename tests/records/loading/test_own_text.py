"""What a file says is judged as it says it: no reader's guess stands between a cell and our rules."""

from __future__ import annotations

import datetime
import json
import sqlite3
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from django.core.management.base import CommandError
from openpyxl.worksheet.worksheet import Worksheet
from pyproj import CRS

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature, Sale
from tests.records.loading import files

PINS = '[fields]\nparcel_number = "PIN"\n'


def dbf(path: Path, fields: list[tuple[str, str, int]], records: list[list[str]], deleted: int | None = None) -> Path:
    """A dBASE table of these cells, byte by byte; ``deleted`` is a record's index."""
    length = 1 + sum(width for _, _, width in fields)
    head = struct.pack("<B3BIHH20x", 3, 124, 1, 1, len(records), 33 + 32 * len(fields), length)
    for name, kind, width in fields:
        head += struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), width, 0)
    rows = b""
    for number, cells in enumerate(records):
        rows += b"*" if number == deleted else b" "
        for cell, (_, _, width) in zip(cells, fields, strict=True):
            rows += cell.encode("cp1252").ljust(width)
    path.write_bytes(head + b"\r" + rows + b"\x1a")
    return path


def parcels() -> list[tuple[Any, ...]]:
    return list(PropertyOperational.objects.order_by("id").values_list("parcel_number", "land_value"))


DATES: list[tuple[Any, str | None]] = [
    ("2024-01-05", "2024-01-05"),
    ("2024-01-05T00:00:00.000Z", "2024-01-05"),
    ("01/05/2024", "2024-01-05"),
    ("1/5/2024 12:00:00 AM", "2024-01-05"),
    ("20240105", "2024-01-05"),
    ("2024-02-30", None),
    ("0000-00-00", None),
    ("202411", None),
    ("2024-01-05 at 3", None),
    (45296, None),
    (45296.5, None),
    (b"2024-01-05", "2024-01-05"),
    (b"\xff", None),
]


def test_dates_of_a_geopackage_are_what_its_cells_hold(king: County, tmp_path: Path) -> None:
    """SQLite stores any value in a column that is declared to hold dates."""
    columns: dict[str, Any] = {
        "sale_id": [f"{n:02d}" for n in range(len(DATES))],
        "parcel_number": ["1"] * len(DATES),
        "sale_price": [1] * len(DATES),
        "sale_date": [""] * len(DATES),
    }
    path = files.write(tmp_path / "s.gpkg", columns, layer="s")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema = 1")
        database.execute("UPDATE sqlite_master SET sql = replace(sql, '\"sale_date\" TEXT', '\"sale_date\" DATE')")
    database.close()
    with sqlite3.connect(path) as database:
        database.executemany(
            "UPDATE s SET sale_date = ? WHERE sale_id = ?", zip([d for d, _ in DATES], columns["sale_id"], strict=True)
        )
    database.close()
    report = files.load(king, "sales", path)
    right = {f"{n:02d}": day for n, (_, day) in enumerate(DATES) if day}
    assert {sale.sale_id: str(sale.sale_date) for sale in Sale.objects.all()} == right
    assert report["refused"] == {"bad_date": len(DATES) - len(right)}


def test_a_geopackage_with_cells_of_other_types_than_declared(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.gpkg", {"parcel_number": ["a", "b", "c"], "land_value": [1, 2, 3]}, layer="p")
    with sqlite3.connect(path) as database:
        database.executemany(
            "UPDATE p SET land_value = ?, parcel_number = ? WHERE land_value = ?", [("$1,234", "007", 1), ("x", "8", 2)]
        )
        database.execute("UPDATE p SET parcel_number = CAST(x'506561f1' AS TEXT) WHERE land_value = 3")
    database.close()
    report = files.load(king, "parcels", path)
    assert parcels() == [("007", 1234)]
    assert report["refused"] == {"bad_number": 1, "bad_text": 1}
    assert 'encoding = "cp1252"' in " ".join(report["notes"])


def test_cells_of_a_dbf_are_what_its_records_hold(king: County, tmp_path: Path) -> None:
    fields = [("PIN", "N", 20), ("LAND", "N", 8), ("AS_OF", "D", 8)]
    cells = [
        ["491016101001000101", "1,234", "20240105"],
        ["491016101001000102", "$5", "00000000"],
        ["491016101001000103", "********", ""],
        ["4", "5%", ""],
        ["5", "1.2.3", ""],
        ["6", "7", "20241345"],
        ["7", "7", "01/05/24"],
        ["1.23457E+11", "7", ""],
    ]
    described = files.mapping(tmp_path, PINS + 'land_value = "LAND"\nas_of = "AS_OF"\n')
    path = dbf(tmp_path / "p.dbf", fields, cells)
    report = files.load(king, "parcels", path, mapping=described, rejects=tmp_path / "r.csv")
    assert parcels() == [
        ("491016101001000101", 1234),
        ("491016101001000102", 5),
        ("491016101001000103", None),
    ]
    assert report["refused"] == {"bad_number": 2, "bad_date": 2, "lost_digits": 1}
    details = {row["row"]: row["detail"] for row in files.rejects(tmp_path / "r.csv")}
    assert details["6"] == "as_of: '20241345'"


def test_keys_that_lost_digits_are_refused(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.gpkg", {"parcel_number": [123.0, 2.0**53, 4.910161010010001e17]}, layer="p")
    assert files.load(king, "parcels", path)["refused"] == {"lost_digits": 2}
    path = files.write_csv(tmp_path / "p.csv", [{"parcel_number": key} for key in ("1.23457E+11", "12E10", "1\u200b2")])
    assert files.load(king, "parcels", path)["refused"] == {"lost_digits": 1, "bad_text": 1}
    assert {key for key, _ in parcels()} == {"123", "12E10"}


def test_a_csvt_beside_a_csv_changes_nothing(king: County, tmp_path: Path) -> None:
    path = files.write_csv(tmp_path / "p.csv", [{"parcel_number": "00123", "land_value": "$500"}])
    path.with_suffix(".csvt").write_text("Integer,Integer\n")
    files.load(king, "parcels", path)
    assert parcels() == [("00123", 500)]


@pytest.mark.parametrize(
    ("format_", "text", "day"),
    [("%Y%m%d", "202411", None), ("%Y%m%d", "20241101", "2024-11-01"), ("%d.%m.%Y", "5.1.2024", "2024-01-05")],
)
def test_digits_that_fit_a_format_in_two_ways(king: County, tmp_path: Path, format_: str, text: str, day: Any) -> None:
    path = files.write_csv(tmp_path / "p.csv", [{"PIN": "1", "D": text}])
    described = files.mapping(tmp_path, PINS + f'as_of = {{ column = "D", format = "{format_}", on_error = "null" }}')
    files.load(king, "parcels", path, mapping=described)
    assert PropertyOperational.objects.values_list("as_of", flat=True).get() == (
        datetime.date.fromisoformat(day) if day else None
    )


def test_properties_of_geojson_are_what_its_text_holds(king: County, tmp_path: Path) -> None:
    """GDAL makes dates of texts that look like some, and numbers of long ones."""
    values = {"pin": "007", "day": "2024/01/05", "long": 12345678901234567890, "tags": ["a", "b"], "odd": {"x": 1.50}}
    other: dict[str, Any] = {"pin": 8, "day": None, "long": 1, "tags": [], "odd": True}
    shape = {"type": "Point", "coordinates": [-122.3, 47.5, 3]}
    features = [{"type": "Feature", "properties": each, "geometry": shape} for each in (values, other)]
    path = tmp_path / "z.geojson"
    path.write_text(json.dumps({"features": features, "type": "FeatureCollection"}, indent=1))
    files.load(king, "zones", path)
    assert [feature.attributes for feature in ReferenceFeature.objects.order_by("id")] == [
        {"pin": "007", "day": "2024/01/05", "long": "12345678901234567890", "tags": '["a", "b"]', "odd": '{"x": 1.5}'},
        {"pin": "8", "day": None, "long": "1", "tags": "[]", "odd": "true"},
    ]


@pytest.mark.parametrize(
    ("encoding", "text", "named"),
    [("cp1252", "Peña Müller", "cp1252"), ("shift_jis", "京都市左京区", "shift_jis"), ("gbk", "北京市朝阳区", "gbk")],
)
def test_the_encoding_that_fits_is_named(king: County, tmp_path: Path, encoding: str, text: str, named: str) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(f"parcel_number,situs_city\n1,{text}\n".encode(encoding))
    with pytest.raises(CommandError, match=f"not UTF-8: put encoding = .*{named}"):
        files.load(king, "parcels", path)
    described = files.mapping(tmp_path, f'encoding = "{named}"')
    files.load(king, "parcels", path, mapping=described)
    assert PropertyOperational.objects.get().situs_city == text


def test_parquet_keeps_its_own_types(king: County, tmp_path: Path) -> None:
    columns = {
        "PIN": pa.array([Decimal("491016101001000101"), Decimal(7)], pa.decimal128(20, 0)),
        "USE": pa.array(["R", None]).dictionary_encode(),
        "DAY": [datetime.date(2024, 1, 5), None],
        "TAGS": [["a", "b"], []],
    }
    shapes = pa.array([shapely.to_wkb(files.square(n)) for n in range(2)])
    about = {"encoding": "WKB", "geometry_types": ["Polygon"], "crs": CRS(files.STATE_PLANE).to_json_dict()}
    described = {"version": "1.1.0", "primary_column": "shape", "columns": {"shape": about}}
    table = pa.table({**columns, "shape": shapes}).replace_schema_metadata({"geo": json.dumps(described)})
    pq.write_table(table, tmp_path / "z.parquet")
    files.load(king, "zones", tmp_path / "z.parquet")
    described_key = files.mapping(tmp_path, PINS)
    files.load(king, "parcels", tmp_path / "z.parquet", mapping=described_key)
    first = ReferenceFeature.objects.earliest("id")
    assert {name: first.attributes[name] for name in ("USE", "DAY", "TAGS")} == {
        "USE": "R",
        "DAY": "2024-01-05",
        "TAGS": '["a", "b"]',
    }
    assert files.known(first.geometry).centroid.x == pytest.approx(-122.3, abs=0.1)
    assert PropertyOperational.objects.earliest("id").parcel_number == "491016101001000101"


def test_a_workbook_with_titles_and_dates_as_serials(king: County, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (
        ["Assessment roll"],
        [None, "of 2024"],
        [],
        ["parcel_number", "as_of", "land_value", "situs_city", None],
        ["00123", datetime.date(2024, 1, 5), "$1,234", "Seattle & Sea"],
        [456, "1/5/2024", 7.5, None],
        ["serial", 45296, 7, "no date"],
        ["long", None, None, "1.5"],
        [491016101001000101, None, 1, ""],
    ):
        sheet.append(row)
    book.save(tmp_path / "p.xlsx")
    report = files.load(king, "parcels", tmp_path / "p.xlsx")
    rows = PropertyOperational.objects.order_by("id").values_list("parcel_number", "as_of", "land_value", "situs_city")
    day = datetime.date(2024, 1, 5)
    assert list(rows) == [("00123", day, 1234, "Seattle & Sea"), ("456", day, 8, ""), ("long", None, None, "1.5")]
    assert report["refused"] == {"bad_date": 1, "lost_digits": 1}
    assert report["notes"] == ["What stands above the header is left out: 'Assessment roll'."]


def test_gml_without_a_schema_holds_texts(king: County, tmp_path: Path) -> None:
    """GDAL makes a number of 00123, and writes beside the file that it is one."""
    path = files.write(tmp_path / "p.gml", {"parcel_number": ["00123"]}, [files.square()])
    path.with_suffix(".xsd").unlink()
    before = sorted(tmp_path.iterdir())
    files.load(king, "parcels", path)
    assert [key for key, _ in parcels()] == ["00123"]
    assert sorted(tmp_path.iterdir()) == before
