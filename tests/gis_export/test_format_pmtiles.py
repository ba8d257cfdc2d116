"""PMTiles, opened by Protomaps' reader, the tiles decoded by mapbox-vector-tile."""

from __future__ import annotations

import gzip
import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader, all_tiles

from gis_export.formats.tile_sql import GRID, WORLD
from gis_export.plan import ColumnPlan, ExportResult
from tests.gis_export.compare import transformed
from tests.gis_export.conftest import Exports, Row
from tests.gis_export.test_format_kml import complete, typed
from tests.gis_export.test_writer_process import plan, run_plan
from tests.gis_export.truth import Truth

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]
Tiles = dict[tuple[int, int, int], dict[str, Any]]


def decoded(path: Path) -> Tiles:
    source = MemorySource(path.read_bytes())
    return {place: mapbox_vector_tile.decode(gzip.decompress(tile)) for place, tile in all_tiles(source)}


def read(path: Path, layer: str, like: Row, zoom: int = 15) -> list[Row]:
    """The records of the highest zoom, each joined from its tiles; ``like`` has a value of each field."""
    values: dict[int, dict[str, Any]] = {}
    parts = defaultdict(list)
    for (z, x, y), layers in decoded(path).items():
        for feature in layers.get(layer, {"features": []})["features"] if z == zoom else []:
            values[feature["id"]] = feature["properties"]
            parts[feature["id"]].append(_placed(shapely.geometry.shape(feature["geometry"]), z, x, y))
    return [Row(_typed(values[record], like), _whole(parts[record], like.geometry)) for record in sorted(values)]


def _placed(shape: Any, z: int, x: int, y: int) -> Any:
    """In Web Mercator; the decoder has y upwards."""
    side = WORLD / (1 << z)
    west, south = x * side - WORLD / 2, WORLD / 2 - (y + 1) * side
    return shapely.transform(shape, lambda xy: np.array([west, south]) + xy * side / GRID)


def _whole(parts: list[Any], like: Any) -> Any:
    whole = shapely.unary_union([part if part.is_valid else shapely.make_valid(part) for part in parts])
    if like.geom_type.startswith("Multi") and not whole.geom_type.startswith("Multi"):
        return getattr(shapely, f"Multi{whole.geom_type}")([whole])
    return whole


def _typed(properties: dict[str, Any], like: Row) -> dict[str, Any]:
    given = {name: properties.get(_NAMES.get(name, name)) for name in like.values}
    return {name: typed(value, like.values[name]) if isinstance(value, str) else value for name, value in given.items()}


_LONG = "a_very_long_name_that_goes_beyond_the_sixty_three_bytes_of_po"
_NAMES = {f"{_LONG}stgresql_one": f"{_LONG}st", f"{_LONG}stgresql_two": f"{_LONG}_2"}


to_mercator = transformed(3857)


def on_the_grid(wanted: Any, got: Any, zoom: int = 15) -> bool:
    """No part of either is further from the other than a step of the grid in both directions: rounding moves a position
    by half of one, and the repair of an outline that then crosses itself as much again. Of areas, what is narrower than
    half a step may close up, and a cell of the grid more lie outside."""
    unit = WORLD / GRID / (1 << zoom)
    reach, cell = 1.001 * math.sqrt(2) * unit, unit**2
    broad = wanted.buffer(-unit / 2).buffer(unit / 2) if wanted.area else wanted
    missing, further = broad.difference(got.buffer(reach)), got.difference(wanted.buffer(reach))
    return bool(
        wanted.geom_type == got.geom_type
        and (missing.is_empty or 0 < missing.area <= cell)
        and (further.is_empty or 0 < further.area <= cell)
        and abs(wanted.area - got.area) <= unit * wanted.length
    )


TRUTH = Truth(
    lambda exports, export, layer: read(export.holding(layer), layer, like(exports, layer)),
    lambda exports, export, layer: [row for row in exports.rows(layer) if row.has_shape],
    to_mercator,
    same=on_the_grid,
)


def like(exports: Exports, layer: str) -> Row:
    rows = exports.rows(layer)
    return Row(complete(rows).values, next(row.geometry for row in rows if row.has_shape))


def test_header_and_metadata(exports: Exports) -> None:
    reader = Reader(MemorySource(exports("PMTiles", *LAYERS).path.read_bytes()))
    header = reader.header()
    assert (header["version"], header["min_zoom"], header["max_zoom"], header["clustered"]) == (3, 0, 15, True)
    shapes = [row.geometry for layer in LAYERS for row in exports.rows(layer) if row.has_shape]
    corners = [header[f"{name}_e7"] / 1e7 for name in ("min_lon", "min_lat", "max_lon", "max_lat")]
    assert corners == pytest.approx(shapely.total_bounds(shapes).tolist(), abs=1e-7)
    described = {layer["id"]: layer for layer in reader.metadata()["vector_layers"]}
    assert list(described) == LAYERS
    kinds = {"integer": "Number", "real": "Number", "boolean": "Boolean"}
    assert described["sales"]["fields"] == {n: kinds.get(kind, "String") for n, kind in exports.types("sales").items()}


def test_gdal_opens_it(exports: Exports) -> None:
    """It has a driver of its own, which had no part in the writing."""
    path = exports("PMTiles", *LAYERS).path
    assert {name for name, _ in pyogrio.list_layers(path)} == set(LAYERS)
    info = pyogrio.read_info(path, layer="parcels")
    assert info["crs"] == "EPSG:3857"


def test_lower_zooms_have_what_is_large_enough(exports: Exports) -> None:
    tiles = decoded(exports("PMTiles", *LAYERS).path)
    for zoom in range(8, 16):
        pixel = WORLD / 256 / (1 << zoom)
        wanted = set()
        for number, row in enumerate(exports.rows("parcels"), start=1):
            if row.has_shape:
                xmin, ymin, xmax, ymax = to_mercator(row.geometry).bounds
                if zoom == 15 or max(xmax - xmin, ymax - ymin) >= 2 * pixel:
                    wanted.add(number)
        by_zoom = {
            feature["id"]
            for (z, _, _), layers in tiles.items()
            for feature in layers.get("parcels", {"features": []})["features"]
            if z == zoom
        }
        assert by_zoom == wanted
    details = [loss["detail"] for loss in exports("PMTiles", *LAYERS).manifest["layers"][0]["losses"]]
    assert any(
        detail.startswith("Lower zooms have fewer of the 22 records: 1 at zoom 10, none at zoom 9")
        for detail in details
    )


@pytest.mark.parametrize("zoom", [8, 12, 18])
def test_the_highest_zoom_is_chosen(exports: Exports, zoom: int) -> None:
    export = exports("PMTiles", "sales", "parcels", options={"max_zoom": zoom})
    assert max(z for z, _, _ in decoded(export.path)) == zoom
    for layer in ("sales", "parcels"):
        features = read(export.path, layer, like(exports, layer), zoom)
        assert len(features) == sum(row.has_shape for row in exports.rows(layer))


class TestRowsMadeInSQL:
    @pytest.fixture(autouse=True)
    def _unblocked(self, _database: None, django_db_blocker: Any) -> Iterator[None]:
        with django_db_blocker.unblock():
            yield

    def written(self, folder: Path, sql: str, kind: str, *columns: ColumnPlan) -> ExportResult:
        wanted = plan(folder, "PMTiles", sql)
        layer = replace(wanted.layers[0], geometry_type=kind, srid=3857, columns=columns, options={"max_zoom": 15})
        return run_plan(replace(wanted, layers=(layer,)))

    @pytest.mark.parametrize("kind", ["MultiPolygon", "MultiLineString"])
    def test_what_the_grid_makes_nothing_of_is_kept(self, tmp_path: Path, kind: str) -> None:
        shape = {"MultiPolygon": "ST_Expand(p, 0.01)", "MultiLineString": "ST_MakeLine(p, ST_Translate(p, 0.01, 0))"}
        sql = (
            f"SELECT i AS k, ST_Multi({shape[kind]}) AS g, i::bigint AS c0 FROM generate_series(1, 500) AS i, "
            "ST_SetSRID(ST_Point(-13e6 + i * 0.9, 6e6 + i * 0.7), 3857) AS p"
        )
        done = self.written(tmp_path, sql, kind, ColumnPlan("number", "integer"))
        made = {
            feature["properties"]["number"]
            for (z, _, _), layers in decoded(Path(done.file)).items()
            for feature in layers["squares"]["features"]
            if z == 15
        }
        assert made == set(range(1, 501))
        (count,) = [loss["count"] for loss in done.manifest["layers"][0]["losses"] if loss["count"]]
        assert 400 < count <= 500

    def test_dense_points_are_thinned_out_evenly(self, tmp_path: Path) -> None:
        sql = (
            "SELECT i AS k, ST_SetSRID(ST_Point(-13e6 + i % 200 * 5, 6e6 + i / 200 * 5), 3857) AS g "
            "FROM generate_series(0, 39999) AS i"
        )
        done = self.written(tmp_path, sql, "Point")
        numbers: dict[int, set[int]] = defaultdict(set)
        for (z, _, _), layers in decoded(Path(done.file)).items():
            numbers[z] |= {feature["id"] for feature in layers["squares"]["features"]}
        assert numbers[15] == set(range(1, 40_001))
        for lower, zoom in itertools.pairwise(range(16)):
            assert numbers[lower] <= numbers[zoom]
        assert all(1800 < len(numbers[zoom]) < 2200 for zoom in range(15))  # all lie in one tile
        west = sum(number % 200 <= 100 for number in numbers[10]) / len(numbers[10])
        assert west == pytest.approx(0.5, abs=0.05)

    def test_numbers_that_are_none(self, tmp_path: Path) -> None:
        sql = (
            "SELECT i AS k, ST_SetSRID(ST_Point(1e6 + i, 1e6), 3857) AS g, "
            "(CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' ELSE '0.5' END)::float8 AS c0 "
            "FROM generate_series(1, 3) AS i"
        )
        done = self.written(tmp_path, sql, "Point", ColumnPlan("real", "real"))
        (tile,) = [layers for (z, _, _), layers in decoded(Path(done.file)).items() if z == 10]
        assert [feature["properties"] for feature in tile["squares"]["features"]] == [{}, {}, {"real": 0.5}]
        assert ("dropped", 2) in [(loss["kind"], loss["count"]) for loss in done.manifest["layers"][0]["losses"]]
