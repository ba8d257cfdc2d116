"""GeoJSON, RFC 7946."""

from __future__ import annotations

import json

from gis_export.formats.base import concat, literal
from gis_export.formats.text import TextFormat
from gis_export.plan import LayerPlan, Totals

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
    bytes_per_record = 800
    separator = ",\n"
    marker = b'{"type":"Feature","geometry":'

    def header(self, layer: LayerPlan) -> str:
        return f'{{"type":"FeatureCollection","name":{json.dumps(layer.name)},"features":[\n'

    def feature(self, layer: LayerPlan, *, plain: bool) -> str:
        return feature(layer)

    def footer(self, layer: LayerPlan, source: Totals) -> str:
        # The bbox is known for certain only now; the order of members has no meaning in JSON.
        bbox = f',"bbox":{json.dumps([round(x, DECIMALS) for x in source.extent])}' if source.extent else ""
        return f"\n]{bbox}}}\n"


def feature(layer: LayerPlan) -> str:
    """SQL of one Feature object."""
    surface = "ST_ForcePolygonCCW(g)" if layer.geometry_type == "MultiPolygon" else "g"
    parts = [
        """'{"type":"Feature","geometry":'""",
        f"coalesce(ST_AsGeoJSON({surface}, {DECIMALS}), 'null')",
        """',"properties":{'""",
    ]
    for i, column in enumerate(layer.columns):
        parts.append(literal(("," if i else "") + json.dumps(column.name) + ":"))
        value = f"c{i}" if column.type in {"integer", "boolean"} else f"to_json(c{i})"
        parts.append(f"coalesce({value}::text, 'null')")
    return concat([*parts, "'}}'"])


FORMAT = GeoJSON()
