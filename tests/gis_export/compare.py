"""Compares what a file holds with what the database has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any

import numpy as np
import pyproj
import shapely

from tests.gis_export.conftest import Row


def assert_same(
    wanted: Iterable[Row],
    got: Iterable[Row],
    geometry: Callable[[Any], Any] | None = None,
    same: Callable[[Any, Any], bool] | None = None,
) -> None:
    """Every value and every coordinate, in order. ``geometry`` turns the database's shape into the file's, and ``same``
    (default: ``same_shape``) tells whether that is what was found."""
    wanted, got = list(wanted), list(got)
    assert len(got) == len(wanted), (len(got), len(wanted))
    for expected, actual in zip(wanted, got, strict=True):
        assert list(actual.values) == list(expected.values)
        for name, value in expected.values.items():
            assert _equal(value, actual.values[name]), (name, value, actual.values[name])
        shape = expected.geometry
        if shape is not None and geometry is not None:
            shape = geometry(shape)
        assert (same or same_shape)(shape, actual.geometry), (shape, actual.geometry)


def in_any_order(rows: Iterable[Row]) -> list[Row]:
    """For formats that order records by place."""
    return sorted(rows, key=lambda row: (repr(list(row.values.values())), repr(row.geometry)))


def same_shape(wanted: Any, got: Any, tolerance: float = 0.0) -> bool:
    """The same parts, rings and positions, each ring from wherever it starts and whichever way it runs."""
    if wanted is None or got is None:
        return wanted is got
    if wanted.is_empty or got.is_empty:
        return bool(wanted.is_empty and got.is_empty)
    if wanted.geom_type != got.geom_type:
        return False
    return bool(shapely.equals_exact(shapely.normalize(wanted), shapely.normalize(got), tolerance))


def transformed(srid: int) -> Callable[[Any], Any]:
    """Shapes in longitude and latitude, in another CRS by pyproj."""
    forward = pyproj.Transformer.from_crs(4326, srid, always_xy=True)
    return lambda shape: shapely.transform(shape, lambda xy: np.column_stack(forward.transform(xy[:, 0], xy[:, 1])))


def within(tolerance: float) -> Callable[[Any, Any], bool]:
    """How far a coordinate may be from where it is wanted."""
    return lambda wanted, got: same_shape(wanted, got, tolerance)


def to_decimals(decimals: int) -> Callable[[Any, Any], bool]:
    """Each coordinate is the one that is wanted to that many decimals: at most half of the last one away from it.

    Parts, rings and positions are in their order, but a ring may run the other way round: two positions that rounding
    makes one could otherwise change where a normalized ring begins."""
    tolerance = 0.5 * 10**-decimals + 1e-13  # of a double, read from its digits

    def same(wanted: Any, got: Any) -> bool:
        if not (wanted and got) or wanted.is_empty or got.is_empty or wanted.geom_type != got.geom_type:
            return same_shape(wanted, got)
        pairs = list(zip_longest(_lines(wanted), _lines(got), fillvalue=np.empty((0, 2))))
        return all(
            len(ours) == len(theirs)
            and any(bool((np.abs(ours - way) <= tolerance).all()) for way in (theirs, theirs[::-1]))
            and np.array_equal(theirs, theirs.round(decimals))
            for ours, theirs in pairs
        )

    return same


def _lines(shape: Any) -> list[Any]:
    """The positions of each point, line or ring of the shape; an empty list after the rings of each polygon."""
    rings_of_lines = []
    for part in shapely.get_parts(shape):
        rings = [part.exterior, *part.interiors, None] if part.geom_type == "Polygon" else [part]
        rings_of_lines += [np.empty((0, 2)) if ring is None else shapely.get_coordinates(ring) for ring in rings]
    return rings_of_lines


def _equal(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(wanted, float) and isinstance(got, float | int):
        return wanted == got or (math.isnan(wanted) and math.isnan(got))
    return type(wanted) is type(got) and bool(wanted == got)
