"""GeoJSON and GeoJSONSeq, read by Python's json: RFC 7946, RFC 8142 and every value."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from tests.gis_export.compare import to_decimals
from tests.gis_export.conftest import Exports, Row
from tests.gis_export.truth import Truth

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]


def read(exports: Exports, layer: str, **parameters: Any) -> tuple[str, dict[str, Any]]:
    text = exports("GeoJSON", layer, **parameters).path.read_text(encoding="utf-8")
    return text, json.loads(text)


def sequence(path: Path) -> list[Any]:
    """The texts of RFC 8142: each after a record separator, each ended by a line feed, with nothing between them."""
    content = path.read_bytes()
    before, *texts = content.split(b"\x1e")
    assert before == b""
    assert all(text.endswith(b"}\n") and text.count(b"\n") == 1 for text in texts)
    return [json.loads(text) for text in texts]


def rows_of(features: list[Any], types: dict[str, str]) -> list[Row]:
    rows_read = []
    for feature in features:
        assert feature.keys() == {"type", "geometry", "properties"}
        assert feature["type"] == "Feature"
        values = {name: _typed(value, types[name]) for name, value in feature["properties"].items()}
        geometry = feature["geometry"]
        rows_read.append(Row(values, None if geometry is None else shape(geometry)))
    return rows_read


def _typed(value: Any, kind: str) -> Any:
    """JSON has no dates; RFC 3339 texts stand for them."""
    if isinstance(value, str) and kind == "date":
        return datetime.date.fromisoformat(value)
    if isinstance(value, str) and kind == "datetime":
        return datetime.datetime.fromisoformat(value)
    return value


TRUTH = Truth(
    lambda exports, export, layer: rows_of(
        json.loads(export.holding(layer).read_text(encoding="utf-8"))["features"], exports.types(layer)
    ),
    same=to_decimals(7),
)
TRUTH_OF_SEQUENCES = replace(
    TRUTH, read=lambda exports, export, layer: rows_of(sequence(export.holding(layer)), exports.types(layer))
)


@pytest.mark.parametrize("export_format", ["GeoJSON", "GeoJSONSeq", "KML", "KMZ"])
def test_rounding_is_a_loss(exports: Exports, export_format: str) -> None:
    losses = exports(export_format, "roads").manifest["layers"][0]["losses"]
    assert [loss["detail"] for loss in losses if "ound" in loss["detail"]] == ["Coordinates are rounded to 7 decimals."]
    asked = exports(export_format, "roads", precision=5).manifest["layers"][0]["losses"]
    details = [loss["detail"] for loss in asked if "decimals" in loss["detail"]]
    assert details == ["Coordinates have 5 decimals, as was asked (precision)."]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_sequence_holds_the_same_features(exports: Exports, layer: str) -> None:
    assert sequence(exports("GeoJSONSeq", layer).path) == read(exports, layer)[1]["features"]


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


@pytest.mark.parametrize("export_format", ["GeoJSON", "GeoJSONSeq"])
def test_another_crs_is_refused(exports: Exports, export_format: str) -> None:
    body = {"export_format": export_format, "county_id": "NASTY", "layers": ["parcels"], "parameters": {"crs": 2926}}
    with exports.unblock():
        response = exports.api.post("/api/v1/gis-export/run", body, format="json")
    assert response.status_code == 400
    assert "always in EPSG:4326" in response.content.decode()
