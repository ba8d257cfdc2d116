"""Verdicts of validators that others wrote, where a format has one. GML's is beside its other tests."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import geojson_validator
import geoparquet_validator
import pytest
from lxml import etree
from osgeo_utils.samples import validate_gpkg

from tests.gis_export.conftest import Exports

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]


@pytest.mark.parametrize("layer", LAYERS)
def test_geojson(exports: Exports, layer: str) -> None:
    collection = json.loads(exports("GeoJSON", layer).path.read_text(encoding="utf-8"))
    # Section 3.1 of RFC 7946 allows an empty array of coordinates; the validator does not.
    collection["features"] = [f for f in collection["features"] if not f["geometry"] or f["geometry"]["coordinates"]]
    assert geojson_validator.validate_structure(collection) == {}
    faults_found = geojson_validator.validate_geometries(collection)
    assert faults_found["invalid"] == {}
    assert set(faults_found["problematic"]) <= {"holes"}  # which an assessor's parcels have


@pytest.mark.parametrize("layer", LAYERS)
def test_geoparquet(exports: Exports, layer: str) -> None:
    checked = geoparquet_validator.check(str(exports("GeoParquet", layer).path))
    assert geoparquet_validator.conformant(checked)
    assert geoparquet_validator.failed(checked) == []


@pytest.mark.parametrize("layers", [LAYERS, ["sales"]])
def test_kml(exports: Exports, layers: list[str]) -> None:
    spec = importlib.util.find_spec("fastkml")
    assert spec
    assert spec.origin
    schema = etree.XMLSchema(etree.parse(Path(spec.origin).parent / "schema" / "ogckml22.xsd"))
    schema.assertValid(etree.parse(exports("KML", *layers).path))


def test_geopackage(exports: Exports) -> None:
    """GDAL's own, newer than the GDAL of the writer, with its checks beyond the standard's."""
    path = exports("GeoPackage", *LAYERS).path
    assert validate_gpkg.check(str(path), extra_checks=True, abort_at_first_error=False) == []
