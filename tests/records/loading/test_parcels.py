"""Parcels out of real files of several formats, through the command, into rows."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely
from django.contrib.gis.geos import Point

from terrafusion.records.loading.targets import PARCEL_TARGETS, SALE_TARGETS, Target
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, Sale
from tests.records.loading import files

ROWS = {
    "parcel_number": ["0001", "0002", "0003"],
    "use_code": [101, 101, 130],
    "lot_area_sqft": [10_000.0, 10_000.5, None],
    "year_built": pa.array([1954, 0, None], pa.int32()),
    "land_value": [300_000, 310_000, None],
    "tax_year": pa.array([2024, 2024, 2024], pa.int32()),
}
SHORT = {  # the ten characters that a Shapefile allows
    "PARCEL": ROWS["parcel_number"],
    "USE": ROWS["use_code"],
    "LOT": ROWS["lot_area_sqft"],
    "BUILT": ROWS["year_built"],
    "LAND": ROWS["land_value"],
    "TAXYEAR": ROWS["tax_year"],
}
SHORT_MAPPING = """
[fields]
parcel_number = "PARCEL"
use_code = "use"
lot_area_sqft = "LOT"
year_built = "BUILT"
land_value = "LAND"
tax_year = "TAXYEAR"
"""


def _shapes() -> list[Any]:
    return [files.square(number) for number in range(3)]


def _lonlat() -> list[Any]:
    """The same squares, drawn in lon/lat round the place where PROJ puts the first."""
    return [shapely.box(-122.33 + n * 0.001, 47.6, -122.3295 + n * 0.001, 47.6005) for n in range(3)]


def _check_rows(county: County) -> None:
    first, second, third = PropertyOperational.objects.filter(county=county).order_by("parcel_number")
    assert [first.parcel_number, second.parcel_number, third.parcel_number] == ["0001", "0002", "0003"]
    assert (first.use_code, first.lot_area_sqft, first.year_built, first.land_value) == ("101", 10_000, 1954, 300_000)
    assert second.year_built is None  # 0 means unknown
    assert (third.lot_area_sqft, third.land_value, third.owner_name) == (None, None, "")
    for parcel in (first, second, third):
        outline = files.known(parcel.geometry)
        assert (outline.geom_type, outline.srid) == ("MultiPolygon", 4326)
        assert -123 < outline.centroid.x < -122
        assert 47 < outline.centroid.y < 48
        assert outline.contains(files.known(parcel.point))
    assert [entry.total_value for entry in PropertyValueHistory.objects.all()] == [None, None]
    history = PropertyValueHistory.objects.get(property=first)
    assert (history.tax_year, history.effective_date, history.land_value) == (2024, datetime.date(2024, 1, 1), 300_000)


@pytest.mark.parametrize("name", ["p.gpkg", "p.geojson", "p.fgb", "p.gml"])
def test_formats_with_full_names(king: County, tmp_path: Path, name: str) -> None:
    lonlat = name == "p.geojson"
    options = {"SPATIAL_INDEX": "NO"} if name == "p.fgb" else {}
    path = files.write(
        tmp_path / name, ROWS, _lonlat() if lonlat else _shapes(), crs="EPSG:4326" if lonlat else "EPSG:2926", **options
    )
    report = files.load(king, "parcels", path)
    assert (report["read"], report["inserted"], report["refused"]) == (3, 3, {})
    _check_rows(king)


@pytest.mark.parametrize("kind", ["plain", "zipped", "zipped in a folder"])
def test_shapefile(king: County, tmp_path: Path, kind: str) -> None:
    path = files.write(tmp_path / "parcels.shp", SHORT, _shapes())
    if kind != "plain":
        zipped = tmp_path / "county roll.zip"
        with zipfile.ZipFile(zipped, "w") as archive:
            for part in tmp_path.glob("parcels.*"):
                archive.write(part, f"2024/{part.name}" if "folder" in kind else part.name)
        path = zipped
    report = files.load(king, "parcels", path, mapping=files.mapping(tmp_path, SHORT_MAPPING))
    assert report["inserted"] == 3
    _check_rows(king)


def test_kml(king: County, tmp_path: Path) -> None:
    path = files.write(
        tmp_path / "p.kml", {"Name": ["0001", "0002"]}, _lonlat()[:2], crs="EPSG:4326", driver="LIBKML", layer="p"
    )
    report = files.load(king, "parcels", path, mapping=files.mapping(tmp_path, '[fields]\nparcel_number = "Name"'))
    assert report["inserted"] == 2
    assert files.known(PropertyOperational.objects.get(parcel_number="0001").geometry).area == pytest.approx(0.0005**2)


def test_csv_with_coordinates(king: County, tmp_path: Path) -> None:
    rows = [
        {"parcel_number": " 0001 ", "Assessed": "$1,234,567", "lon": "-122.33", "lat": "47.6", "acres": "0.5"},
        {"parcel_number": "0002", "Assessed": "", "lon": "", "lat": "", "acres": "n/a"},
    ]
    path = files.write_csv(tmp_path / "roll.csv", rows)
    described = """
crs = 4326
[fields]
total_value = "Assessed"
lot_area_sqft = { column = "acres", unit = "acre", null = ["n/a"] }
tax_year = { value = 2023 }
use_code = { value = "R" }
[point]
x = "lon"
y = "lat"
"""
    report = files.load(
        king, "parcels", path, mapping=files.mapping(tmp_path, described), as_of=datetime.date(2023, 7, 1)
    )
    assert report["inserted"] == 2
    first = PropertyOperational.objects.get(parcel_number="0001")
    assert (first.total_value, first.lot_area_sqft, first.use_code, first.geometry) == (1_234_567, 21_780, "R", None)
    assert files.known(first.point).equals_exact(Point(-122.33, 47.6, srid=4326), 1e-9)
    assert (first.source, first.as_of) == ("roll.csv", datetime.date(2023, 7, 1))
    assert PropertyOperational.objects.get(parcel_number="0002").lot_area_sqft is None
    assert PropertyValueHistory.objects.get().effective_date == datetime.date(2023, 7, 1)


def test_a_table_without_geometry_leaves_outlines_and_other_columns_alone(king: County, tmp_path: Path) -> None:
    files.load(king, "parcels", files.write(tmp_path / "p.gpkg", ROWS, _shapes()))
    before = PropertyOperational.objects.get(parcel_number="0001")
    roll = files.write_csv(tmp_path / "roll.csv", [{"PARCEL_NUMBER": "0001", "land_value": "400000"}])
    report = files.load(king, "parcels", roll, source="New roll")
    after = PropertyOperational.objects.get(parcel_number="0001")
    assert (report["updated"], report["inserted"]) == (1, 0)
    assert (after.land_value, after.source, after.year_built) == (400_000, "New roll", 1954)
    assert after.geometry == before.geometry
    assert after.updated_at >= before.updated_at
    assert PropertyOperational.objects.count() == 3


def test_a_second_run_changes_nothing(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.gpkg", ROWS, _shapes())
    files.load(king, "parcels", path)
    before = list(PropertyOperational.objects.order_by("id").values())
    report = files.load(king, "parcels", path)
    assert (report["inserted"], report["updated"], report["unchanged"], report["values_recorded"]) == (0, 0, 3, 0)
    assert list(PropertyOperational.objects.order_by("id").values()) == before


def test_only_what_differs_is_updated(king: County, tmp_path: Path) -> None:
    files.load(king, "parcels", files.write(tmp_path / "p.gpkg", ROWS, _shapes()))
    changed = {**ROWS, "land_value": [300_000, 999_000, None]}
    report = files.load(king, "parcels", files.write(tmp_path / "p.gpkg", changed, _shapes()))
    assert (report["updated"], report["unchanged"], report["values_recorded"]) == (1, 2, 1)
    assert PropertyOperational.objects.get(parcel_number="0002").land_value == 999_000
    assert PropertyValueHistory.objects.get(property__parcel_number="0002").land_value == 999_000


def test_the_same_number_in_two_counties(king: County, other_county: County, tmp_path: Path) -> None:
    files.load(king, "parcels", files.write(tmp_path / "p.gpkg", ROWS, _shapes()))
    report = files.load(other_county, "parcels", files.write_csv(tmp_path / "p.csv", [{"parcel_number": "0001"}]))
    assert report["inserted"] == 1
    assert PropertyOperational.objects.filter(parcel_number="0001").count() == 2


def test_dry_run_reports_and_keeps_nothing(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.gpkg", ROWS, _shapes())
    report = files.load(king, "parcels", path, dry_run=True, rejects=tmp_path / "rejects.csv")
    assert (report["dry_run"], report["inserted"], report["values_recorded"]) == (True, 3, 2)
    assert not PropertyOperational.objects.exists()
    assert not PropertyValueHistory.objects.exists()
    assert files.rejects(tmp_path / "rejects.csv") == []


def test_merge_of_lots_with_several_shapes(king: County, tmp_path: Path) -> None:
    columns = {"parcel_number": ["7", "7", "8"], "use_code": ["first", "second", "other"]}
    path = files.write(tmp_path / "p.gpkg", columns, _shapes())
    described = files.mapping(tmp_path, 'duplicates = "merge"')
    report = files.load(king, "parcels", path, mapping=described, rejects=tmp_path / "rejects.csv")
    assert (report["inserted"], report["merged"], report["refused"]) == (2, 1, {})
    rejects = [(row["row"], row["key"], row["outcome"]) for row in files.rejects(tmp_path / "rejects.csv")]
    assert rejects == [("2", "7", "merged")]
    seven = PropertyOperational.objects.get(parcel_number="7")
    assert (len(files.known(seven.geometry)), seven.use_code) == (2, "first")
    assert files.load(king, "parcels", path, mapping=tmp_path / "mapping.toml")["unchanged"] == 2


def test_a_lot_of_which_a_part_is_refused_is_left_as_it_is(king: County, tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "parcel_number": ["7", "7", "8"],
        "year_built": [1990, 99, 1990],
        "land_value": [5, 6, 7],
    }
    path = files.write(tmp_path / "p.gpkg", columns, _shapes())
    described = files.mapping(tmp_path, 'duplicates = "merge"')
    report = files.load(king, "parcels", path, mapping=described)
    assert (report["inserted"], report["refused"]) == (1, {"bad_year": 1, "incomplete": 1})
    assert report["left_out"] == {"land_value": 11}


@pytest.mark.parametrize(("layer", "fields"), [("parcels", PARCEL_TARGETS), ("sales", SALE_TARGETS)])
def test_the_examples_of_the_reference_are_loaded(
    king: County, tmp_path: Path, layer: str, fields: dict[str, Target]
) -> None:
    path = files.write_csv(tmp_path / "x.csv", [{name: field.example for name, field in fields.items()}])
    report = files.load(king, layer, path)
    assert (report["inserted"], report["nulled"], report["unused"]) == (1, {}, [])
    record: Any = {"parcels": PropertyOperational, "sales": Sale}[layer]
    stored = record.objects.values(*fields).get()
    assert [name for name, value in stored.items() if value in (None, "")] == []
