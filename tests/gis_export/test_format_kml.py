"""KML, read by lxml, and KMZ, read by zipfile."""

from __future__ import annotations

import datetime
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from lxml import etree

from tests.gis_export import data
from tests.gis_export.compare import to_decimals
from tests.gis_export.conftest import Exports, Row
from tests.gis_export.truth import Truth

NS = {"k": "http://www.opengis.net/kml/2.2"}
LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]
_FORBIDDEN = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def document(exports: Exports, *layers: str) -> Any:
    root = etree.parse(exports("KML", *layers).path).getroot()
    assert root.tag == f"{{{NS['k']}}}kml"
    (child,) = root
    return child


def folder_of(content: bytes, layer: str) -> Any:
    """What a layer is in the document: one of its own."""
    folders = etree.fromstring(content)[0].findall("k:Document", NS)
    (folder,) = [candidate for candidate in folders if candidate.findtext("k:name", namespaces=NS) == layer]
    return folder


def doc_kml(path: Path) -> bytes:
    """The document in a KMZ, which is all that it holds."""
    with zipfile.ZipFile(path) as archive:
        (member,) = archive.infolist()
        assert (member.filename, member.compress_type) == ("doc.kml", zipfile.ZIP_DEFLATED)
        assert member.extract_version < 45  # which needs the extensions for large files that not every program has
        return archive.read(member)


def read(folder: Any, like: Row) -> list[Row]:
    rows_read = []
    for placemark in folder.findall("k:Placemark", NS):
        cells = {item.get("name"): item.text or "" for item in placemark.iterfind(".//k:SimpleData", NS)}
        values = {name: typed(cells.get(name), value) for name, value in like.values.items()}
        rows_read.append(Row(values, _geometry(placemark)))
    return rows_read


def typed(text: str | None, sample: Any) -> Any:
    if text is None:
        return None
    if isinstance(sample, datetime.datetime):
        return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    if isinstance(sample, datetime.date):
        return datetime.date.fromisoformat(text)
    if isinstance(sample, bool):
        return {"1": True, "0": False, "true": True, "false": False}[text]  # as KML and GML have them
    return type(sample)(text)


def _geometry(placemark: Any) -> Any:
    collection = placemark.find("k:MultiGeometry", NS)
    if collection is None:
        point = placemark.find("k:Point", NS)
        return None if point is None else shapely.Point(_positions(point)[0])
    parts = [_part(part) for part in collection]
    makers = {"Polygon": shapely.MultiPolygon, "LineString": shapely.MultiLineString, "Point": shapely.MultiPoint}
    return makers[parts[0].geom_type](parts)


def _part(element: Any) -> Any:
    kind = etree.QName(element).localname
    if kind == "Polygon":
        outer = _positions(element.find("k:outerBoundaryIs", NS))
        return shapely.Polygon(outer, [_positions(inner) for inner in element.iterfind("k:innerBoundaryIs", NS)])
    return {"LineString": shapely.LineString, "Point": shapely.Point}[kind](_positions(element))


def _positions(element: Any) -> Any:
    (text,) = element.itertext("{*}coordinates")
    return [tuple(map(float, position.split(",")))[:2] for position in text.split()]


def cleaned(row: Row) -> Row:
    """Without the characters that XML cannot hold; an empty geometry is none."""
    return Row(without_forbidden(row).values, row.geometry if row.has_shape else None)


def without_forbidden(row: Row) -> Row:
    values = {name: _FORBIDDEN.sub("", v) if isinstance(v, str) else v for name, v in row.values.items()}
    return Row(values, row.geometry)


def complete(rows: list[Row]) -> Row:
    """A row with a value in every field, to tell types by."""
    names = rows[0].values
    return Row({n: next((r.values[n] for r in rows if r.values[n] is not None), "") for n in names}, None)


def read_document(exports: Exports, content: bytes, layer: str) -> list[Row]:
    return read(folder_of(content, layer), complete(exports.rows(layer)))


TRUTH = Truth(
    lambda exports, export, layer: read_document(exports, export.holding(layer).read_bytes(), layer),
    lambda exports, export, layer: map(cleaned, exports.rows(layer)),
    same=to_decimals(7),
)
TRUTH_OF_KMZ = replace(
    TRUTH, read=lambda exports, export, layer: read_document(exports, doc_kml(export.holding(layer)), layer)
)


def test_typed_schema_and_order_of_elements(exports: Exports) -> None:
    root = document(exports, *LAYERS)
    order = [etree.QName(child).localname for child in root]
    assert order == ["name", *["Document"] * 5]
    schemas = {
        schema.get("id"): {f.get("name"): f.get("type") for f in schema}
        for schema in root.findall("k:Document/k:Schema", NS)
    }
    assert list(schemas) == LAYERS
    assert list(schemas["zoning"]) == [name for name, _ in data.FIELDS]
    kinds = {"text": "string", "date": "string", "datetime": "string", "boolean": "bool", "real": "double"}
    assert schemas["zoning"] == {name: kinds.get(kind, "double") for name, kind in data.FIELDS}
    for folder, layer in zip(root.findall("k:Document", NS), LAYERS, strict=True):
        assert folder.findtext("k:name", namespaces=NS) == layer
        for placemark in folder.findall("k:Placemark", NS):
            children = [etree.QName(child).localname for child in placemark]
            assert children == sorted(children, key=["name", "ExtendedData", "Point", "MultiGeometry"].index)
            assert placemark.find(".//k:SchemaData", NS).get("schemaUrl") == f"#{layer}"


def test_characters_that_xml_forbids_are_counted(exports: Exports) -> None:
    texts = [value for row in exports.rows("parcels") for value in row.values.values() if isinstance(value, str)]
    count = sum(bool(_FORBIDDEN.search(text)) for text in texts)
    assert count == 3
    assert ("altered", "", count) in exports("KML", "parcels").losses("parcels")


@pytest.mark.parametrize("layer", ["parcels", "zoning"])
def test_empty_geometries_are_counted(exports: Exports, layer: str) -> None:
    count = sum(row.geometry is not None and row.geometry.is_empty for row in exports.rows(layer))
    losses = exports("KML", layer).manifest["layers"][0]["losses"]
    assert [loss["count"] for loss in losses if "is empty" in loss["detail"]] == [count]


@pytest.mark.parametrize("layers", [["parcels"], LAYERS])
def test_kmz_holds_the_same_document(exports: Exports, layers: list[str]) -> None:
    packed, again = exports("KMZ", *layers), exports.make("KMZ", *layers)
    assert doc_kml(packed.path) == exports("KML", *layers).path.read_bytes()
    assert packed.losses("parcels") == exports("KML", *layers).losses("parcels")
    assert packed.path.suffix == ".kmz"
    assert packed.job.result_file_sha256 == again.job.result_file_sha256
