"""Every format, layer, value and coordinate against the database, by a program that did not write the file."""

from __future__ import annotations

import pytest

from gis_export.formats import registry
from tests.gis_export import (
    test_format_csv,
    test_format_dxf,
    test_format_geojson,
    test_format_geoparquet,
    test_format_gml,
    test_format_kml,
    test_format_native,
    test_format_pmtiles,
    test_format_xlsx,
)
from tests.gis_export.conftest import FORMATS, Export, Exports, Row

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]
TRUTHS = {
    "CSV": test_format_csv.TRUTH,
    "DXF": test_format_dxf.TRUTH,
    "FileGDB": test_format_native.TestFileGDB.truth,
    "FlatGeobuf": test_format_native.TestFlatGeobuf.truth,
    "GeoJSON": test_format_geojson.TRUTH,
    "GeoJSONSeq": test_format_geojson.TRUTH_OF_SEQUENCES,
    "GeoPackage": test_format_native.TestGeoPackage.truth,
    "GeoParquet": test_format_geoparquet.TRUTH,
    "GML": test_format_gml.TRUTH,
    "KML": test_format_kml.TRUTH,
    "KMZ": test_format_kml.TRUTH_OF_KMZ,
    "PMTiles": test_format_pmtiles.TRUTH,
    "Shapefile": test_format_native.TestShapefile.truth,
    "TAB": test_format_native.TestTAB.truth,
    "XLSX": test_format_xlsx.TRUTH,
}


def features(exports: Exports, export: Export, layer: str) -> list[Row]:
    """The records of a layer of any export, read as its format's truth reads them."""
    return TRUTHS[export.job.export_format].read(exports, export, layer)


def test_every_format_has_a_reader_that_did_not_write_it() -> None:
    assert set(TRUTHS) == set(registry.all_formats())


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("export_format", FORMATS)
def test_every_value_and_coordinate(exports: Exports, export_format: str, layer: str) -> None:
    TRUTHS[export_format].check(exports, exports(export_format, *LAYERS), layer)
