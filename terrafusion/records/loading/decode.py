"""Geometries out of the WKB of a file: what a reader can mend without changing a shape is mended and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from terrafusion.records.loading import curves
from terrafusion.records.loading.problems import ALTERED, Problem

_TYPE_BYTES = 5
_NOT_SHAPELYS = frozenset({7, 8, 9, 10, 11, 12, 15, 16, 17})  # curves and surfaces, or what may hold them
_NAMES = {1: "Point", 2: "LineString", 3: "Polygon", 8: "LineString", 9: "LineString", 10: "Polygon"}
_NAMES |= {4: "Point", 5: "LineString", 6: "Polygon", 11: "LineString", 12: "Polygon"}
_NAMES |= {15: "Polygon", 16: "Polygon", 17: "Polygon"}
Shapes = NDArray[Any]


def decoded(column: pa.Array, tolerance: float) -> tuple[Shapes, list[Problem]]:
    """Two-dimensional shapes, null where there is none or it cannot be read. Arcs become lines that leave them by at
    most ``tolerance``, in the units of the coordinates."""
    raw = np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)
    given = np.array([value is not None for value in raw], dtype=bool)
    curved = np.zeros(len(raw), dtype=bool)
    deep = np.zeros(len(raw), dtype=bool)
    try:
        shapes = shapely.from_wkb(raw, on_invalid="ignore")
    except (NotImplementedError, shapely.errors.GEOSException):  # one such shape stops the whole array
        special = np.array([_code(value) in _NOT_SHAPELYS for value in raw], dtype=bool)
        ordinary = raw.copy()
        ordinary[special] = None
        shapes = shapely.from_wkb(ordinary, on_invalid="ignore")
        for index in np.flatnonzero(special):
            try:
                shapes[index], curved[index], deep[index] = curves.linear(raw[index], tolerance)
            except ValueError:
                continue  # it stays null, and is refused below
    open_rings = given & shapely.is_missing(shapes)
    if open_rings.any():
        shapes[open_rings] = shapely.from_wkb(raw[open_rings], on_invalid="fix")
        open_rings &= ~shapely.is_missing(shapes)
    deep |= shapely.has_z(shapes) | shapely.has_m(shapes)
    unreadable = given & shapely.is_missing(shapes)
    problems = [
        Problem(mask, reason, _detail(text), outcome)
        for mask, reason, text, outcome in (
            (unreadable, "invalid_geometry", "the geometry cannot be read", "refused"),
            (curved, "curve", "its arcs became lines", ALTERED),
            (open_rings, "unclosed_ring", "a ring was closed", ALTERED),
            (deep, "z_or_m", "Z or M was left out", ALTERED),
        )
        if mask.any()
    ]
    return shapely.force_2d(shapes) if deep.any() else shapes, problems


def types_in(column: pa.Array) -> set[str]:
    """Point, LineString or Polygon: what the shapes are made of, by the first bytes of each."""
    codes = {_code(value) for value in column.to_pylist() if value is not None}
    return {_NAMES[code] for code in codes if code in _NAMES}


def _code(wkb: bytes | None) -> int:
    """OGC's number of the type, without the marks of Z and M; 0 for what is none."""
    if wkb is None or len(wkb) < _TYPE_BYTES:
        return 0
    code = int.from_bytes(wkb[1:_TYPE_BYTES], "little" if wkb[0] else "big") & 0x0FFFFFFF
    return code % 1000


def _detail(text: str) -> Callable[[int], str]:
    return lambda index: text
