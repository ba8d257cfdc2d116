"""The indexes that we put into GeoPackage and FlatGeobuf files, asked by SQLite and by another GDAL."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pyarrow as pa
import pyogrio.raw
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis_export.formats import boxes as boxes_module
from gis_export.formats import flatgeobuf_index, geopackage_index
from gis_export.formats.boxes import Boxes

TABLE, GEOMETRY, KEY = 'lots of "Q\'s"', 'the "geom"', "fid"
Corners = np.ndarray[Any, np.dtype[np.float64]]


def random_boxes(count: int, seed: int = 1, missing: float = 0.0) -> Corners:
    """Homes in towns, as xmin, ymin, xmax, ymax; NaN where one is missing."""
    random = np.random.default_rng(seed)
    towns = random.uniform(-1000, 1000, (4, 2))
    low = towns[random.integers(0, 4, count)] + random.normal(0, 30, (count, 2))
    corners = np.hstack([low, low + random.uniform(0.01, 3, (count, 2))])
    corners[random.random(count) < missing] = np.nan
    return corners


def sent(corners: Corners) -> pa.Array:
    """As PostgreSQL sends boxes."""
    rows = corners[:, [2, 3, 0, 1]].astype(">f8")
    return pa.array([None if np.isnan(row[0]) else row.tobytes() for row in rows], pa.binary())


def write(path: Path, corners: Corners, driver: str, **options: str) -> None:
    shapes = [None if np.isnan(row[0]) else shapely.to_wkb(shapely.box(*row)) for row in corners]
    table = pa.table({GEOMETRY: pa.array(shapes, pa.binary()), "number": pa.array(range(len(corners)), pa.int64())})
    pyogrio.raw.write_arrow(
        table, path, TABLE, driver, geometry_name=GEOMETRY, geometry_type="Polygon", crs="EPSG:2926", **options
    )


def indexed(folder: Path, corners: Corners, driver: str) -> Path:
    """A file whose index is ours. Boxes come in batches of 100."""
    path = folder / ("lots.gpkg" if driver == "GPKG" else "lots.fgb")
    path.unlink(missing_ok=True)
    options = {"GEOMETRY_NAME": GEOMETRY, "FID": KEY} if driver == "GPKG" else {}
    write(path, corners, driver, SPATIAL_INDEX="NO", **options)
    with Boxes(folder) as boxes:
        column = sent(corners)
        for first in range(0, len(column), 100):
            boxes.add(column[first : first + 100])
        if driver == "GPKG":
            geopackage_index.add_index(path, TABLE, GEOMETRY, KEY, boxes)
        else:
            flatgeobuf_index.add_index(path, boxes)
    return path


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done for many records at once, is done in several turns for few."""
    monkeypatch.setattr(boxes_module, "_AT_ONCE", 200)
    monkeypatch.setattr(geopackage_index, "_ROWS_AT_ONCE", 70)
    monkeypatch.setattr(flatgeobuf_index, "_AT_ONCE", 160)
    monkeypatch.setattr(flatgeobuf_index, "_CHUNK", 7)


@pytest.mark.parametrize("driver", ["GPKG", "FlatGeobuf"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.one_of(st.sampled_from([1, 16, 17, 51, 52, 256, 257]), st.integers(1, 700)),
    seed=st.integers(0, 1000),
    window=st.tuples(*[st.floats(-1100, 1100)] * 4),
    missing=st.sampled_from([0.0, 0.3]),
)
def test_each_window_gives_what_is_in_it(
    tmp_path: Path,
    small_steps: None,
    driver: str,
    count: int,
    seed: int,
    window: tuple[float, ...],
    missing: float,
) -> None:
    corners = random_boxes(count, seed, missing if driver == "GPKG" else 0.0)
    path = indexed(tmp_path, corners, driver)
    west, east = sorted(window[:2])
    south, north = sorted(window[2:])
    within = (corners[:, 0] <= east) & (corners[:, 2] >= west) & (corners[:, 1] <= north) & (corners[:, 3] >= south)
    with fiona.open(path) as source:
        numbers = [feature.properties["number"] for feature in source.filter(bbox=(west, south, east, north))]
    assert sorted(numbers) == np.flatnonzero(within).tolist()


@pytest.mark.parametrize("count", [0, 1, 51, 52, 2601, 2602, 20_000])
def test_sqlite_finds_no_fault(tmp_path: Path, count: int) -> None:
    corners = random_boxes(count, missing=0.1)
    with sqlite3.connect(indexed(tmp_path, corners, "GPKG")) as database:
        name = f"rtree_{TABLE}_{GEOMETRY}"
        assert database.execute("SELECT rtreecheck(?)", [name]).fetchone() == ("ok",)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        quoted = name.replace('"', '""')
        rows = database.execute(f'SELECT id, minx, miny, maxx, maxy FROM "{quoted}" ORDER BY id').fetchall()
    assert [row[0] - 1 for row in rows] == np.flatnonzero(~np.isnan(corners[:, 0])).tolist()
    for number, *box in rows:
        exact = corners[number - 1]
        assert (np.array(box[:2]) <= exact[:2]).all()
        assert (np.array(box[2:]) >= exact[2:]).all()
        assert np.allclose(box, exact, rtol=2e-7)


def test_all_in_one_place(tmp_path: Path, small_steps: None) -> None:
    """Nothing tells the strips apart."""
    path = indexed(tmp_path, np.tile(random_boxes(1), (1000, 1)), "GPKG")
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT rtreecheck(?)", [f"rtree_{TABLE}_{GEOMETRY}"]).fetchone() == ("ok",)


def test_tables_and_triggers_are_those_of_gdal(tmp_path: Path) -> None:
    corners = random_boxes(3)
    theirs = tmp_path / "theirs.gpkg"
    write(theirs, corners, "GPKG", SPATIAL_INDEX="YES", GEOMETRY_NAME=GEOMETRY, FID=KEY)

    def of(path: Path) -> dict[str, Any]:
        with sqlite3.connect(path) as database:
            made = database.execute("SELECT name, type, tbl_name, sql FROM sqlite_master").fetchall()
            extensions = database.execute("SELECT * FROM gpkg_extensions").fetchall()
        return {"extensions": extensions, **{name: (*rest, re.sub(r"\s", "", sql or "")) for name, *rest, sql in made}}

    assert of(indexed(tmp_path, corners, "GPKG")) == of(theirs)


def test_edits_keep_it_right(tmp_path: Path) -> None:
    """By another GDAL, through the triggers."""
    corners = random_boxes(300)
    path = indexed(tmp_path, corners, "GPKG")
    new = shapely.box(5000, 5000, 5001, 5001)
    with fiona.open(path, "a") as target:
        target.write({"type": "Feature", "properties": {"number": 300}, "geometry": shapely.geometry.mapping(new)})
    with fiona.open(path) as source:
        assert [feature.properties["number"] for feature in source.filter(bbox=new.bounds)] == [300]
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT rtreecheck(?)", [f"rtree_{TABLE}_{GEOMETRY}"]).fetchone() == ("ok",)
