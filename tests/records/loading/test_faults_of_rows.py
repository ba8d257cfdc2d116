"""Rows that break a rule: refused, nulled, cut or repaired, each told with its reason."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import shapely
from django.core.management.base import CommandError

from terrafusion.records.models import County, CountySettings, PropertyOperational, Sale
from tests.records.loading import files


def _row(number: str, **values: Any) -> dict[str, Any]:
    blank = {
        "owner_name": "",
        "living_area_sqft": "",
        "land_value": "",
        "year_built": "",
        "bedrooms": "",
        "situs_city": "",
    }
    return {"parcel_number": number, **blank, **values}


ROWS = [
    _row("1", living_area_sqft="1500", land_value="100000.4", year_built="0", bedrooms="3"),
    _row(""),
    _row("2", land_value="-5"),
    _row("3", living_area_sqft="-1"),
    _row("4", year_built="12"),
    _row("5", bedrooms="2.5"),
    _row("6", land_value="a lot"),
    _row("7", owner_name="O" * 151),
    _row("8", living_area_sqft="1e999"),
    _row("9", bedrooms="70000"),
    _row("1", land_value="7"),
    _row("10", situs_city="Sea\ttle\\N"),
]


def test_each_refused_row_has_its_reason(king: County, tmp_path: Path) -> None:
    path = files.write_csv(tmp_path / "roll.csv", ROWS)
    report = files.load(king, "parcels", path, rejects=tmp_path / "rejects.csv")
    rejects = {(row["row"], row["reason"]) for row in files.rejects(tmp_path / "rejects.csv")}
    assert rejects == {
        ("2", "missing"),
        ("3", "negative"),
        ("4", "negative"),
        ("5", "bad_year"),
        ("6", "bad_number"),
        ("7", "bad_number"),
        ("8", "too_long"),
        ("9", "bad_number"),
        ("10", "bad_number"),
        ("11", "duplicate"),
    }
    assert report["refused"] == dict(Counter(reason for _, reason in rejects))
    assert report["read"] == 12
    assert set(PropertyOperational.objects.values_list("parcel_number", flat=True)) == {"1", "10"}
    assert PropertyOperational.objects.get(parcel_number="1").land_value == 100_000
    assert PropertyOperational.objects.get(parcel_number="10").situs_city == "Sea\ttle\\N"


def test_rejects_do_not_copy_personal_data(king: County, tmp_path: Path) -> None:
    path = files.write_csv(tmp_path / "roll.csv", [_row("1"), _row("7", owner_name="Jane Roe " * 20)])
    files.load(king, "parcels", path, rejects=tmp_path / "rejects.csv")
    text = (tmp_path / "rejects.csv").read_text()
    assert "too_long" in text
    assert "Jane" not in text


def test_on_error_null_and_truncate(king: County, tmp_path: Path) -> None:
    path = files.write_csv(tmp_path / "roll.csv", [_row("1", land_value="-5", owner_name="ö" * 160, year_built="12")])
    described = """
[fields]
land_value = { column = "land_value", on_error = "null" }
year_built = { column = "year_built", on_error = "null" }
owner_name = { column = "owner_name", on_error = "truncate" }
"""
    report = files.load(
        king, "parcels", path, mapping=files.mapping(tmp_path, described), rejects=tmp_path / "rejects.csv"
    )
    assert report["nulled"] == {"land_value negative": 1, "year_built bad_year": 1}
    assert report["truncated"] == {"owner_name too_long": 1}
    parcel = PropertyOperational.objects.get()
    assert (parcel.land_value, parcel.year_built, parcel.owner_name) == (None, None, "ö" * 150)
    assert {row["outcome"] for row in files.rejects(tmp_path / "rejects.csv")} == {"nulled", "truncated"}


def test_invalid_geometry_is_repaired_or_refused(king: County, tmp_path: Path) -> None:
    flat = shapely.Polygon([(files.X, files.Y), (files.X + 100, files.Y), (files.X, files.Y), (files.X, files.Y)])
    shapes = [files.square(0), files.bowtie(1), flat, None, shapely.Polygon()]
    path = files.write(tmp_path / "p.gpkg", {"parcel_number": ["ok", "bow", "flat", "none", "empty"]}, shapes)
    report = files.load(king, "parcels", path, rejects=tmp_path / "rejects.csv")
    assert (report["repaired"], report["refused"]) == (1, {"invalid_geometry": 1})
    rejects = {row["key"]: (row["outcome"], row["reason"]) for row in files.rejects(tmp_path / "rejects.csv")}
    assert rejects == {"bow": ("repaired", "invalid_geometry"), "flat": ("refused", "invalid_geometry")}
    bow = files.known(PropertyOperational.objects.get(parcel_number="bow").geometry)
    assert bow.valid
    assert bow.geom_type == "MultiPolygon"
    for number in ("none", "empty"):
        assert PropertyOperational.objects.get(parcel_number=number).geometry is None


def test_wrong_type_and_places_off_the_county(king: County, tmp_path: Path) -> None:
    shapes = [files.square(0), shapely.Point(files.X, files.Y), shapely.box(-122.3, 47.6, -122.2, 47.7)]
    path = files.write(
        tmp_path / "p.gpkg", {"parcel_number": ["1", "2", "3"]}, shapes, geometry_type="Unknown", crs="EPSG:2926"
    )
    report = files.load(king, "parcels", path)
    # Degrees that are taken for feet lie far outside Washington.
    assert report["refused"] == {"wrong_geometry_type": 1, "outside_area": 1}


def test_swapped_axes_are_refused(king: County, tmp_path: Path) -> None:
    swapped = [shapely.box(47.6, -122.3, 47.7, -122.2)]
    path = files.write(tmp_path / "p.geojson", {"parcel_number": ["1"]}, swapped, crs="EPSG:4326")
    with pytest.raises(
        CommandError, match=r"Of 1 row of p.geojson none was accepted, .*: outside_area 1 \(row 1: it would lie"
    ):
        files.load(king, "parcels", path)


def test_sales_with_bad_dates_and_prices(king: County, tmp_path: Path) -> None:
    def sale(number: str, date: str, price: str) -> dict[str, str]:
        return {"sale_id": number, "parcel_number": "1", "sale_date": date, "sale_price": price}

    rows = [
        sale("iso", "2015-02-28", "350000"),
        sale("us", "2/8/2015", "$350,000"),
        sale("plain", "20150208", "1"),
        sale("midnight", "2/8/2015 0:00:00", "1"),
        sale("moment", "2015-02-08T13:30:00Z", "1"),
        sale("no such day", "2015-02-30", "1"),
        sale("ahead", "2999-01-01", "1"),
        sale("no date", "", "1"),
        sale("no price", "2015-02-28", ""),
        sale("negative", "2015-02-28", "-1"),
        sale("", "2015-02-28", "1"),
    ]
    path = files.write_csv(tmp_path / "sales.csv", rows)
    report = files.load(king, "sales", path, rejects=tmp_path / "rejects.csv")
    assert {row["key"]: row["reason"] for row in files.rejects(tmp_path / "rejects.csv")} == {
        "no such day 1": "bad_date",
        "ahead 1": "bad_date",
        "no date 1": "missing",
        "no price 1": "missing",
        "negative 1": "negative",
        " 1": "missing",
    }
    assert report["examples"]["bad_date"] == "row 6: sale_date: '2015-02-30'"
    assert report["inserted"] == 5
    assert {str(sale.sale_date) for sale in Sale.objects.all()} == {"2015-02-28", "2015-02-08"}


def test_a_sale_of_tomorrow_is_refused_by_the_countys_own_day(king: County, tmp_path: Path) -> None:
    row = {"sale_id": "1", "parcel_number": "1", "sale_date": "2026-01-01", "sale_price": "1"}
    path = files.write_csv(tmp_path / "sales.csv", [row, {**row, "sale_id": "2", "sale_date": "2025-12-31"}])
    evening = datetime.datetime(2026, 1, 1, 3, 0, tzinfo=datetime.UTC)
    with mock.patch("django.utils.timezone.now", return_value=evening):
        # Without settings the day is that of the county's state.
        assert files.load(king, "sales", path, dry_run=True)["refused"] == {"bad_date": 1}
        CountySettings.objects.create(county=king, time_zone="Pacific/Guam")
        assert files.load(king, "sales", path)["refused"] == {}


def test_a_state_in_the_zone_of_one_county_is_let_in_on_purpose(king: County, tmp_path: Path) -> None:
    """Washington's south lies outside the area of its north zone; what is not on the earth stays out."""
    anywhere = files.mapping(tmp_path, "anywhere = true\n")
    places = shapely.points([(files.X, files.Y), (files.X, files.Y - 1_200_000)])
    path = files.write(tmp_path / "p.gpkg", {"N": [1, 2]}, places, geometry_type="Point")
    assert files.load(king, "places", path)["refused"] == {"outside_area": 1}
    report = files.load(king, "places", path, mapping=anywhere)
    assert (report["inserted"] + report["unchanged"], report["altered"]) == (2, {"outside_area": 1})
    points = shapely.points([(-122, 47), (-122, 95)])
    path = files.write(tmp_path / "p.geojson", {"N": [1, 2]}, points, geometry_type="Point", crs="EPSG:4326")
    assert files.load(king, "places", path, mapping=anywhere)["refused"] == {"outside_area": 1}
