"""GeoParquet, read by DuckDB: version 1.1.0 of the specification, and every value."""

from __future__ import annotations

import datetime
import json
import math
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyproj
import pytest
import shapely

from tests.gis_export.conftest import STATE_PLANE, Exports, Row
from tests.gis_export.truth import Truth

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        database.execute("SET enable_geoparquet_conversion = false")  # which needs an extension
        database.execute("SET TimeZone = 'UTC'")
        table = database.execute(sql.replace("FILE", f"'{path}'")).to_arrow_table()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def metadata(path: Path) -> dict[str, Any]:
    ((value,),) = query(path, "SELECT value FROM parquet_kv_metadata(FILE) WHERE key = 'geo'::BLOB")
    meta: dict[str, Any] = json.loads(value)
    return meta


def read(path: Path, names: list[str]) -> list[Row]:
    """The fields, then bbox and geometry."""
    rows = []
    for *values, box, wkb in query(path, "SELECT * FROM read_parquet(FILE)"):
        shape = None if wkb is None else shapely.from_wkb(wkb)
        if shape is None:
            assert box is None
        elif shape.is_empty:
            assert set(box.values()) == {None}
        else:
            assert tuple(box.values()) == shape.bounds
        rows.append(Row(dict(zip(names, map(_utc, values), strict=True)), shape))
    return rows


def _utc(value: Any) -> Any:
    return value.astimezone(datetime.UTC) if isinstance(value, datetime.datetime) else value


TRUTH = Truth(lambda exports, export, layer: read(export.holding(layer), exports.fields(layer)), ordered=False)


@pytest.mark.parametrize("layer", LAYERS)
def test_metadata(exports: Exports, layer: str) -> None:
    path = exports("GeoParquet", layer).path
    meta = metadata(path)
    columns = [name for (name,) in query(path, "SELECT name FROM parquet_schema(FILE)")]
    assert meta["version"] == "1.1.0"
    (geometry,) = meta["columns"].values()
    name = meta["primary_column"]
    assert [name] == list(meta["columns"])
    assert columns[-1] == name
    assert columns.count(name) == 1
    assert geometry["encoding"] == "WKB"
    kinds = {row.geometry.geom_type for row in exports.rows(layer) if row.has_shape}
    assert set(geometry["geometry_types"]) == kinds
    assert pyproj.CRS.from_json_dict(geometry["crs"]) == pyproj.CRS.from_epsg(4326)
    shapes = [row.geometry for row in exports.rows(layer) if row.has_shape]
    assert tuple(geometry["bbox"]) == tuple(shapely.total_bounds(shapes))
    (covering,) = {box[0] for box in geometry["covering"]["bbox"].values()}
    assert list(geometry["covering"]["bbox"]) == ["xmin", "ymin", "xmax", "ymax"]
    assert covering in columns


def test_types_compression_and_order(exports: Exports) -> None:
    path = exports("GeoParquet", "zoning").path
    types = dict(query(path, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(FILE))"))
    assert types["big"] == "BIGINT"
    assert types["real"] == "DOUBLE"
    assert types["flag"] == "BOOLEAN"
    assert types["day"] == "DATE"
    assert types["moment"] == "TIMESTAMP WITH TIME ZONE"
    assert {codec for (codec,) in query(path, "SELECT compression FROM parquet_metadata(FILE)")} == {"ZSTD"}
    # PostGIS orders along a Hilbert curve; the squares lie in a row, so the nearest follow each other.
    wests = [row.geometry.bounds[0] for row in read(path, exports.fields("zoning")) if row.geometry]
    places = [x for x in wests if not math.isnan(x)]
    walked = sum(abs(there - here) for here, there in pairwise(places))
    assert walked < 2 * (max(places) - min(places))


def test_crs_of_another_export(exports: Exports) -> None:
    path = exports("GeoParquet", "parcels", crs="state_plane").path
    (geometry,) = metadata(path)["columns"].values()
    assert pyproj.CRS.from_json_dict(geometry["crs"]).to_epsg() == STATE_PLANE
    assert geometry["bbox"] == exports("GeoParquet", "parcels", crs="state_plane").manifest["layers"][0]["extent"]


def test_it_is_a_parquet_file(exports: Exports) -> None:
    content = exports("GeoParquet", "parcels").path.read_bytes()
    assert content[:4] == content[-4:] == b"PAR1"
    assert struct.unpack("<i", content[-8:-4])[0] > 0
