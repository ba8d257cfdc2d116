"""What a record is in vector tiles, for estimates. Pure."""

from __future__ import annotations

from gis_export.formats import tile_sql
from gis_export.formats.sizes import Sample

_TAG, _FEATURE, _VERTEX = 1.0, 8.0, 2.5
"""Bytes, packed, of the reference to a value, of a feature beside its values and vertices, and of a vertex."""
_SMALLEST = 5
"""Vertices that are left of any shape."""
_ROUND = 2.0
"""The length of an outline on the grid, by the longer side of its box."""


def record(sample: Sample, zoom: int, points: int) -> float:
    """Bytes of a record, on the average, in all tiles up to ``zoom``, where lower ones have so many ``points`` each.

    It has its attributes in each tile that shows it, packed with those of others, and those of its vertices that are
    apart on the grid of the zoom."""
    attributes = sum(sample.packed_columns) + _TAG * len(sample.layer.columns) + _FEATURE
    each = 0.0
    for z in range(zoom + 1):
        tile = sample.side / tile_sql.WORLD * (1 << z)
        if z == zoom:
            shown = 1.0
        elif sample.layer.geometry_type.endswith("Point"):
            shown = min(1.0, points / sample.total)
        else:
            shown = float(tile * tile_sql.PIXELS >= tile_sql.SMALLEST)
        apart = tile * tile_sql.GRID * _ROUND
        vertices = sample.vertices * apart / max(sample.vertices + apart, 1)
        vertices = max(vertices, min(sample.vertices, _SMALLEST))
        each += shown * ((1 + tile) ** 2 * attributes + vertices * _VERTEX)
    return sample.shapes * each
