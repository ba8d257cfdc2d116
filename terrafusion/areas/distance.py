"""Distances on the ground, at any latitude.

A shape is cut into tiles; each is drawn in an azimuthal equidistant projection round its own middle, in which the
distances are right to 0.02% over the tile and what lies within 100 km of it, buffered there, and brought back.
Arcs are drawn with 128 corners to the circle, which keeps them within 0.03% of the distance, inside. Together the
polygon is within 0.05% of the distance, or 1 cm; which rows lie within it is asked of PostGIS's geography, which is
exact (``rows``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from terrafusion.areas import antimeridian
from terrafusion.areas.area import SRID
from terrafusion.areas.errors import AreaError

METERS_PER_DEGREE = 111_320.0
_RADIUS = 6_371_000.0
_TILE = 150_000.0
_MAX_TILES = 300
_CORNERS = 32  # to the quarter of a circle


def around(shape: BaseGeometry, meters: float) -> BaseGeometry:
    """Everything within ``meters`` of the shape, both in EPSG:4326; the shape itself for 0."""
    if meters == 0:
        return shape
    tiles = list(_tiles(shape))  # all of them first: what is too large is refused before any work
    return shapely.union_all([_around(tile, meters) for tile in tiles])


def edge_step(meters: float, latitude: float) -> float:
    """How long an edge may be, in meters, so that a straight line in longitude and latitude and the shortest way on the
    ground are apart by no more than a ten-thousandth of ``meters``, or a millimeter where that is more."""
    apart = max(meters * 1e-4, 0.001)
    bend = max(math.tan(math.radians(min(abs(latitude), 89))), 0.05)
    return max(math.sqrt(8 * _RADIUS * apart / bend), 100.0)


def densified(shape: BaseGeometry, meters: float) -> BaseGeometry:
    """The same shape, its edges short enough for distances of ``meters``."""
    _, south, _, north = shape.bounds
    step = edge_step(meters, max(abs(south), abs(north)))
    return shapely.segmentize(shape, step / METERS_PER_DEGREE)


def _tiles(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    waiting, given = [shape], 0
    while waiting:
        tile = waiting.pop()
        west, south, east, north = tile.bounds
        width = (east - west) * math.cos(math.radians(min(abs(south), abs(north)))) * METERS_PER_DEGREE
        height = (north - south) * METERS_PER_DEGREE
        if max(width, height) <= _TILE:
            yield tile
            given += 1
        elif width > height:
            middle = (west + east) / 2
            halves = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
            waiting += _cut(tile, halves)
        else:
            middle = (south + north) / 2
            waiting += _cut(tile, [shapely.box(west, south, east, middle), shapely.box(west, middle, east, north)])
        if given + len(waiting) > _MAX_TILES:
            raise AreaError("What the distance is measured from is too large: give it in smaller pieces.")


def _cut(tile: BaseGeometry, halves: list[BaseGeometry]) -> list[BaseGeometry]:
    return [piece for half in halves if not (piece := shapely.intersection(tile, half)).is_empty]


def _around(tile: BaseGeometry, meters: float) -> BaseGeometry:
    middle = shapely.box(*tile.bounds).centroid
    system = pyproj.CRS.from_dict({"proj": "aeqd", "lon_0": middle.x, "lat_0": middle.y, "datum": "WGS84"})
    there = pyproj.Transformer.from_crs(SRID, system, always_xy=True)
    flat = shapely.transform(
        densified(tile, meters), lambda p: np.column_stack(there.transform(p[:, 0], p[:, 1])), include_z=False
    )
    reach = shapely.buffer(flat, meters, quad_segs=_CORNERS)
    reach = shapely.segmentize(reach, edge_step(meters, abs(middle.y) + meters / METERS_PER_DEGREE))
    back = shapely.transform(
        reach, lambda p: np.column_stack(there.transform(p[:, 0], p[:, 1], direction="INVERSE")), include_z=False
    )
    shape = antimeridian.split(back)
    return shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)
