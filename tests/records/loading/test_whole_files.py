"""A file is loaded whole or not at all, and a sound one is loaded whatever its header says."""

from __future__ import annotations

import json
import sqlite3
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature
from tests.records.loading import files
from tests.records.loading.test_own_text import PINS, dbf

SHAPE = {"type": "Point", "coordinates": [-122.3, 47.5]}


def features(count: int, geometry_first: bool = False) -> list[dict[str, Any]]:
    each = [{"type": "Feature", "properties": {"parcel_number": f"{n}"}, "geometry": SHAPE} for n in range(count)]
    return [dict(reversed(list(one.items()))) for one in each] if geometry_first else each


def numbers() -> list[str]:
    return list(PropertyOperational.objects.order_by("id").values_list("parcel_number", flat=True))


def refused(county: County, path: Path, message: str, layer: str = "parcels", **options: Any) -> None:
    with pytest.raises(CommandError, match=message) as caught:
        files.load(county, layer, path, **options)
    assert len(str(caught.value).splitlines()) == 1
    assert not PropertyOperational.objects.exists()


@pytest.mark.parametrize("suffix", ["geojsonl", "geojson", "json", "txt.ndjson", "data"])
@pytest.mark.parametrize("mark", ["", "\x1e"])
def test_json_in_lines(king: County, tmp_path: Path, suffix: str, mark: str) -> None:
    """Whatever the order of keys, the suffix, and the separators."""
    path = tmp_path / f"p.{suffix}"
    lines = [mark + json.dumps(one) + "\n" for one in features(3, geometry_first=True)]
    path.write_text("".join(lines) + "\n")
    files.load(king, "parcels", path)
    assert numbers() == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (lambda text: text[:-20], "line 3 is no whole JSON object .the file breaks off.. Ask for the file again"),
        (lambda text: text.replace('"1"', '"1'), "line 2 is no whole JSON object"),
        (lambda text: text + '{"a": 1}', "line 4 is no GeoJSON feature"),
        (lambda text: text[5:], r"p.geojsonl (is|cannot)"),
    ],
)
def test_broken_json_in_lines(king: County, tmp_path: Path, cut: Any, message: str) -> None:
    path = tmp_path / "p.geojsonl"
    path.write_text(cut("\n".join(map(json.dumps, features(3))) + "\n"))
    refused(king, path, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[: len(text) // 2], "is damaged: at character [0-9,]+ the file breaks off"),
        (lambda text: text[:-1], "the file breaks off"),
        (lambda text: text + "]", "text follows the end"),
        (lambda text: text.replace('"2"', '"2'), "is damaged: at character"),
        (lambda text: text.replace('Feature"', 'Thing"'), "cannot be loaded|not recognized"),
    ],
)
def test_a_broken_collection(king: County, tmp_path: Path, change: Any, message: str) -> None:
    path = tmp_path / "p.geojson"
    path.write_text(change(json.dumps({"type": "FeatureCollection", "features": features(4)})))
    refused(king, path, message)


def test_lines_that_are_no_rows(king: County, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    lines = [
        "parcel_number,owner_name",
        "---------,-----",
        "1,A",
        "",
        "2,B",
        "\u200b",
        "(2 rows affected)",
        "\x00\x00",
        "\x1a",
    ]
    path.write_text("\r\n".join(lines))
    report = files.load(king, "parcels", path)
    assert (numbers(), report["read"]) == (["1", "2"], 2)
    assert [note.split(" is left out")[0] for note in report["notes"]] == [
        "Line 2",
        "Line 6",
        "Line 7",
        "Line 8",
        "Line 9",
    ]


def test_rows_of_other_lengths_than_the_header(king: County, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('parcel_number,land_value,owner_name\n1,2,A\n2,250,000,B\n3,4\n4,"a "quoted" text",C\n5,6,"x, y"\n')
    report = files.load(king, "parcels", path, rejects=tmp_path / "r.csv")
    assert numbers() == ["1", "5"]
    assert report["refused"] == {"bad_quotes": 1, "field_count": 2}
    assert [(row["row"], row["key"], row["detail"]) for row in files.rejects(tmp_path / "r.csv")][1:] == [
        ("2", "2", "it has 4 fields, the header has 3"),
        ("3", "3", "it has 2 fields, the header has 3"),
    ]


def test_columns_of_one_name(king: County, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("parcel_number,owner_name,Owner_Name\n1,A,B\n")
    refused(king, path, "columns of the same name: owner_name, Owner_Name")


@pytest.mark.parametrize("suffix", [".txt", ".dsv", ".tab", ".psv", ".tsv", ".csv"])
@pytest.mark.parametrize("delimiter", ["|", "\t", ";"])
def test_delimited_text_of_any_suffix(king: County, tmp_path: Path, suffix: str, delimiter: str) -> None:
    path = tmp_path / f"roll{suffix}"
    path.write_text(f"parcel_number{delimiter}owner_name\n0001{delimiter}Smith, Ann\n")
    files.load(king, "parcels", path)
    parcel = PropertyOperational.objects.get()
    assert (parcel.parcel_number, parcel.owner_name) == ("0001", "Smith, Ann")


def shapefile(folder: Path, stem: str = "p") -> Path:
    """With a record that is marked as deleted."""
    path = files.write(folder / f"{stem}.shp", {"PIN": ["a", "b", "c"]}, [files.square(n) for n in range(3)])
    table = dbf(folder / "table.dbf", [("PIN", "C", 9)], [["a"], ["b"], ["c"]], deleted=1)
    table.replace(path.with_suffix(".dbf"))
    return path


def test_a_shapefile_with_a_deleted_record(king: County, tmp_path: Path) -> None:
    report = files.load(king, "parcels", shapefile(tmp_path), mapping=files.mapping(tmp_path, PINS))
    assert numbers() == ["a", "c"]
    assert report["notes"] == ["1 record marked as deleted left out."]
    first, last = (files.known(parcel.geometry).centroid.x for parcel in PropertyOperational.objects.order_by("id"))
    assert last > first


@pytest.mark.parametrize("said", [1, 9])
def test_a_shapefile_whose_table_says_another_count(king: County, tmp_path: Path, said: int) -> None:
    path = shapefile(tmp_path)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes()[:4] + struct.pack("<I", said) + table.read_bytes()[8:])
    report = files.load(king, "parcels", path, mapping=files.mapping(tmp_path, PINS))
    assert numbers() == ["a", "c"]
    assert report["notes"][0] == "The header of its .dbf file is out of date; all records are read."


def test_a_geopackage_whose_count_is_stale(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.gpkg", {"parcel_number": ["a", "b"]}, [files.square(n) for n in range(2)])
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_ogr_contents SET feature_count = 24")
    database.close()
    assert files.load(king, "parcels", path)["read"] == 2


@pytest.mark.parametrize("suffix", [".map", ".id", ".dat"])
def test_a_mapinfo_table_that_is_cut(king: County, tmp_path: Path, suffix: str) -> None:
    path = files.write(tmp_path / "z.tab", {"Z": ["R"] * 50}, [files.square(n) for n in range(50)])
    part = path.with_suffix(suffix)
    part.write_bytes(part.read_bytes()[: part.stat().st_size * 2 // 3])
    refused(king, path, f"z.tab is truncated: its {suffix} file has", layer="zones")
    assert not ReferenceFeature.objects.exists()


@pytest.mark.parametrize(("name", "options"), [("z.gml", {}), ("z.mif", {"driver": "MapInfo File", "FORMAT": "MIF"})])
def test_a_text_of_features_that_breaks_off(king: County, tmp_path: Path, name: str, options: Any) -> None:
    """GDAL takes the features up to there."""
    path = files.write(tmp_path / name, {"Z": ["R"] * 50}, [files.square(n) for n in range(50)], **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    refused(king, path, f"{name} is damaged", layer="zones")


def packed(path: Path, folder: Path, rename: Any, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for part in sorted(folder.iterdir()):
            archive.writestr(rename(part.name), part.read_bytes())
    return path


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"folder\\{name}",
        lambda name: name.replace("p.shp", "P.Shp").replace("p.dbf", "p.DBF"),
        lambda name: f"!odd {{name}}/{name.replace('p.', 'p!#{1}.')}",
    ],
)
def test_names_in_zips(king: County, tmp_path: Path, rename: Any) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    shapefile(folder)
    path = packed(tmp_path / "roll.zip", folder, rename)
    files.load(king, "parcels", path, mapping=files.mapping(tmp_path, PINS))
    assert numbers() == ["a", "c"]


def test_zips_in_zips_and_texts_beside_layers(king: County, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    shapes = [files.square(n) for n in range(2)]
    files.write(folder / "p.mif", {"PIN": ["a", "c"]}, shapes, driver="MapInfo File", FORMAT="MIF")
    (folder / "readme.txt").write_text("PIN\n1\n")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(packed(tmp_path / "inner.zip", folder, str), "inner.zip")
    files.load(king, "parcels", tmp_path / "outer.zip", mapping=files.mapping(tmp_path, PINS))
    assert numbers() == ["a", "c"]


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [(0, 1, "is encrypted. Unpack it with its password"), (2, 9, "is packed with Deflate64.*pack it again")],
)
def test_zips_that_cannot_be_unpacked(king: County, tmp_path: Path, offset: int, value: int, message: str) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("p.csv", "parcel_number\n1\n")
    raw = bytearray(path.read_bytes())
    for start in (6, raw.index(b"PK\x01\x02") + 8):  # the flags, and the method behind them
        raw[start + offset] = value
    path.write_bytes(raw)
    refused(king, path, message)


def test_a_name_that_gdal_reads_as_more_than_a_name(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.fgb", {"parcel_number": ["a"]}, [files.square()])
    files.load(king, "parcels", path.rename(tmp_path / "p!x.fgb"))
    assert numbers() == ["a"]


def test_what_gdal_warns_of_refuses_the_file_in_one_line(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "z.tab", {"Z": ["R"]}, [files.square()])
    path.write_bytes(path.read_bytes().replace(b"Neutral", b"Neutrax"))
    refused(king, path, "z.tab cannot be read exactly: ", layer="zones")
