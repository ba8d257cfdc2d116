"""The box of a layer on a round world: across 180 degrees its west is beyond its east (RFC 7946 section 5.2)."""

from __future__ import annotations

from gis_export.formats.base import Reader

Box = tuple[float, float, float, float]

_PARTS = "SELECT ST_XMin(part) AS west, ST_XMax(part) AS east"
"""Parts end at the meridian, so that each lies on one side."""


def bbox(reader: Reader, around: float = 360.0) -> Box | None:
    """(west, south, east, north) of the layer's shapes, in units of its CRS, in which ``around`` is once around the
    world; west is greater than east where the shapes are narrower that way. None where there are none.

    The shapes are looked at once more only where they span more than half of the world."""
    extent = reader.source().extent
    if extent is None or extent[2] - extent[0] <= around / 2:
        return extent
    sides = reader.row(
        "SELECT min(p.west) FILTER (WHERE p.west >= 0) AS west, max(p.east) FILTER (WHERE p.west < 0) AS east, "
        "bool_or(p.west < 0 AND p.east > 0) AS both",
        each=f"LATERAL ({_PARTS} FROM (SELECT (ST_Dump(f.g)).geom AS part) AS parts) AS p",
    )
    west, east = sides["west"], sides["east"]
    if sides["both"] or west is None or east is None or east + around - west >= extent[2] - extent[0]:
        return extent
    return west, extent[1], east, extent[3]
