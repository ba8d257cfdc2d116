"""Compares what a file holds with what the database has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

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
    for expected, found in zip(wanted, got, strict=True):
        assert list(found.values) == list(expected.values)
        for name, value in expected.values.items():
            assert _equal(value, found.values[name]), (name, value, found.values[name])
        shape = expected.geometry
        if shape is not None and geometry is not None:
            shape = geometry(shape)
        assert (same or same_shape)(shape, found.geometry), (shape, found.geometry)


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


def rounded(decimals: int) -> Callable[[Any], Any]:
    return lambda shape: shapely.transform(shape, lambda positions: positions.round(decimals))


def _equal(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(wanted, float) and isinstance(got, float | int):
        return wanted == got or (math.isnan(wanted) and math.isnan(got))
    return type(wanted) is type(got) and bool(wanted == got)
