"""GeoJSON, RFC 7946."""

from __future__ import annotations

import json

from gis_export.formats.base import concat, literal
from gis_export.formats.text import TextFormat
from gis_export.plan import Column, LayerPlan, Totals

DECIMALS = 7
"""RFC 7946 section 11.2 advises against more than needed; seven are about a centimetre."""


class GeoJSON(TextFormat):
    name = "GeoJSON"
    label = "GeoJSON (RFC 7946)"
    extension = "geojson"
    media_type = "application/geo+json"
    description = "One FeatureCollection a layer, in WGS 84, for web maps and programs."
    notes = (
        "Always longitude and latitude in WGS 84 (EPSG:4326), as RFC 7946 demands.",
        f"Coordinates have {DECIMALS} decimals, about a centimetre; exterior rings run counter-clockwise.",
    )
    fixed_srid = 4326
    has_bbox = True
    bytes_per_record = 800
    separator = ",\n"
    special = r'["\\\u0001-\u001f]'  # RFC 8259 section 7
    marker = b'{"type":"Feature","geometry":'

    def header(self, layer: LayerPlan) -> str:
        return f'{{"type":"FeatureCollection","name":{json.dumps(layer.name)},"features":[\n'

    def feature(self, layer: LayerPlan, *, plain: bool) -> str:
        return feature(layer, plain=plain)

    def footer(self, layer: LayerPlan, source: Totals) -> str:
        # The bbox is known for certain only now; the order of members has no meaning in JSON.
        bbox = f',"bbox":{json.dumps([round(x, DECIMALS) for x in source.extent])}' if source.extent else ""
        return f"\n]{bbox}}}\n"


def feature(layer: LayerPlan, *, plain: bool) -> str:
    """SQL of one Feature object; ``plain``: no text of the row needs escaping."""
    surface = "ST_ForcePolygonCCW(g)" if layer.geometry_type == "MultiPolygon" else "g"
    parts = [
        """'{"type":"Feature","geometry":'""",
        f"coalesce(ST_AsGeoJSON({surface}, {DECIMALS}), 'null')",
        """',"properties":{'""",
    ]
    for i, column in enumerate(layer.columns):
        parts.append(literal(("," if i else "") + json.dumps(column.name) + ":"))
        parts.append(f"coalesce({_value(i, column, plain)}, 'null')")
    return concat([*parts, "'}}'"])


def _value(index: int, column: Column, plain: bool) -> str:
    if column.type in {"integer", "boolean"}:
        return f"c{index}::text"
    if plain and column.type == "text":
        return f"""'"' || c{index} || '"'"""
    return f"to_json(c{index})::text"


FORMAT = GeoJSON()
