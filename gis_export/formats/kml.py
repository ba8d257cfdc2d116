"""KML 2.2 (OGC 07-147r2) with typed ExtendedData."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from gis_export.formats.text import Piece, TextFormat, Value, contains, value
from gis_export.plan import LayerPlan, Loss, Totals

if TYPE_CHECKING:
    import pyarrow as pa

# XML 1.0 section 2.2 allows no control character but tab, line feed and carriage return.
_CONTROL = bytes(code for code in range(1, 32) if code not in (9, 10, 13))
_FORBIDDEN = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}]"
_NONCHARACTERS = b"\xef"  # with which U+FFFE and U+FFFF begin in UTF-8
# XML readers make a line feed of a bare carriage return.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}  # the ampersand first
# KML's "int" has 32 bits (section 9.8), so a double carries the registry's 64-bit integers.
_TYPES = {"integer": "double", "real": "double", "boolean": "bool"}
_DECIMALS = 7


class KML(TextFormat):
    name = "KML"
    label = "KML 2.2"
    extension = "kml"
    media_type = "application/vnd.google-earth.kml+xml"
    description = "For Google Earth: a folder a layer, attributes as typed extended data."
    notes = (
        "Always longitude and latitude in WGS 84 (EPSG:4326).",
        "Characters that XML forbids are dropped and counted in the loss report.",
        "Whole numbers are declared as double, for KML's own integer has 32 bits only; their digits are exact.",
    )
    may_lose = {
        "retyped": "A 64-bit integer is declared as double.",
        "altered": "Characters that XML forbids are dropped.",
    }
    multi_layer = True
    fixed_srid = 4326
    bytes_per_record = 2000
    marker = b"<Placemark>"

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        schemas = "".join(_schema(layer) for layer in layers)
        path.write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
            f"<name>{escape(', '.join(layer.title for layer in layers))}</name>\n{schemas}",
            encoding="utf-8",
        )

    def header(self, layer: LayerPlan) -> str:
        return f"<Folder><name>{escape(layer.name)}</name><description>{escape(layer.description)}</description>\n"

    def feature(self, layer: LayerPlan) -> list[Piece]:
        pieces: list[Piece] = ["<Placemark>"]
        if layer.columns:
            pieces.append(value(0, layer.columns[0], "<name>", "</name>"))
        pieces.append(f'<ExtendedData><SchemaData schemaUrl="#{layer.name}">')
        for i, column in enumerate(layer.columns):
            pieces.append(value(i, column, f"<SimpleData name={quoteattr(column.name)}>", "</SimpleData>"))
        return [*pieces, "</SchemaData></ExtendedData>", Value(f"ST_AsKML(g, {_DECIMALS})"), "</Placemark>\n"]

    def escape(self, texts: pa.StringArray, counts: Counter[str]) -> pa.StringArray:
        import pyarrow.compute as pc

        if contains(texts, _CONTROL + _NONCHARACTERS):
            clean = pc.replace_substring_regex(texts, _FORBIDDEN, "")
            counts["cleaned"] += pc.sum(pc.not_equal(clean, texts)).as_py() or 0
            texts = clean
        for character, entity in _ENTITIES.items():
            if contains(texts, character.encode()):
                texts = pc.replace_substring(texts, character, entity)
        return texts

    def footer(self, layer: LayerPlan, source: Totals) -> str:
        return "</Folder>\n"

    def finish(self, path: Path) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write("</Document></kml>\n")

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        losses = [
            Loss(layer.name, "retyped", "A 64-bit integer is declared as double.", field=column.name)
            for column in layer.columns
            if column.type == "integer"
        ]
        if count := counts["cleaned"]:
            losses.append(Loss(layer.name, "altered", "Characters that XML forbids were dropped.", count=count))
        return losses


def _schema(layer: LayerPlan) -> str:
    fields = "".join(
        f"<SimpleField name={quoteattr(column.name)} type={quoteattr(_TYPES.get(column.type, 'string'))}/>"
        for column in layer.columns
    )
    return f'<Schema name="{layer.name}" id="{layer.name}">{fields}</Schema>\n'


FORMAT = KML()
