"""``manage.py inspect``: what is in a file, and a first mapping that can be loaded with."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from django.core.management import CommandError, call_command
from shapely.geometry import box

from terrafusion.records.models import County, PropertyOperational, Sale

ROLL = [
    # PIN, OWNER1, SITE_ADDR, GIS_ACRES, YRBLT, IMP_VAL, SOLD, lon, lat, EMPTY
    ("00123", "Ada Personal", "1 Main St", "0.5", "1950", "100000", "31.12.2023", "-122.30", "47.50", ""),
    ("00124", "Bob Personal", "2 Main St", "1", "1961", "-5", "01.02.2024", "-122.31", "47.51", ""),
    ("00125", "Cyd Personal", "3 Main St", "2.25", "2001", "7", "15.03.2024", "-122.32", "47.52", " "),
]
HEADER = ("PIN", "OWNER1", "SITE_ADDR", "GIS_ACRES", "YRBLT", "IMP_VAL", "SOLD", "lon", "lat", "EMPTY")


def inspected(path: Path, **options: Any) -> str:
    out = io.StringIO()
    call_command("inspect", path, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    path = tmp_path / "roll.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([HEADER, *ROLL])
    return path


def test_columns_are_described_and_people_are_not_shown(roll: Path) -> None:
    report = inspected(roll)
    assert "roll.csv, layer roll: 3 rows, no geometry" in report
    assert "Different in every row: PIN, " in report
    lines = {line.split()[0]: line for line in report.splitlines() if line.startswith("  ")}
    assert "text, 3 rows with a value, 3 different, such as '00123', '00124', '00125'" in lines["PIN"]
    assert "real, 3 rows with a value" in lines["GIS_ACRES"]
    assert "from 0.5 to 2.25" in lines["GIS_ACRES"]
    assert "0 rows with a value" in lines["EMPTY"]
    assert "3 rows without" in lines["EMPTY"]
    assert "OWNER1" in lines
    assert "Personal" not in report


def test_the_mapping_that_is_written_loads_the_file(king: County, roll: Path, tmp_path: Path) -> None:
    written = tmp_path / "roll.toml"
    inspected(roll, layer="parcels", mapping=written)
    text = written.read_text()
    assert 'lot_area_sqft = { column = "GIS_ACRES", unit = "acre" }' in text
    assert 'improvement_value = { column = "IMP_VAL", on_error = "null" }' in text
    assert "#   SOLD: text" in text
    assert "Personal" not in text
    call_command("load_layer", "KING", "parcels", roll, mapping=written, verbosity=0, stdout=io.StringIO())
    parcel = PropertyOperational.objects.get(parcel_number="00124")
    assert (parcel.situs_address, parcel.owner_name, parcel.lot_area_sqft) == ("2 Main St", "Bob Personal", 43_560)
    assert (parcel.year_built, parcel.improvement_value) == (1961, None)
    assert parcel.point is not None
    assert parcel.point.coords == (-122.31, 47.51)


def test_dates_that_need_a_format_get_it(king: County, tmp_path: Path) -> None:
    path, written = tmp_path / "sold.csv", tmp_path / "sold.toml"
    path.write_text("instrument,pin,sale_date,price,multi\nA1,00123,31.12.2023,250000,0\nA2,00124,01.02.2024,1,1\n")
    inspected(path, layer="sales", mapping=written)
    assert 'sale_date = { column = "sale_date", format = "%d.%m.%Y" }' in written.read_text()
    call_command("load_layer", "KING", "sales", path, mapping=written, verbosity=0, stdout=io.StringIO())
    assert sorted(Sale.objects.values_list("sale_id", "sale_date__month", "multi_parcel")) == [
        ("A1", 12, False),
        ("A2", 2, True),
    ]


def test_layers_of_a_file_and_a_reference_layer(king: County, tmp_path: Path) -> None:
    path = tmp_path / "city.gpkg"
    zones = gpd.GeoDataFrame(
        {"CODE": ["R-1", "C-2"], "APPLICANT": ["Ada Personal", None], "VOID": [None, None]},
        geometry=[box(-122.3, 47.5, -122.2, 47.6), box(-122.2, 47.5, -122.1, 47.6)],
        crs=4326,
    )
    zones.to_file(path, layer="zones")
    zones[["CODE", "geometry"]].to_crs(2926).to_file(path, layer="other")
    layers = {layer["layer"]: layer for layer in json.loads(inspected(path, json=True))["layers"]}
    assert set(layers) == {"zones", "other"}
    assert layers["other"]["crs"].startswith("EPSG:2926 ")
    assert layers["other"]["bounds"] == pytest.approx([-122.3, 47.5, -122.1, 47.6], abs=0.01)
    written = tmp_path / "zones.toml"
    with pytest.raises(CommandError, match="several layers; name one with --source-layer: zones, other"):
        inspected(path, layer="zoning", mapping=written)
    inspected(path, layer="zoning", mapping=written, source_layer="zones")
    text = written.read_text()
    assert 'key = "CODE"' in text
    assert 'personal = ["APPLICANT"]' in text
    assert 'drop = ["VOID"]' in text
    out = io.StringIO()
    call_command("load_layer", "KING", "zoning", path, mapping=written, verbosity=0, stdout=out)
    assert "2 read, 2 inserted" in out.getvalue()


def test_what_is_there_is_not_written_over(roll: Path, tmp_path: Path) -> None:
    written = tmp_path / "mine.toml"
    written.write_text("mine")
    with pytest.raises(CommandError, match="is left as it is"):
        inspected(roll, layer="parcels", mapping=written)
    with pytest.raises(CommandError, match="Give --mapping and --layer together"):
        inspected(roll, layer="parcels")
    assert written.read_text() == "mine"


def test_texts_in_another_encoding_are_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("pin,street\n1,Cañon Rd\n2,Main St\n".encode("cp1252"))
    try:
        report = inspected(path)
    except CommandError as error:
        report = str(error)
    assert "cp1252" in report
    assert "Cañon Rd" in inspected(path, encoding="cp1252")
