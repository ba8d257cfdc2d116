"""Curves of ISO WKB as lines: shapely has no circular arcs, and neither have most programs that read an export."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

_WIDEST = math.pi / 4  # that one chord spans, so that also the smallest circle keeps an area
_POINT, _LINE, _POLYGON, _ARCS, _TRIANGLE = 1, 2, 3, 8, 17
_JOINED = 9  # a compound curve: lines and arcs, end to end
_CURVE_POLYGON = 10
_COLLECTIONS = {  # code -> what its members make
    4: shapely.multipoints,
    5: shapely.multilinestrings,
    6: shapely.multipolygons,
    7: shapely.geometrycollections,
    11: shapely.multilinestrings,
    12: shapely.multipolygons,
    15: shapely.multipolygons,  # polyhedral surface
    16: shapely.multipolygons,  # TIN
}
_DEEPEST = 32
Points = NDArray[np.float64]


def linear(wkb: bytes, tolerance: float) -> tuple[shapely.Geometry, bool, bool]:
    """The geometry in two dimensions, whether it had arcs, and whether it had Z or M. A chord leaves its arc by at most
    ``tolerance``, in the units of the coordinates; both directions of an arc have the same vertices, so that neighbors
    still touch. Raises ``ValueError`` for what is no WKB."""
    reader = _Reader(wkb, tolerance)
    try:
        shape = reader.geometry()
    except (struct.error, IndexError, KeyError, TypeError, shapely.errors.GEOSException) as error:
        raise ValueError("not a geometry") from error
    return shape, reader.curved, reader.deep


@dataclass
class _Reader:
    wkb: bytes
    tolerance: float
    at: int = 0
    depth: int = 0
    curved: bool = False
    deep: bool = False

    def geometry(self) -> shapely.Geometry:
        code, order, dimensions = self._head()
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError("nested too deeply")
        shape = self._body(code, order, dimensions)
        self.depth -= 1
        return shape

    def _body(self, code: int, order: str, dimensions: int) -> shapely.Geometry:
        if code == _POINT:
            point = self._points(order, dimensions, 1)[0]
            return shapely.Point() if np.isnan(point).all() else shapely.Point(point)
        if code in (_LINE, _ARCS):
            points = self._points(order, dimensions, self._count(order))
            return shapely.LineString(self._arcs(points) if code == _ARCS else points)
        if code in (_POLYGON, _TRIANGLE):
            rings = [self._points(order, dimensions, self._count(order)) for _ in range(self._count(order))]
            return _polygon(rings)
        members = [self.geometry() for _ in range(self._count(order))]
        if code == _CURVE_POLYGON:
            return _polygon([shapely.get_coordinates(ring) for ring in members])
        if code == _JOINED:
            parts = [shapely.get_coordinates(member) for member in members]
            return shapely.LineString(np.concatenate([parts[0], *(part[1:] for part in parts[1:])]) if parts else [])
        make: Callable[..., shapely.Geometry] = _COLLECTIONS[code]
        return make(members)

    def _head(self) -> tuple[int, str, int]:
        order = "<" if self.wkb[self.at] else ">"
        (code,) = struct.unpack_from(order + "I", self.wkb, self.at + 1)
        self.at += 5
        dimensions = 2 + bool(code & 0x80000000) + bool(code & 0x40000000)
        if code & 0x20000000:
            self.at += 4  # an SRID
        code &= 0x0FFFFFFF
        dimensions += {0: 0, 1: 1, 2: 1, 3: 2}[code // 1000]
        self.deep |= dimensions > 2
        return code % 1000, order, dimensions

    def _count(self, order: str) -> int:
        (count,) = struct.unpack_from(order + "I", self.wkb, self.at)
        self.at += 4
        if count > len(self.wkb):
            raise ValueError("breaks off")
        return int(count)

    def _points(self, order: str, dimensions: int, count: int) -> Points:
        size = 8 * dimensions * count
        if self.at + size > len(self.wkb):
            raise ValueError("breaks off")
        points = np.frombuffer(self.wkb, order + "f8", dimensions * count, self.at).reshape(count, dimensions)
        self.at += size
        return points[:, :2].astype(float)

    def _arcs(self, points: Points) -> Points:
        if len(points) < 3:
            return points
        self.curved = True
        arcs = [points[:1]]
        for start in range(0, len(points) - 2, 2):
            arcs.append(_arc(points[start], points[start + 1], points[start + 2], self.tolerance)[1:])
        return np.concatenate(arcs)


def _polygon(rings: list[Points]) -> shapely.Geometry:
    if not rings:
        return shapely.Polygon()
    closed = [ring if (ring[0] == ring[-1]).all() else np.vstack([ring, ring[:1]]) for ring in rings]
    return shapely.Polygon(closed[0], closed[1:])


def _arc(start: Points, middle: Points, end: Points, tolerance: float) -> Points:
    if tuple(end) < tuple(start):
        return _arc(end, middle, start, tolerance)[::-1]
    if (start == end).all():  # a circle, whose middle point lies opposite
        center, sweep = (start + middle) / 2, 2 * math.pi
    else:
        (x1, y1), (x2, y2) = middle - start, end - start
        twice = 2 * (x1 * y2 - y1 * x2)
        if abs(twice) <= 1e-12 * ((x1**2 + y1**2) + (x2**2 + y2**2)):
            return np.array([start, middle, end])  # on one line
        first, second = x1**2 + y1**2, x2**2 + y2**2
        center = start + np.array([y2 * first - y1 * second, x1 * second - x2 * first]) / twice
        angles = [math.atan2(point[1] - center[1], point[0] - center[0]) for point in (start, middle, end)]
        sweep = (angles[2] - angles[0]) % (2 * math.pi)
        if (angles[1] - angles[0]) % (2 * math.pi) > sweep:
            sweep -= 2 * math.pi
    radius = math.dist(start, center)
    if radius == 0:
        return np.array([start, end])
    step = min(_WIDEST, 2 * math.acos(max(1 - tolerance / radius, 0)))
    count = max(2, math.ceil(abs(sweep) / step)) if step > 0 else 2
    angle = math.atan2(start[1] - center[1], start[0] - center[0]) + np.linspace(0, sweep, count + 1)
    points = center + radius * np.column_stack([np.cos(angle), np.sin(angle)])
    points[0], points[-1] = start, end
    return points
