"""Tables of odd values, not written by GDAL: each cell is stored as it is, or its row is refused with a reason."""

from __future__ import annotations

import csv
import datetime
import json
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terrafusion.records.models import County, PropertyOperational
from tests.records.loading import files
from tests.records.loading.test_own_text import dbf

COLUMNS = ("parcel_number", "situs_address", "land_value", "lot_area_sqft", "year_built", "as_of")
Row = tuple[Any, ...]
NUMBERS = st.one_of(
    st.integers(-(10**3), 10**18).map(str),
    st.decimals(0, 10**7, places=3).map(str),
    st.sampled_from(["1,234", "$5", "5%", "1e3", "12.5", "0.5", "2.5", "-7", "abc", "1,23", "00012", "1 000", "*"]),
)
DATES = st.one_of(
    st.dates(datetime.date(1600, 1, 1)).map(str),
    st.dates(datetime.date(1900, 1, 1)).map(lambda day: f"{day:%m/%d/%Y}"),
    st.dates(datetime.date(1900, 1, 1)).map(lambda day: f"{day:%Y%m%d}"),
    st.sampled_from(
        [
            "2024-02-30",
            "0000-00-00",
            "202411",
            "45296",
            "01/05/24",
            "2024-01-05 12:00",
            "2024-1-5x",
            "Jan 5",
            "20241345",
        ]
    ),
)
YEARS = st.one_of(st.integers(1490, 2030).map(str), st.sampled_from(["0", "99", "1990.0", "199O", "1,990"]))
KEYS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20),
    st.from_regex(r"\A[0-9]{1,20}\Z"),
    st.sampled_from(["00123", "1.23457E+11", "12E10", " 7 ", "a\u200bb", "\x1a", "---", "(3 rows)", "NULL", '"2"']),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
EMPTY = st.just("")
TABLES = st.lists(
    st.tuples(KEYS, TEXTS, NUMBERS | EMPTY, NUMBERS | EMPTY, YEARS | EMPTY, DATES | EMPTY),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0].strip(),
)


def write_csv(path: Path, rows: list[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    return path


def write_dbf(path: Path, rows: list[Row]) -> Path:
    fields = [("parcel_num", "C", 40), ("address", "C", 40), ("land", "N", 20), ("lot", "F", 20), ("year", "N", 8)]
    plain = [tuple(cell.encode("ascii", "replace").decode() for cell in row) for row in rows]
    cut = [tuple(cell[:width] for cell, width in zip(row, (40, 40, 20, 20, 8, 8), strict=True)) for row in plain]
    rows[:] = {row[0].strip(): row for row in cut}.values()  # keys that only "?" is left of may be alike
    return dbf(path, [*fields, ("as_of", "D", 8)], [list(row) for row in rows])


def write_geopackage(path: Path, rows: list[Row]) -> Path:
    """With numbers where the text is one: SQLite keeps what its columns' types do not promise."""
    kinds = ("TEXT", "TEXT", "BLOB", "BLOB", "BLOB", "BLOB")  # without affinity, so that cells stay as they are
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT)")
        database.execute("INSERT INTO gpkg_contents VALUES ('p', 'attributes')")
        declared = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, kinds, strict=True))
        database.execute(f"CREATE TABLE p ({declared})")
        database.executemany(
            "INSERT INTO p VALUES (?, ?, ?, ?, ?, ?)", [(*row[:2], *map(_typed, row[2:])) for row in rows]
        )
    return path


def _typed(cell: str) -> Any:
    if re.fullmatch(r"[1-9]\d{0,17}", cell):
        return int(cell)
    return float(cell) if re.fullmatch(r"[1-9]\d{0,5}\.\d{1,3}", cell) else cell or None


def write_geojson(path: Path, rows: list[Row]) -> Path:
    cells = [dict(zip(COLUMNS, (*row[:2], *map(_typed, row[2:])), strict=True)) for row in rows]
    features = [{"geometry": None, "properties": each, "type": "Feature"} for each in cells]
    path.write_text("\n".join(map(json.dumps, features)), encoding="utf-8")
    return path


WRITERS: dict[str, Callable[[Path, list[Row]], Path]] = {
    "csv": write_csv,
    "dbf": write_dbf,
    "gpkg": write_geopackage,
    "geojsonl": write_geojson,
}
MAPPING = '[fields]\nparcel_number = "parcel_num"\nsitus_address = "address"\nland_value = "land"\n'
MAPPING += 'lot_area_sqft = "lot"\nyear_built = "year"\n'


def number(text: str) -> Decimal | None:
    plain = re.sub(r"[$,]", "", text.strip())
    return Decimal(plain) if plain else None


def day(text: str) -> datetime.date | None:
    if not text.strip():
        return None
    parts = [int(part) for part in re.findall(r"\d+", text.split(" ")[0])]
    if len(parts) == 1 and len(text) == 8:
        parts = [int(text[:4]), int(text[4:6]), int(text[6:])]
    return datetime.date(parts[2], parts[0], parts[1]) if "/" in text else datetime.date(*parts)


@pytest.mark.parametrize("suffix", WRITERS)
@settings(
    max_examples=int(os.environ.get("CELLS_EXAMPLES", "5")), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=TABLES)
def test_each_cell_is_stored_or_its_row_refused(king: County, suffix: str, rows: list[Row]) -> None:
    PropertyOperational.objects.all().delete()
    refused: dict[int, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = WRITERS[suffix](Path(folder) / f"p.{suffix}", rows)
        options = {"mapping": files.mapping(Path(folder), MAPPING)} if suffix == "dbf" else {}
        report: dict[str, Any] = {"read": 0, "notes": []}
        with suppress(CommandError):  # where all rows are refused
            report = files.load(king, "parcels", path, rejects=Path(folder) / "r.csv", **options)
        if (Path(folder) / "r.csv").exists():
            refused = {int(row["row"]): row["reason"] for row in files.rejects(Path(folder) / "r.csv")}
    stored = {parcel.parcel_number: parcel for parcel in PropertyOperational.objects.all()}
    left_out = sum("left out, which is no row" in note for note in report["notes"])
    assert all(refused.values())
    assert len(stored) + len(refused) + left_out == len(rows) or not stored
    for key, address, land, lot, year, as_of in rows:
        if (parcel := stored.get(key.strip())) is None:
            continue
        assert parcel.situs_address == (address.rstrip(" ") if suffix == "dbf" else address)
        value = number(land)
        assert parcel.land_value == (None if value is None else int(value.quantize(Decimal(1), ROUND_HALF_UP)))
        area = number(lot)
        assert parcel.lot_area_sqft == (None if area is None else float(area))
        assert parcel.year_built == (int(number(year) or 0) or None)
        assert parcel.as_of == day(as_of)
