"""Files that offices have beside those of GIS: feature sets, drawings, tables with titles, memos."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import ezdxf
import openpyxl
import pytest
from django.core.management.base import CommandError
from openpyxl.worksheet.worksheet import Worksheet

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature
from tests.records.loading import files
from tests.records.loading.test_own_text import PINS, dbf, parcels


def esri(path: Path, **more: Any) -> Path:
    """A feature set with a date, a hole that comes before its ring, and a ring that is not closed."""
    outer = [[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]]
    hole = [[3, 3], [6, 3], [6, 6], [3, 6], [3, 3]]
    at = [[[files.X + x, files.Y + y] for x, y in ring] for ring in (hole, outer, [[20, 0], [20, 9], [29, 9]])]
    rows = [
        {"attributes": {"PIN": "00123456789012345678", "SOLD": -86_400_000}, "geometry": {"rings": at}},
        {"attributes": {"PIN": "2", "SOLD": None}, "geometry": {"rings": []}},
        {"attributes": {"PIN": "3", "SOLD": 1}, "geometry": {"curveRings": [[[0, 0], {"c": [[3, 3], [1, 4]]}]]}},
    ]
    fields = [{"name": "PIN", "type": "esriFieldTypeString"}, {"name": "SOLD", "type": "esriFieldTypeDate"}]
    about = {"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 102748, "latestWkid": 2926}}
    path.write_text(json.dumps({**about, "fields": fields, "features": rows, **more}, indent=2))
    return path


def test_a_feature_set_of_an_arcgis_server(king: County, tmp_path: Path) -> None:
    report = files.load(king, "zones", esri(tmp_path / "zones.json", exceededTransferLimit=True))
    first, second = ReferenceFeature.objects.order_by("id")
    assert first.attributes == {"PIN": "00123456789012345678", "SOLD": "1969-12-31T00:00:00+00:00"}
    assert second.geometry is None
    shape = files.known(first.geometry)
    assert [len(part) for part in shape] == [2, 1]  # rings
    assert (report["refused"], report["altered"]) == ({"invalid_geometry": 1}, {"unclosed_ring": 1})
    assert "The server left out rows beyond its limit" in report["notes"][0]


def test_a_drawing_of_another_office(king: County, tmp_path: Path) -> None:
    drawing = ezdxf.new("R2010")
    space = drawing.modelspace()
    corners = [(files.X, files.Y), (files.X + 90, files.Y), (files.X + 90, files.Y + 90)]
    space.add_lwpolyline(corners, close=True, dxfattribs={"layer": "LOTS"})
    space.add_lwpolyline([(*corners[0], 0, 0, 1.0), (*corners[1], 0, 0, 0)], close=True, dxfattribs={"layer": "LOTS"})
    space.add_circle(corners[0], 5, dxfattribs={"layer": "LOTS"})
    space.add_line(corners[0], corners[1], dxfattribs={"layer": "ROADS"})
    path = tmp_path / "plat.dxf"
    drawing.saveas(path)
    with pytest.raises(CommandError, match=r"several layers; name one with --source-layer: LOTS, ROADS"):
        files.load(king, "lots", path, crs=files.STATE_PLANE)
    report = files.load(king, "lots", path, crs=files.STATE_PLANE, source_layer="LOTS")
    assert (report["inserted"], report["altered"]) == (2, {"curve": 1})
    assert report["notes"] == ["Left out, as neither lines nor points: 1 CIRCLE."]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CommandError, match=r"plat\.dxf is damaged: it breaks off"):
        files.load(king, "lots", path, crs=files.STATE_PLANE, source_layer="LOTS")


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Roll of 2024;;\n\nprinted 2024-01-05;;\nparcel_number;situs_city;land_value\n007;Oak;1,234\n", ""),
        ("Roll of 2024\nparcel_number#situs_city#land_value\n007#Oak#1,234\n", "#"),
    ],
)
def test_titles_above_delimited_text(king: County, tmp_path: Path, text: str, delimiter: str) -> None:
    path = tmp_path / "roll.csv"
    path.write_text(text)
    options = {"mapping": files.mapping(tmp_path, f'delimiter = "{delimiter}"\n')} if delimiter else {}
    report = files.load(king, "parcels", path, **options)
    assert parcels() == [("007", 1234)]
    assert report["notes"] == ["What stands above the header is left out: 'Roll of 2024'."]


def test_a_short_header_is_no_title(king: County, tmp_path: Path) -> None:
    path = tmp_path / "roll.csv"
    path.write_text("parcel_number,owner_name\n1,Smith, Ann\n2,Jones, Bo\n")
    with pytest.raises(CommandError, match=r"none was accepted.*field_count 2"):
        files.load(king, "parcels", path)


@pytest.mark.parametrize("line", ['delimiter = "ab"', "guarded = 1"])
def test_what_a_mapping_cannot_say_of_text(king: County, tmp_path: Path, line: str) -> None:
    path = files.write_csv(tmp_path / "roll.csv", [{"parcel_number": "1"}])
    with pytest.raises(CommandError, match=f"mapping.toml is not right: {line.split(' ')[0]} is"):
        files.load(king, "parcels", path, mapping=files.mapping(tmp_path, line + "\n"))


def test_moments_and_characters_of_a_workbook(king: County, tmp_path: Path) -> None:
    """To the microsecond, where the cell has so many digits; what XML cannot hold as the standard writes it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["parcel_number", "situs_address", "as_of"])
    sheet.append(["1", "a_x000D_\nb_x005F_x0041_", "2024-01-05"])
    book.save(tmp_path / "p.xlsx")
    files.load(king, "parcels", tmp_path / "p.xlsx")
    assert PropertyOperational.objects.get().situs_address == "a\r\nb_x0041_"


@pytest.mark.parametrize(("suffix", "version"), [(".dbt", 3), (".dbt", 4), (".fpt", 0)])
def test_memos_of_a_dbf(king: County, tmp_path: Path, suffix: str, version: int) -> None:
    memos = {3: b"?".ljust(512, b"?") + b"lot 1\r\nblock 2\x1a\x1a".ljust(512), 4: struct.pack("<20xH490x", 512)}
    memos[4] += struct.pack("<4sI", b"\xff\xff\x08\x00", 22) + b"lot 1\r\nblock 2"
    memos[0] = struct.pack(">4xHH504x", 0, 512) + struct.pack(">II", 1, 14) + b"lot 1\r\nblock 2"
    path = dbf(tmp_path / "p.dbf", [("PIN", "C", 9), ("LEGAL", "M", 10)], [["a", "         1"], ["b", ""]])
    path.write_bytes(bytes([{3: 0x83, 4: 0x8B, 0: 0xF5}[version]]) + path.read_bytes()[1:])
    described = files.mapping(tmp_path, PINS + 'situs_address = "LEGAL"\n')
    with pytest.raises(CommandError, match=r"The texts of LEGAL are in a \.dbt or \.fpt file beside p\.dbf"):
        files.load(king, "parcels", path, mapping=described)
    path.with_suffix(suffix).write_bytes(memos[version])
    files.load(king, "parcels", path, mapping=described)
    stored = PropertyOperational.objects.order_by("id").values_list("parcel_number", "situs_address")
    assert list(stored) == [("a", "lot 1\r\nblock 2"), ("b", "")]
    path.with_suffix(suffix).write_bytes(memos[version][:520])
    with pytest.raises(CommandError, match=rf"p\{suffix} is damaged: it has no memo in its block 1"):
        files.load(king, "parcels", path, mapping=described)
