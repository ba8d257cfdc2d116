"""Polygons that cross the antimeridian, where longitude jumps from 180 to -180: found, and split there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from terrafusion.areas.area import polygonal
from terrafusion.areas.errors import AreaError

NOTE = "The area crosses the antimeridian and was split there."
UNDERSTOOD = (
    "The area has edges of more than 180 degrees of longitude: they were taken the shorter way, across the "
    "antimeridian, and the area was split there."
)
_WORLD = shapely.box(-180, -90, 180, 90)


def split(geometry: BaseGeometry) -> BaseGeometry:
    """The same polygons without jumps. ``geometry`` may be one of which neighboring vertices lie on both sides; the
    shorter way between them is meant. Raises ``AreaError`` for one that goes round a pole."""
    polygons = shapely.get_parts(geometry)
    if not any(_jumps(ring) for polygon in polygons for ring in [polygon.exterior, *polygon.interiors]):
        return geometry
    return shapely.union_all([piece for polygon in polygons for piece in _pieces(_unwrapped(polygon))])


def understood(geometry: BaseGeometry) -> BaseGeometry:
    """Polygons as someone gave them, of finite longitudes from -180 to 180: an edge from [179, 51] to [-179, 51] is
    meant the shorter way, across the antimeridian. The same object where none is; an edge from -180 to 180 is one
    around the world. What would not be valid is left as it is. Raises ``AreaError`` as ``split``."""
    rings = [ring for part in shapely.get_parts(geometry) for ring in [part.exterior, *part.interiors]]
    steps = [np.abs(np.diff(shapely.get_coordinates(ring)[:, 0])) for ring in rings]
    if not any(((step > 180) & (step < 360)).any() for step in steps):
        return geometry
    if not all(_unwrapped(part).is_valid for part in shapely.get_parts(geometry)):
        return geometry
    return split(geometry)


def _jumps(ring: shapely.LinearRing) -> bool:
    return bool((np.abs(np.diff(shapely.get_coordinates(ring)[:, 0])) > 180).any())


def _unwrapped(polygon: shapely.Polygon) -> shapely.Polygon:
    """The polygon with longitudes that run on beyond 180."""
    shell, *holes = (_ring(ring) for ring in [polygon.exterior, *polygon.interiors])
    for hole in holes:  # by whole turns to where the shell is
        hole[:, 0] += 360 * np.round((shell[:, 0].mean() - hole[:, 0].mean()) / 360)
    return shapely.Polygon(shell, holes)


def _ring(ring: shapely.LinearRing) -> NDArray[np.float64]:
    positions: NDArray[np.float64] = shapely.get_coordinates(ring).copy()
    steps = np.diff(positions[:, 0])
    positions[1:, 0] = positions[0, 0] + np.cumsum(steps - 360 * np.round(steps / 360))
    if abs(positions[-1, 0] - positions[0, 0]) > 180:
        raise AreaError("The area goes round a pole, which no map in longitude and latitude can show: leave it out.")
    return positions


def _pieces(polygon: shapely.Polygon) -> list[BaseGeometry]:
    west, _, east, _ = polygon.bounds
    turns = range(int(np.floor((west + 180) / 360)), int(np.ceil((east - 180) / 360)) + 1)
    return [polygonal(shapely.intersection(shapely.transform(polygon, _turned(turn)), _WORLD)) for turn in turns]


def _turned(turns: int) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    return lambda positions: positions - [360 * turns, 0]
