"""KML 2.2 (OGC 07-147r2) with typed ExtendedData."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from gis_export.formats.base import EMPTY_GEOMETRY, SPOILED, Reader, rounded
from gis_export.formats.markup import FORBIDDEN_DROPPED, XmlFormat
from gis_export.formats.sizes import Size
from gis_export.formats.text import Piece, Value, value
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa

    from gis_export.content import Content, Recorded

# KML's "int" has 32 bits (section 9.8), so a double carries the registry's 64-bit integers.
_TYPES = {"integer": "double", "real": "double", "boolean": "bool"}
_DECIMALS = 7


@dataclass(frozen=True)
class _Geometry(Value):
    """An empty text is that of an empty geometry, for which KML has no element."""


class KML(XmlFormat):
    name = "KML"
    label = "KML 2.2"
    extension = "kml"
    media_type = "application/vnd.google-earth.kml+xml"
    description = "For Google Earth: a document a layer, with its attributes as typed extended data."
    notes = (
        "Always longitude and latitude in WGS 84 (EPSG:4326).",
        "Characters that XML forbids are dropped and counted in the loss report.",
        "True and false are 1 and 0.",
        "Whole numbers are declared as double, for KML's own integer has 32 bits only; their digits are exact.",
    )
    may_lose = {
        "retyped": "A 64-bit integer is declared as double.",
        "altered": f"Coordinates are rounded to {_DECIMALS} decimals. {SPOILED} {FORBIDDEN_DROPPED} {EMPTY_GEOMETRY}",
    }
    multi_layer = True
    boundary_layer = True
    fixed_srid = 4326
    decimals = _DECIMALS
    size = Size(file=340, field=60, packed_file=420, packed_field=14)
    marker = b"<Placemark>"

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        super().begin(path, layers)
        self.put(
            '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
            f"<name>{escape(', '.join(layer.title for layer in layers))}</name>\n"
        )

    def header(self, layer: LayerPlan) -> str:
        described = f"<name>{escape(layer.name)}</name><description>{escape(layer.description)}</description>"
        return f"<Document>{described}\n{_schema(layer)}"  # in a Folder, GDAL finds no schema of a KMZ

    def feature(self, layer: LayerPlan) -> list[Piece]:
        pieces: list[Piece] = ["<Placemark>"]
        if layer.columns:
            pieces.append(value(0, layer.columns[0], "<name>", "</name>"))
        pieces.append(f'<ExtendedData><SchemaData schemaUrl="#{layer.name}">')
        for i, column in enumerate(layer.columns):
            cell = value(i, column, f"<SimpleData name={quoteattr(column.name)}>", "</SimpleData>")
            # GDAL before 3.7 reads the words true and false as 0.
            pieces.append(replace(cell, sql=f"c{i}::int::text") if column.type == "boolean" else cell)
        return [
            *pieces,
            "</SchemaData></ExtendedData>",
            _Geometry(f"coalesce(ST_AsKML(g, {layer.decimals(_DECIMALS)}), CASE WHEN g IS NOT NULL THEN '' END)"),
            "</Placemark>\n",
        ]

    def parts(self, values: pa.Array, piece: Value, counts: Counter[str]) -> list[Any]:
        import pyarrow.compute as pc

        if isinstance(piece, _Geometry):
            counts["empty"] += pc.sum(pc.equal(values, "")).as_py() or 0
        return super().parts(values, piece, counts)

    def footer(self, reader: Reader) -> str:
        return "</Document>\n"

    def finish(self, path: Path) -> str:
        self.put("</Document></kml>\n")
        return super().finish(path)

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        retyped = [
            Loss(layer.name, "retyped", "A 64-bit integer is declared as double.", field=column.name)
            for column in layer.columns
            if column.type == "integer"
        ]
        empty = [Loss(layer.name, "altered", EMPTY_GEOMETRY, count=counts["empty"])] if counts["empty"] else []
        return [*retyped, *rounded(layer, _DECIMALS), *empty, *super().losses(layer, counts)]

    def verify(self, path: Path, recorded: Recorded) -> Content:
        from gis_export.content import by_gdal

        return by_gdal(path, recorded, recorded.layer)


def _schema(layer: LayerPlan) -> str:
    fields = "".join(
        f"<SimpleField name={quoteattr(column.name)} type={quoteattr(_TYPES.get(column.type, 'string'))}/>"
        for column in layer.columns
    )
    return f'<Schema name="{layer.name}" id="{layer.name}">{fields}</Schema>\n'


FORMAT = KML()
