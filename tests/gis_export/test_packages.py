"""One file or a zip, manifests, empty results, areas and operations: for all formats alike."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import Any

import fiona
import numpy as np
import pyproj
import pytest
import shapely

from gis_export.formats import registry
from terrafusion import __version__, areas
from tests.gis_export import data, test_format_csv
from tests.gis_export.conftest import FORMATS, STATE_PLANE, Exports
from tests.gis_export.test_format_dxf import to_state_plane
from tests.gis_export.test_format_pmtiles import to_mercator
from tests.gis_export.test_truth import features

LAYERS = ["parcels", "zoning", "sales"]
NOWHERE = {"type": "bbox", "coordinates": [10, 10, 11, 11]}
# Cuts through the squares of the first parcels and leaves out most.
CUT = {"type": "bbox", "coordinates": [data.WEST - 1, data.SOUTH + 0.0004, data.WEST + 0.0075, data.SOUTH + 1]}


@pytest.mark.parametrize("export_format", FORMATS)
def test_several_layers(exports: Exports, export_format: str) -> None:
    export = exports(export_format, *LAYERS)
    kind = registry.get(export_format)
    stem = f"{export.job.pk}_parcels_zoning_sales"
    single = kind.multi_layer and not kind.always_zip
    assert export.path.name == f"{stem}.{kind.extension if single else 'zip'}"
    for layer in LAYERS:
        rows = exports.rows(layer)
        if export_format in ("FlatGeobuf", "PMTiles"):
            rows = [row for row in rows if row.has_shape]
        assert len(features(exports, export, layer)) == len(rows)
    assert export.job.record_count == sum(len(exports.rows(layer)) for layer in LAYERS)


@pytest.mark.parametrize("export_format", FORMATS)
@pytest.mark.parametrize("package", ["auto", "zip"])
def test_manifest_and_hashes(exports: Exports, export_format: str, package: str) -> None:
    export = exports(export_format, "parcels", package=package)
    kind = registry.get(export_format)
    listed = {file["name"]: file for file in export.manifest["files"]}
    zipped = package == "zip" or kind.always_zip or len(listed) > 1
    assert (export.path.suffix == ".zip") is zipped
    if zipped:
        # jsonb keeps a sum of more than 2^53 without its exponent, which Python reads as a whole number.
        stored = json.loads(json.dumps(export.manifest), parse_int=float)
        packed = json.loads(export.files["manifest.json"].read_text(), parse_int=float)
        del stored["data_as_of"], stored["signature"], packed["signature"]
        assert packed == stored
        assert set(export.files) == {*listed, "manifest.json"}
        with zipfile.ZipFile(export.path) as archive:
            assert all(info.compress_type == zipfile.ZIP_DEFLATED for info in archive.infolist())
    for name, file in listed.items():
        content = export.files[name].read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    content = export.path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == export.job.result_file_sha256
    assert len(content) == export.job.result_file_bytes
    assert export.manifest["request"]["parameters"] == {"package": package}
    software = export.manifest["software"]
    assert software["gdal"].startswith("3.")
    assert software["terrafusion"] == __version__
    assert {"pyogrio", "ezdxf", "postgis", "geos", "proj", "postgresql"} < set(software)
    (layer,) = export.manifest["layers"]
    values = [row.values["total_value"] for row in exports.rows("parcels")]
    assert layer["records"] == len(values)
    assert layer["reconciliation"]["source"]["sums"]["total_value"] == sum(values)
    assert layer["reconciliation"]["written"]["sums"]["total_value"] == sum(values)
    shapes = [row.geometry for row in exports.rows("parcels") if row.has_shape]
    if kind.planar or kind.fixed_srid == 3857:
        shapes = [to_state_plane(shape) if kind.planar else to_mercator(shape) for shape in shapes]
    area = sum(shape.area for shape in shapes)
    assert layer["reconciliation"]["written"]["area"] == pytest.approx(area)


@pytest.mark.parametrize("export_format", FORMATS)
@pytest.mark.parametrize("package", ["auto", "zip"])
def test_the_same_data_gives_the_same_bytes(exports: Exports, export_format: str, package: str) -> None:
    """The file, and in a zip all but the manifest, which names its job. A format that cannot declares it, and its notes
    say why."""
    kind = registry.get(export_format)
    if not kind.reproducible:
        assert any("bytes" in note for note in kind.notes)
        return
    first, again = (exports.make(export_format, *LAYERS, package=package) for _ in range(2))
    assert first.path != again.path
    if "manifest.json" not in first.files:
        assert first.job.result_file_sha256 == again.job.result_file_sha256
        return
    differing = {name for name, path in first.files.items() if path.read_bytes() != again.files[name].read_bytes()}
    assert differing == {"manifest.json"}
    manifests = [json.loads(export.files["manifest.json"].read_text()) for export in (first, again)]
    assert [manifest.pop("job") for manifest in manifests] == [str(export.job.pk) for export in (first, again)]
    assert manifests[0].pop("signature") != manifests[1].pop("signature")
    assert manifests[0] == manifests[1]


@pytest.mark.parametrize("export_format", FORMATS)
@pytest.mark.parametrize("layer", ["parcels", "roads"])
def test_an_empty_result_is_a_valid_file(exports: Exports, export_format: str, layer: str) -> None:
    export = exports(export_format, layer, area=NOWHERE)
    path = export.holding(layer)
    assert export.job.record_count == 0
    assert "valid and empty" in export.job.message
    assert features(exports, export, layer) == []
    if path.suffix in (".gpkg", ".gdb", ".fgb", ".shp", ".tab"):
        with fiona.open(path) as source:
            assert list(source) == []
            assert len(source.schema["properties"]) >= len(exports.fields(layer))
            crs = source.crs
        if path.suffix == ".tab":  # which tells none without any geometry, but for the file beside it
            crs = fiona.crs.CRS.from_wkt(path.with_suffix(".prj").read_text())
        assert crs.to_epsg() == 4326


@pytest.mark.parametrize("export_format", FORMATS)
def test_clip(exports: Exports, export_format: str) -> None:
    kind = registry.get(export_format)
    tiles = kind.fixed_srid == 3857  # with a grid of 0.3 m
    export = exports(export_format, "parcels", area=CUT, spatial_operation="clip", crs=kind.fixed_srid or 4326)
    clipped = features(exports, export, "parcels")
    area = areas.parse(CUT, exports.county, 100, None).geometry
    cut = [row.geometry.intersection(area) for row in exports.rows("parcels") if row.has_shape]
    wanted = [(to_mercator(shape) if tiles else shape).area for shape in cut if shape.area]
    assert 2 < len(wanted) < 10
    assert sorted(row.geometry.area for row in clipped) == pytest.approx(sorted(wanted), rel=0.02 if tiles else 1e-3)
    within = to_mercator(area).buffer(0.3) if tiles else area.buffer(1e-7)
    assert all(within.covers(row.geometry) for row in clipped)
    if export_format not in ("Shapefile", "TAB"):  # they have one type for both
        assert {row.geometry.geom_type for row in clipped} == {"MultiPolygon"}


@pytest.mark.parametrize("operation", ["intersects", "within", "clip"])
@pytest.mark.parametrize("layer", ["parcels", "sales", "zoning", "roads", "trees"])
def test_operations(exports: Exports, layer: str, operation: str) -> None:
    area = areas.parse(CUT, exports.county, 100, None).geometry
    rows = [row for row in exports.rows(layer) if row.has_shape]
    if operation == "within":
        wanted = [row.geometry for row in rows if row.geometry.within(area)]
    else:
        wanted = [row.geometry for row in rows if row.geometry.intersects(area)]
    if operation == "clip":
        cut = [shape.intersection(area) for shape in wanted]
        wanted = [shape for shape, whole in zip(cut, wanted, strict=True) if _dimension(shape) == _dimension(whole)]
    export = exports("GeoPackage", layer, area=CUT, spatial_operation=operation)
    shapes = [row.geometry for row in features(exports, export, layer)]
    assert len(shapes) == len(wanted)
    for shape, expected in zip(shapes, wanted, strict=True):
        assert shape.symmetric_difference(expected).area < 1e-15
        assert shape.length == pytest.approx(expected.length)


def _dimension(shape: Any) -> int:
    return int(shapely.get_dimensions(shape))


def test_area_in_state_plane_takes_the_same_parcels(exports: Exports) -> None:
    forward = pyproj.Transformer.from_crs(4326, STATE_PLANE, always_xy=True)
    west, south, east, north = CUT["coordinates"]
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    ring = [list(forward.transform(*corner)) for corner in shapely.segmentize(shapely.LineString(corners), 0.01).coords]
    area = {"type": "Polygon", "coordinates": [ring], "crs": STATE_PLANE}
    export = exports("GeoJSON", "parcels", area=area)
    assert export.job.record_count == exports("GeoJSON", "parcels", area=CUT).job.record_count
    assert f"from EPSG:{STATE_PLANE}" in export.job.message
    assert export.manifest["request"]["area_of_interest"] == area
    assert export.manifest["request"]["resolved"]["area_notes"]


def test_reprojected_clip(exports: Exports) -> None:
    export = exports("GeoPackage", "parcels", area=CUT, spatial_operation="clip", crs="state_plane")
    forward = pyproj.Transformer.from_crs(4326, STATE_PLANE, always_xy=True)
    area = areas.parse(CUT, exports.county, 100, None).geometry
    wanted = []
    for row in exports.rows("parcels"):
        if row.has_shape and (cut := row.geometry.intersection(area)).area:
            wanted.append(shapely.transform(cut, lambda xy: np.column_stack(forward.transform(xy[:, 0], xy[:, 1]))))
    shapes = [row.geometry for row in features(exports, export, "parcels")]
    assert [shape.area for shape in shapes] == pytest.approx([shape.area for shape in wanted], rel=1e-6)
    assert shapely.total_bounds(shapes) == pytest.approx(shapely.total_bounds(wanted), abs=0.01)


def test_fields_are_chosen_and_ordered(exports: Exports) -> None:
    wanted = ["total_value", "parcel_number"]
    export = exports("CSV", "parcels", fields={"parcels": wanted})
    assert test_format_csv.header(export.path) == [*wanted, "geometry_wkt"]
    without = exports("CSV", "parcels", include_assessment_data=False)
    assert "total_value" not in test_format_csv.header(without.path)
    assert "lot_area_sqft" in test_format_csv.header(without.path)


@pytest.mark.parametrize("export_format", FORMATS)
def test_layers_with_no_rows_at_all(exports: Exports, export_format: str) -> None:
    """Their data never changed, so files and zips are dated by no row."""
    with exports.unblock():
        from terrafusion.records.models import County, CountyAccess

        county, _ = County.objects.get_or_create(id="VOID", name="Void", state="WA", state_plane_srid=STATE_PLANE)
        user = CountyAccess.objects.get(county=exports.county).user
        CountyAccess.objects.get_or_create(county=county, user=user, role="analyst")
    empty = Exports(county, exports.api, exports.folder / "void", exports.unblock)
    export = empty(export_format, "parcels", "sales", package="zip")
    assert export.job.record_count == 0
    assert "manifest.json" in export.files


def test_a_name_for_very_many_layers(exports: Exports) -> None:
    with exports.unblock():
        for i in range(30):
            data.load_reference(exports.county, f"a_layer_with_quite_a_long_name_{i:02}", "MultiPoint", [None])
    layers = [f"a_layer_with_quite_a_long_name_{i:02}" for i in range(30)]
    export = exports("GeoJSON", *layers)
    assert len(export.path.name) < 255
    assert export.path.name.endswith("_and_26_more.zip")
    assert len(export.files) == 31
