"""KML 2.2 (OGC 07-147r2) with typed ExtendedData."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from gis_export.formats.base import as_text, concat, literal
from gis_export.formats.text import TextFormat
from gis_export.plan import Column, LayerPlan, Loss, Totals

# XML 1.0 section 2.2 allows no control character but tab, line feed and carriage return.
_CONTROL = [code for code in range(1, 32) if code not in (9, 10, 13)]
_FORBIDDEN = "E'" + "".join(f"\\x{code:02x}" for code in _CONTROL) + "\\uFFFE\\uFFFF'"
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
    special = r"[&<>\u0001-\u0008\u000b-\u001f\ufffe\uffff]"

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        schemas = "".join(_schema(layer) for layer in layers)
        path.write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
            f"<name>{escape(path.stem)}</name>\n{schemas}",
            encoding="utf-8",
        )

    def header(self, layer: LayerPlan) -> str:
        return f"<Folder><name>{escape(layer.name)}</name><description>{escape(layer.description)}</description>\n"

    def feature(self, layer: LayerPlan, *, plain: bool) -> str:
        parts = ["'<Placemark>'"]
        if layer.columns:
            parts.append(f"'<name>' || {_value(0, layer.columns[0], plain)} || '</name>'")
        parts.append(literal(f'<ExtendedData><SchemaData schemaUrl="#{layer.name}">'))
        for i, column in enumerate(layer.columns):
            tag = literal(f"<SimpleData name={quoteattr(column.name)}>")
            parts.append(f"{tag} || {_value(i, column, plain)} || '</SimpleData>'")
        parts += ["'</SchemaData></ExtendedData>'", f"ST_AsKML(g, {_DECIMALS})", r"E'</Placemark>\n'"]
        return concat(parts)

    def footer(self, layer: LayerPlan, source: Totals) -> str:
        return "</Folder>\n"

    def finish(self, path: Path) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write("</Document></kml>\n")

    def counters(self, layer: LayerPlan) -> dict[str, str]:
        texts = [f"c{i}" for i, column in enumerate(layer.columns) if column.type == "text"]
        lost = [f"coalesce((translate({text}, {_FORBIDDEN}, '') <> {text})::int, 0)" for text in texts]
        return {"cleaned": " + ".join(lost) or "0"}

    def losses(self, layer: LayerPlan, counted: dict[str, int]) -> list[Loss]:
        losses = [
            Loss(layer.name, "retyped", "A 64-bit integer is declared as double.", field=column.name)
            for column in layer.columns
            if column.type == "integer"
        ]
        if count := counted["cleaned"]:
            losses.append(Loss(layer.name, "altered", "Characters that XML forbids were dropped.", count=count))
        return losses


def _schema(layer: LayerPlan) -> str:
    fields = "".join(
        f"<SimpleField name={quoteattr(column.name)} type={quoteattr(_TYPES.get(column.type, 'string'))}/>"
        for column in layer.columns
    )
    return f'<Schema name="{layer.name}" id="{layer.name}">{fields}</Schema>\n'


def _value(index: int, column: Column, plain: bool) -> str:
    if plain or column.type != "text":
        return as_text(column, f"c{index}")
    value = f"translate(c{index}, {_FORBIDDEN}, '')"
    # XML readers make a line feed of a bare carriage return.
    for character, entity in (("'&'", "&amp;"), ("'<'", "&lt;"), ("'>'", "&gt;"), (r"E'\r'", "&#13;")):
        value = f"replace({value}, {character}, '{entity}')"
    return value


FORMAT = KML()
