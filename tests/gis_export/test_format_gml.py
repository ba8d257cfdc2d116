"""GML, validated against the OGC's schemas and read by lxml."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Any

import pyproj
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from gis_export.formats import gml
from gis_export.formats.gml import NAMESPACE
from gis_export.plan import ColumnPlan, LayerPlan
from tests.gis_export.conftest import STATE_PLANE, Exports, Row
from tests.gis_export.test_format_kml import complete, typed, without_forbidden
from tests.gis_export.test_format_native import needs_ogrinfo
from tests.gis_export.truth import Truth

T, GML = f"{{{NAMESPACE}}}", "{http://www.opengis.net/gml/3.2}"
LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]
_MAKERS = {
    "MultiSurface": shapely.MultiPolygon,
    "MultiCurve": shapely.MultiLineString,
    "MultiPoint": shapely.MultiPoint,
}


def read(path: Path, layer: str, like: Row, *, swapped: bool = True) -> list[Row]:
    """The features of a layer; ``like`` has a value in every field, and ``swapped`` tells that y comes first."""
    rows_read = []
    for feature in etree.parse(path).getroot().iterfind(f"{T}featureMember/{T}{layer}"):
        cells = {etree.QName(child).localname: child for child in feature}
        geometry = None
        for child in list(cells.values()):
            if len(child):
                geometry = _shape(child[0], swapped)
                del cells[etree.QName(child).localname]
        texts = {name: cell.text or "" for name, cell in cells.items()}
        values = {
            name: typed(texts.get("Label_2" if name == "Label" else name), value) for name, value in like.values.items()
        }
        rows_read.append(Row(values, geometry))
    return rows_read


def _shape(element: Any, swapped: bool) -> Any:
    kind = etree.QName(element).localname
    if kind in _MAKERS:
        return _MAKERS[kind]([_shape(member[0], swapped) for member in element])
    if kind == "Polygon":
        rings = [_positions(ring, swapped) for ring in element.iterfind(f"*/{GML}LinearRing")]
        return shapely.Polygon(rings[0], rings[1:])
    positions = _positions(element, swapped)
    return shapely.LineString(positions) if kind == "LineString" else shapely.Point(positions[0])


def _positions(element: Any, swapped: bool) -> list[tuple[float, float]]:
    numbers = [float(number) for number in element[0].text.split()]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [(x, y) for y, x in pairs] if swapped else pairs


TRUTH = Truth(
    lambda exports, export, layer: read(export.holding(layer), layer, complete(exports.rows(layer))),
    lambda exports, export, layer: map(without_forbidden, exports.rows(layer)),
)


def test_valid_against_its_schema(exports: Exports) -> None:
    export = exports("GML", *LAYERS)
    spec = importlib.util.find_spec("pycsw")
    assert spec
    assert spec.submodule_search_locations
    ogc = Path(spec.submodule_search_locations[0]) / "core/schemas/ogc/gml/3.2.1/gml.xsd"
    text = export.file(".xsd").read_text().replace("http://schemas.opengis.net/gml/3.2.1/gml.xsd", str(ogc))
    schema = etree.XMLSchema(etree.fromstring(text.encode()))
    document = etree.parse(export.file(".gml"))
    schema.assertValid(document)
    location = document.getroot().get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation")
    assert location.split() == [NAMESPACE, export.file(".xsd").name]
    identifiers = [element.get(f"{GML}id") for element in document.iter() if element.get(f"{GML}id")]
    assert len(set(identifiers)) == len(identifiers)
    names = {element.get("srsName") for element in document.iter() if element.get("srsName")}
    assert names == {"urn:ogc:def:crs:EPSG::4326"}


@given(st.lists(st.text(min_size=1), unique=True, max_size=5), st.text(min_size=1, max_size=3))
@example(["①", "x➓", "ª", "-", "·", "Ⅷ", "\U00010400", "٣"], "①")
def test_names_of_fields_become_names_of_xml(wanted: list[str], again: str) -> None:
    columns = tuple(ColumnPlan(name, "text") for name in dict.fromkeys([*wanted, again, again.swapcase(), "geometry"]))
    layer = LayerPlan("odd", "Odd", "", "", "MultiPolygon", 4326, "2024-01-01T00:00:00+00:00", columns)
    unique = gml.names(layer)
    assert len({name.lower() for name in unique}) == len(columns) + 1
    schema = etree.fromstring(gml._schema((layer,)).encode())
    declared = [element.get("name") for element in schema.iter("{*}element")]
    assert declared[-len(unique) :] == [unique[-1], *unique[:-1]]
    for name in unique:
        assert etree.QName(name).localname == name  # which refuses what is no NCName
        etree.fromstring(f"<{name}/>")


def test_axes_of_a_projected_crs(exports: Exports) -> None:
    path = exports("GML", "sales", crs="state_plane").file(".gml")
    forward = pyproj.Transformer.from_crs(4326, STATE_PLANE, always_xy=True)  # its own axes are x, y
    rows = exports.rows("sales")
    for row, actual in zip(rows, read(path, "sales", complete(rows), swapped=False), strict=True):
        if row.has_shape:
            wanted = forward.transform(row.geometry.x, row.geometry.y)
            assert (actual.geometry.x, actual.geometry.y) == pytest.approx(wanted, abs=0.001)


def test_losses(exports: Exports) -> None:
    losses = exports("GML", *LAYERS).losses("zoning")
    assert ("renamed", "Label", None) in losses
    assert ("altered", "", 3) in exports("GML", *LAYERS).losses("parcels")


@needs_ogrinfo
def test_debians_gdal_reads_it_without_a_word(exports: Exports) -> None:
    path = exports("GML", *LAYERS).file(".gml")
    info = subprocess.run(["ogrinfo", "-ro", "-al", "-so", path], capture_output=True, text=True, check=True)
    assert info.stderr == ""
    assert info.stdout.count("Feature Count: 24") == 2
    assert "Extent: (-122.3" in info.stdout  # in x, y again
