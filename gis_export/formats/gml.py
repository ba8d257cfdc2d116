"""GML 3.2 (OGC 07-036) with the application schema that its features follow."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, iterparse
from xml.sax.saxutils import escape

from gis_export.formats.base import Reader, Written, free_name, literal
from gis_export.formats.markup import FORBIDDEN_DROPPED, XmlFormat
from gis_export.formats.sizes import Size
from gis_export.formats.text import Piece, Value, value
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import numpy as np
    import shapely
    from numpy.typing import NDArray

    from gis_export.content import Content, Recorded

NAMESPACE = "urn:x-terrafusion:gml"
_GML = "http://www.opengis.net/gml/3.2"
_SCHEMA_OF_GML = "http://schemas.opengis.net/gml/3.2.1/gml.xsd"
_TYPES = {
    "text": "string",
    "integer": "long",
    "real": "double",
    "boolean": "boolean",
    "date": "date",
    "datetime": "dateTime",
}
# Also what Python takes for letters and digits, and XML 1.0 (production 4a) does not, such as circled numbers.
_NO_NAME = re.compile(r"[^\w.-]|[\x80-\xbf\xd7\xf7\u2190-\u2bff]")
# Of ST_AsGML: no dimension for each geometry, LineString instead of Curve; the URN of the CRS; swapped axes.
_OPTIONS, _URN, _SWAP = 2 | 4, 1, 16
_DECIMALS = 17  # as many as a double needs
# GML 3.2 has no MultiPolygon and MultiLineString any more: elements of each Multi type and of its members.
_MULTI = {
    "MultiPolygon": ("MultiSurface", "surfaceMember"),
    "MultiLineString": ("MultiCurve", "curveMember"),
    "MultiPoint": ("MultiPoint", "pointMember"),
}
_ENVELOPE_BYTES = 400  # kept free for it: two corners of all digits, and a URN
_TAG = f"{{{_GML}}}"
"""Begins the tags of GML's own elements, as ElementTree has them."""


class GML(XmlFormat):
    name = "GML"
    label = "GML 3.2"
    extension = "gml"
    media_type = "application/gml+xml"
    description = "A zip with one .gml for all layers and the .xsd that it is valid against."
    notes = (
        "The CRS is named by its URN, for the file and for each geometry, and coordinates are in the order of that "
        "CRS's own axes: in EPSG:4326 latitude comes first.",
        "Coordinates and numbers have all their digits; an absent value has no element, an empty text an empty one.",
        f"The schema imports {_SCHEMA_OF_GML}.",
    )
    may_lose = {
        "renamed": "A field's name is none in XML, or differs from another's in case only.",
        "altered": FORBIDDEN_DROPPED,
    }
    multi_layer = True
    boundary_layer = True
    always_zip = True
    has_bbox = True
    size = Size(file=800, field=0, packed_file=1300, packed_field=14)
    marker = b"<t:featureMember>"

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        super().begin(path, layers)
        schema = path.with_suffix(".xsd")
        schema.write_text(_schema(layers), encoding="utf-8")
        self._srid = layers[0].srid
        self._extents: list[tuple[float, float, float, float]] = []
        start = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<t:FeatureCollection gml:id="export" xmlns:t="{NAMESPACE}" xmlns:gml="{_GML}" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xsi:schemaLocation="{NAMESPACE} {escape(schema.name)}">\n'
        )
        self._envelope_at = len(start.encode())
        self.put(start + " " * _ENVELOPE_BYTES + "\n")

    def write(self, reader: Reader, path: Path) -> Written:
        written = super().write(reader, path)
        extent = reader.source().extent
        if extent and reader.layer.srid == self._srid:  # the boundary's may be another
            self._extents.append(extent)
        return replace(written, files=[path, path.with_suffix(".xsd")])

    def feature(self, layer: LayerPlan) -> list[Piece]:
        *fields, geometry = names(layer)
        pieces: list[Piece] = [
            f'<t:featureMember><t:{layer.name} gml:id="{layer.name}.',
            Value("k", suffix='">', type="integer"),
            Value(_geometry(layer), f"<t:{geometry}>", f"</t:{geometry}>"),
        ]
        for i, (column, name) in enumerate(zip(layer.columns, fields, strict=True)):
            pieces.append(value(i, column, f"<t:{name}>", f"</t:{name}>"))
        return [*pieces, f"</t:{layer.name}></t:featureMember>\n"]

    def footer(self, reader: Reader) -> str:
        return ""

    def finish(self, path: Path) -> str:
        self.put("</t:FeatureCollection>\n")
        super().finish(path)
        with path.open("r+b") as file:
            file.seek(self._envelope_at)
            file.write(_bounded_by(self._srid, self._extents).encode())
        return ""

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        renamed = [
            Loss(layer.name, "renamed", f"Named {name}.", field=column.name, becomes=name)
            for column, name in zip(layer.columns, names(layer), strict=False)
            if name != column.name
        ]
        return [*renamed, *super().losses(layer, counts)]

    def verify(self, path: Path, recorded: Recorded) -> Content:
        """GDAL's reader takes surfaces for curved ones, which our binding to it refuses."""
        import numpy as np
        import pyarrow as pa

        from gis_export.content import ROWS, Content

        content = Content()
        waiting: list[Any] = []
        swapped = None

        def flush() -> None:
            columns = {
                name: pa.array([values.get(column) for _, values in waiting], pa.float64())
                for name, column in recorded.sums.items()
            }
            content.records += len(waiting)
            content.add(np.array([shape for shape, _ in waiting], dtype=object), columns)
            waiting.clear()

        for _, element in iterparse(path):  # noqa: S314 - expat expands no entities of other files, and has limits
            if not element.tag.endswith("}featureMember"):
                continue
            if element[0].tag.endswith(f"}}{recorded.layer}"):
                numbers = {child.tag.partition("}")[2]: child for child in element[0]}
                values = {name: float(numbers[name].text or 0) for name in recorded.sums.values() if name in numbers}
                waiting.append((_shape(element[0]), values))
                swapped = _northing_first(element[0]) if swapped is None else swapped
            element.clear()
            if len(waiting) == ROWS:
                flush()
        flush()
        if content.extent and swapped:  # the file has the order of the axes of the CRS
            south, west, north, east = content.extent
            content.extent = west, south, east, north
        return content


def names(layer: LayerPlan) -> list[str]:
    """Of the elements of the fields, then of the geometry. Programs that ignore case must find each, too."""
    unique: list[str] = []
    for wanted in [*(column.name for column in layer.columns), "geometry"]:
        name = _NO_NAME.sub("_", wanted)
        unique.append(free_name(name if re.match(r"[^\W\d]", name) else f"_{name}", unique))
    return unique


def _geometry(layer: LayerPlan) -> str:
    """SQL of the geometry's element, with an identifier on each part, as GML 3.2 demands."""
    from terrafusion import crs

    options = _OPTIONS | (_SWAP if crs.northing_first(layer.srid) else 0)
    own = f"{literal(layer.name + '.')} || k || '.g'"
    if layer.geometry_type == "Point":
        return f"ST_AsGML(3, g, {_DECIMALS}, {options | _URN}, 'gml', {own})"
    element, member = _MULTI[layer.geometry_type]
    # Without an SRID of its own, a part names no CRS again.
    part = f"ST_AsGML(3, ST_SetSRID(part.geom, 0), {_DECIMALS}, {options}, 'gml', {own} || '.' || part.path[1])"
    parts = f"(SELECT string_agg('<gml:{member}>' || {part} || '</gml:{member}>', '') FROM ST_Dump(g) AS part)"
    start = f"""'<gml:{element} srsName="urn:ogc:def:crs:EPSG::{layer.srid}" gml:id="' || {own} || '">'"""
    return f"CASE WHEN g IS NOT NULL THEN concat({start}, {parts}, '</gml:{element}>') END"


def _bounded_by(srid: int, extents: list[tuple[float, float, float, float]]) -> str:
    """The envelope of all layers, by which programs find the CRS: not all of them look at the geometries for it."""
    from terrafusion import crs

    if not extents:
        return "<gml:boundedBy><gml:Null>missing</gml:Null></gml:boundedBy>"
    lower = [min(extent[axis] for extent in extents) for axis in (0, 1)]
    upper = [max(extent[axis] for extent in extents) for axis in (2, 3)]
    order = -1 if crs.northing_first(srid) else 1
    corners = "".join(
        f"<gml:{name}Corner>{' '.join(map(repr, corner[::order]))}</gml:{name}Corner>"
        for name, corner in (("lower", lower), ("upper", upper))
    )
    envelope = f'<gml:Envelope srsName="urn:ogc:def:crs:EPSG::{srid}" srsDimension="2">{corners}</gml:Envelope>'
    return f"<gml:boundedBy>{envelope}</gml:boundedBy>"


def _schema(layers: tuple[LayerPlan, ...]) -> str:
    """The application schema, as the GML drivers of common programs know how to read it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<xs:schema targetNamespace="{NAMESPACE}" xmlns:t="{NAMESPACE}" xmlns:gml="{_GML}" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">\n'
        f'<xs:import namespace="{_GML}" schemaLocation="{_SCHEMA_OF_GML}"/>\n'
        '<xs:element name="FeatureCollection" substitutionGroup="gml:AbstractFeature">'
        "<xs:complexType><xs:complexContent>"
        '<xs:extension base="gml:AbstractFeatureType"><xs:sequence minOccurs="0" maxOccurs="unbounded">'
        '<xs:element name="featureMember"><xs:complexType><xs:complexContent>'
        '<xs:extension base="gml:AbstractFeatureMemberType"><xs:sequence><xs:element ref="gml:AbstractFeature"/>'
        "</xs:sequence></xs:extension></xs:complexContent></xs:complexType></xs:element>"
        "</xs:sequence></xs:extension></xs:complexContent></xs:complexType></xs:element>\n"
        f"{''.join(map(_feature_type, layers))}</xs:schema>\n"
    )


def _feature_type(layer: LayerPlan) -> str:
    kind = _MULTI.get(layer.geometry_type, (layer.geometry_type,))[0]
    *fields, geometry = names(layer)
    elements = [f'<xs:element name="{geometry}" type="gml:{kind}PropertyType" minOccurs="0"/>']
    for column, name in zip(layer.columns, fields, strict=True):
        elements.append(f'<xs:element name="{name}" type="xs:{_TYPES[column.type]}" minOccurs="0"/>')
    lines = "\n".join(elements)
    return (
        f'<xs:element name="{layer.name}" type="t:{layer.name}_Type" substitutionGroup="gml:AbstractFeature"/>\n'
        f'<xs:complexType name="{layer.name}_Type"><xs:complexContent><xs:extension base="gml:AbstractFeatureType">'
        f"<xs:sequence>\n{lines}\n</xs:sequence></xs:extension></xs:complexContent></xs:complexType>\n"
    )


def _shape(feature: Element) -> shapely.Geometry | None:
    """The parts of the feature's geometry, in the order of the axes of its CRS."""
    import shapely

    parts = []
    for polygon in feature.iter(f"{_TAG}Polygon"):
        shell, *holes = (_positions(ring) for ring in polygon.iter(f"{_TAG}posList"))
        parts.append(shapely.Polygon(shell, holes))
    if not parts:
        parts = [shapely.LineString(_positions(line)) for line in feature.iter(f"{_TAG}posList")]
    if not parts:
        parts = [shapely.Point(_positions(point)) for point in feature.iter(f"{_TAG}pos")]
    return shapely.GeometryCollection(parts) if parts else None


def _northing_first(feature: Any) -> bool | None:
    """Whether the CRS that the feature's geometry names has its axes the other way round than x, y; None for none."""
    from terrafusion import crs

    named = (element.get("srsName") for element in feature.iter())
    return next((crs.northing_first(int(name.rpartition(":")[2])) for name in named if name), None)


def _positions(element: Element) -> NDArray[np.float64]:
    import numpy as np

    return np.array((element.text or "").split(), dtype=float).reshape(-1, 2)


FORMAT = GML()
