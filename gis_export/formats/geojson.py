"""GeoJSON, RFC 7946."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats import world
from gis_export.formats.base import SPOILED, Reader, rounded
from gis_export.formats.sizes import Size
from gis_export.formats.text import Piece, TextFormat, Value, replaced, value
from gis_export.plan import ColumnPlan, LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa

    from gis_export.content import Content, Recorded

DECIMALS = 7
"""RFC 7946 section 11.2 advises against more than needed; seven are about a centimeter."""
NUMBERS_AS_TEXTS = "Numbers that JSON does not have, such as NaN, are texts."
# RFC 8259 section 7; the backslash first.
_SPECIAL = {character: json.dumps(character)[1:-1] for character in ("\\", '"', *map(chr, range(1, 32)))}


class GeoJSON(TextFormat):
    name = "GeoJSON"
    label = "GeoJSON (RFC 7946)"
    extension = "geojson"
    media_type = "application/geo+json"
    description = "One FeatureCollection a layer, in WGS 84, for web maps and programs."
    notes = (
        "Always longitude and latitude in WGS 84 (EPSG:4326), as RFC 7946 demands.",
        f"Coordinates have {DECIMALS} decimals, about a centimeter, where precision asks for no other; exterior rings "
        "run counter-clockwise.",
    )
    may_lose = {"altered": f"Coordinates are rounded to {DECIMALS} decimals. {SPOILED} {NUMBERS_AS_TEXTS}"}
    fixed_srid = 4326
    decimals = DECIMALS
    has_bbox = True
    size = Size(file=180, field=0, packed_file=330)
    separator = ",\n"
    marker = b"\n"  # of the separator; JSON has it nowhere in a text
    not_finite = {text: f'"{text}"' for text in TextFormat.not_finite}

    def header(self, layer: LayerPlan) -> str:
        return f'{{"type":"FeatureCollection","name":{json.dumps(layer.name)},"features":[\n'

    def feature(self, layer: LayerPlan) -> list[Piece]:
        surface = "ST_ForcePolygonCCW(g)" if layer.geometry_type == "MultiPolygon" else "g"
        geometry = Value(f"ST_AsGeoJSON({surface}, {layer.decimals(DECIMALS)})", absent="null")
        pieces: list[Piece] = ['{"type":"Feature","geometry":', geometry, ',"properties":{']
        for i, column in enumerate(layer.columns):
            pieces += [("," if i else "") + json.dumps(column.name) + ":", _value(i, column)]
        return [*pieces, "}}"]

    def escape(self, texts: pa.StringArray, counts: Counter[str]) -> pa.StringArray:
        return replaced(texts, _SPECIAL)

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        count = counts["not_finite"]
        texts = [Loss(layer.name, "altered", NUMBERS_AS_TEXTS, count=count)] if count else []
        return [*rounded(layer, DECIMALS), *texts]

    def footer(self, reader: Reader) -> str:
        # The bbox is known for certain only now; the order of members has no meaning in JSON.
        decimals = reader.layer.decimals(DECIMALS)
        known = world.bbox(reader)
        bbox = f',"bbox":{json.dumps([round(x, decimals) for x in known])}' if known else ""
        return f"\n]{bbox}}}\n"

    def verify(self, path: Path, recorded: Recorded) -> Content:
        from gis_export.content import by_gdal

        return by_gdal(path, recorded)


def _value(index: int, column: ColumnPlan) -> Value:
    quote = "" if column.type in {"integer", "real", "boolean"} else '"'
    return value(index, column, quote, quote, "null")


FORMAT = GeoJSON()
