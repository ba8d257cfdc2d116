"""The area of interest goes into every package, and a single file stays what was asked for."""

from __future__ import annotations

import json
from typing import Any

import pyogrio
import pytest
import shapely

from gis_export.formats import registry
from terrafusion import areas
from tests.gis_export import data
from tests.gis_export.conftest import FORMATS, Exports

AREA = {"type": "bbox", "coordinates": [data.WEST - 1, data.SOUTH + 0.0004, data.WEST + 0.0075, data.SOUTH + 1]}
INSIDE = {"GeoPackage", "FileGDB", "KML", "KMZ", "GML"}


def boundary(export: Any, export_format: str) -> tuple[Any, dict[str, Any]]:
    """Shape and attributes, as GDAL reads them."""
    kind = registry.get(export_format)
    path = export.holding("parcels") if export_format in INSIDE else export.files["area_of_interest.geojson"]
    if kind.name == "KMZ":
        path = f"/vsizip/{path}/doc.kml"
    elif kind.name == "GML":
        path = export.file(".gml")
    meta, _, geometries, values = pyogrio.raw.read(path, layer="area_of_interest")
    assert len(geometries) == 1
    fields = {name: column[0] for name, column in zip(meta["fields"], values, strict=True)}
    return shapely.from_wkb(geometries[0]), fields


@pytest.mark.parametrize("export_format", FORMATS)
def test_every_package_has_it(exports: Exports, export_format: str) -> None:
    export = exports(export_format, "parcels", area=AREA, package="zip", spatial_operation="clip")
    shape, fields = boundary(export, export_format)
    area = areas.parse(AREA, exports.county, 100, None)
    assert shape.equals_exact(shapely.MultiPolygon([area.geometry]), 1e-7, normalize=True)
    assert fields["spatial_operation"] == "clip"
    manifest = export.manifest["area_of_interest"]
    assert (manifest["layer"], manifest["crs"], manifest["records"]) == ("area_of_interest", "EPSG:4326", 1)
    (layer,) = export.manifest["layers"]
    assert layer["layer"] == "parcels"
    assert export.job.record_count == layer["records"] == 3
    assert manifest["file"] == (layer["file"] if export_format in INSIDE else "area_of_interest.geojson")
    assert {name.split("/")[0] for name in export.files} >= {manifest["file"], layer["file"]}


@pytest.mark.parametrize("export_format", FORMATS)
def test_a_single_file_stays_what_was_asked_for(exports: Exports, export_format: str) -> None:
    kind = registry.get(export_format)
    layers = ["sales", "zoning"] if kind.multi_layer else ["sales"]
    export = exports(export_format, *layers, area={**AREA, "coordinates": [-180, -90, 180, 90]})
    if export.path.suffix == ".zip":
        assert export.manifest["area_of_interest"] is not None
        return
    assert export.manifest["area_of_interest"] is None
    assert {layer["file"] for layer in export.manifest["layers"]} == {export.path.name}
    if kind.name in ("GeoPackage", "KML"):
        assert {str(name) for name, _ in pyogrio.list_layers(export.path)} == set(layers)


def test_a_whole_county_has_none(exports: Exports) -> None:
    export = exports("CSV", "parcels", "sales")
    assert export.manifest["area_of_interest"] is None
    assert "area_of_interest.geojson" not in export.files


def test_what_was_done_to_the_area_is_written_in_it(exports: Exports) -> None:
    area = {"type": "buffer", "parcels": ["0000"], "distance": 300, "units": "ft"}
    export = exports("CSV", "parcels", "sales", area=area)
    (feature,) = json.loads(export.files["area_of_interest.geojson"].read_text())["features"]
    assert "300 ft (91.44 m) on the ground" in feature["properties"]["notes"]
    shape = shapely.geometry.shape(feature["geometry"])
    parcel = next(row.geometry for row in exports.rows("parcels") if row.values["parcel_number"] == "0000")
    assert shape.covers(parcel)


def test_a_layer_of_that_name(exports: Exports) -> None:
    with exports.unblock():
        data.load_reference(exports.county, "area_of_interest", "MultiPolygon", [data.outline(0)])
    for export_format in ("GeoJSON", "GeoPackage"):
        export = exports.make(export_format, "area_of_interest", "parcels", area=AREA, package="zip")
        assert [layer["layer"] for layer in export.manifest["layers"]] == ["area_of_interest", "parcels"]
        assert export.manifest["area_of_interest"]["layer"] == "area_of_interest_2"
        assert export.manifest["layers"][0]["fields"] != export.manifest["area_of_interest"]["fields"]
