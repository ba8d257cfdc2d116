"""GeoJSON text sequences, RFC 8142: GeoJSON's features, each a text of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats.base import Reader
from gis_export.formats.geojson import DECIMALS, GeoJSON
from gis_export.formats.text import Piece
from gis_export.plan import LayerPlan

if TYPE_CHECKING:
    from gis_export.content import Content, Recorded


class GeoJSONSeq(GeoJSON):
    name = "GeoJSONSeq"
    label = "GeoJSON text sequence (RFC 8142)"
    extension = "geojsons"
    media_type = "application/geo+json-seq"
    description = "One GeoJSON feature a line, in WGS 84, for programs that read features as they come."
    notes = (
        "Each feature stands between the record separator (U+001E) and a line feed, as RFC 8142 demands.",
        "As in GeoJSON: longitude and latitude in WGS 84 (EPSG:4326), exterior rings counter-clockwise, "
        f"{DECIMALS} decimals.",
    )
    has_bbox = False
    in_parts = "merged"
    separator = ""

    def header(self, layer: LayerPlan) -> str:
        return ""

    def feature(self, layer: LayerPlan) -> list[Piece]:
        return ["\x1e", *super().feature(layer), "\n"]

    def footer(self, reader: Reader) -> str:
        return ""

    def verify(self, path: Path, recorded: Recorded) -> Content:
        """GDAL knows a sequence by its first feature; one of none is an empty file."""
        from gis_export.content import Content

        return super().verify(path, recorded) if path.stat().st_size else Content()


FORMAT = GeoJSONSeq()
