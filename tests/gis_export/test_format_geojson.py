"""GeoJSON, read by Python's json: RFC 7946 and every value."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from tests.gis_export.compare import assert_same, rounded
from tests.gis_export.conftest import Exports, Row

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]


def read(exports: Exports, layer: str, **parameters: Any) -> tuple[str, dict[str, Any]]:
    text = exports("GeoJSON", layer, **parameters).path.read_text(encoding="utf-8")
    return text, json.loads(text)


def rows_of(collection: dict[str, Any], like: Row) -> list[Row]:
    found = []
    for feature in collection["features"]:
        assert feature.keys() == {"type", "geometry", "properties"}
        assert feature["type"] == "Feature"
        values = {name: _typed(value, name, like) for name, value in feature["properties"].items()}
        geometry = feature["geometry"]
        found.append(Row(values, None if geometry is None else shape(geometry)))
    return found


def _typed(value: Any, name: str, like: Row) -> Any:
    """JSON has no dates; RFC 3339 texts stand for them."""
    if isinstance(value, str):
        if name in ("as_of", "sale_date", "day"):
            return datetime.date.fromisoformat(value)
        if name == "moment":
            return datetime.datetime.fromisoformat(value)
    return value


@pytest.mark.parametrize("layer", LAYERS)
def test_every_value_and_coordinate(exports: Exports, layer: str) -> None:
    _, collection = read(exports, layer)
    rows = exports.rows(layer)
    assert_same(rows, rows_of(collection, rows[0]), rounded(7))


@pytest.mark.parametrize("layer", LAYERS)
def test_rfc_7946(exports: Exports, layer: str) -> None:
    text, collection = read(exports, layer)
    assert collection["type"] == "FeatureCollection"
    assert "crs" not in collection
    assert not re.search(r'"coordinates":[^"}]*\.\d{8}', text)  # at most seven decimals
    shapes = [row.geometry for row in exports.rows(layer) if row.has_shape]
    assert collection["bbox"] == pytest.approx(shapely.total_bounds(shapes).tolist(), abs=1e-7)
    for feature in collection["features"]:
        geometry = feature["geometry"] and shape(feature["geometry"])
        for polygon in getattr(geometry, "geoms", []):
            if polygon.geom_type == "Polygon":
                assert polygon.exterior.is_ccw
                assert not any(hole.is_ccw for hole in polygon.interiors)


def test_another_crs_is_refused(exports: Exports) -> None:
    body = {"export_format": "GeoJSON", "county_id": "NASTY", "layers": ["parcels"], "parameters": {"crs": 2926}}
    with exports.unblock():
        response = exports.api.post("/api/v1/gis-export/run", body, format="json")
    assert response.status_code == 400
    assert "always in EPSG:4326" in response.content.decode()
