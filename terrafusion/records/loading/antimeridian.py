"""Shapes across 180 degrees, as RFC 7946 has them: in parts that end at the meridian."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from terrafusion.records.loading.problems import Mask

_WEST, _EAST = shapely.box(-180, -90, 180, 90), shapely.box(180, -90, 540, 90)
Shapes = NDArray[Any]


def unwrapped(shapes: Shapes) -> tuple[Shapes, Mask]:
    """The shapes with longitudes that do not jump: those across the meridian go from below 180 to above, which
    ``split`` takes apart. The mask has those. A shape is across where it is narrow only when its longitudes below
    zero are counted from 180 on; what already ends at the meridian stays, and so does a box around the world."""
    with np.errstate(invalid="ignore"):
        west, _, east, _ = shapely.bounds(shapes).T
        beyond = ((east > 180) & (east <= 360) & (west > -180)) | ((west < -180) & (west >= -360) & (east < 180))
        suspects = np.flatnonzero(beyond | (east - west > 180))
    across = np.zeros(len(shapes), dtype=bool)
    for index in suspects:
        if beyond[index]:
            moved = _moved(shapes[index], 360.0 * (west[index] < -180))
        else:
            parts = shapely.get_parts(shapes[index])
            turned = [_turned(part) for part in parts]
            if all(new is old for new, old in zip(turned, parts, strict=True)):
                continue
            moved = _together(turned, shapes[index])
        if not across.any():
            shapes = shapes.copy()
        shapes[index], across[index] = moved, True
    return shapes, across


def split(shapes: Shapes, across: Mask) -> Shapes:
    """Those of the mask in parts between -180 and 180 degrees. They must be valid."""
    if not across.any():
        return shapes
    shapes = shapes.copy()
    for index in np.flatnonzero(across):
        dimension = shapely.get_dimensions(shapes[index])
        halves = [
            shapely.intersection(shapes[index], _WEST),
            _moved(shapely.intersection(shapes[index], _EAST), -360.0),
        ]
        parts = [part for half in halves for part in _simple(half) if shapely.get_dimensions(part) == dimension]
        shapes[index] = _together(parts, shapes[index])
    return shapes


def _simple(shape: shapely.Geometry) -> list[shapely.Geometry]:
    return [part for one in shapely.get_parts(shape) for part in shapely.get_parts(one) if not part.is_empty]


def _turned(part: shapely.Geometry) -> shapely.Geometry:
    """The part with its longitudes below zero counted from 180 on, where only so it is narrow."""
    if np.ptp(shapely.get_coordinates(part)[:, 0]) <= 180:
        return part
    turned = shapely.transform(part, lambda x, y: (np.where(x < 0, x + 360, x), y), interleaved=False)
    width = np.ptp(shapely.get_coordinates(turned)[:, 0])
    return turned if 0 < width < 180 else part


def _moved(shape: shapely.Geometry, degrees: float) -> shapely.Geometry:
    return shapely.transform(shape, lambda x, y: (x + degrees, y), interleaved=False)


def _together(parts: list[shapely.Geometry], like: shapely.Geometry) -> shapely.Geometry:
    if len(parts) == 1:
        return parts[0]
    make = {0: shapely.multipoints, 1: shapely.multilinestrings, 2: shapely.multipolygons}
    if shapely.get_type_id(like) == 7:
        return shapely.geometrycollections(parts)
    return make[int(shapely.get_dimensions(like))](parts)
