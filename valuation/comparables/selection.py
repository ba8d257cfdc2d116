"""Which sales are comparable: those that need the least adjustment, near by and not long ago."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from valuation.frames import Floats

_SEARCHED = 300  # nearest sales among which the most similar are found
_METRES = 1000.0  # as unlike as an adjustment of _EFFECT
_YEARS = 1.5
_EFFECT = 0.10  # logs

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Pool:
    """The sales that may be comparables. ``effects`` are their characteristics in logs of worth (``curves.effects``),
    ``years`` before the valuation date are negative, ``keys`` tell the property."""

    places: Floats
    years: Floats
    effects: Floats
    keys: Keys

    @cached_property
    def _placed(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero(np.isfinite(self.places).all(axis=1))

    @cached_property
    def _by_place(self) -> Any:
        return KDTree(self.places[self._placed])

    @cached_property
    def _by_looks(self) -> Any:
        return KDTree(self.effects)


@dataclass(frozen=True)
class Selected:
    """Rows of the pool for each subject, the most similar first, -1 where there are no more; ``unlike`` is 0 for the
    same home next door today; ``metres`` is NaN where a place is unknown."""

    rows: npt.NDArray[np.intp]
    unlike: Floats
    metres: Floats


def select(
    pool: Pool,
    places: Floats,
    effects: Floats,
    keys: Keys,
    before: Floats,
    count: int,
    max_metres: float,
    max_years: float,
) -> Selected:
    """The ``count`` most similar sales of other properties, each property once, in the ``max_years`` before the day
    that ``before`` tells (years from the valuation date) and within ``max_metres``."""
    near, metres = _candidates(pool, places, effects)
    distance = np.where(np.isfinite(metres), metres, 0.0)
    waited = before[:, None] - pool.years[near]
    away = ((effects[:, None, :] - pool.effects[near]) / _EFFECT) ** 2
    unlike = np.sqrt(away.sum(axis=2) + (distance / _METRES) ** 2 + (waited / _YEARS) ** 2)
    fits = (waited > 0) & (waited <= max_years) & (distance <= max_metres) & (pool.keys[near] != keys[:, None])
    unlike = np.where(fits, unlike, np.inf)
    order = np.argsort(unlike, axis=1, kind="stable")[:, : 3 * count]
    near, unlike, metres = (np.take_along_axis(one, order, axis=1) for one in (near, unlike, metres))
    # A home that sold twice counts once, by its more similar sale.
    same = pool.keys[near][:, :, None] == pool.keys[near][:, None, :]
    earlier = np.tril(np.ones((near.shape[1], near.shape[1]), dtype=bool), -1)
    unlike = np.where((same & earlier).any(axis=2), np.inf, unlike)
    order = np.argsort(unlike, axis=1, kind="stable")[:, :count]
    near, unlike, metres = (np.take_along_axis(one, order, axis=1) for one in (near, unlike, metres))
    return Selected(np.where(np.isfinite(unlike), near, -1), unlike, metres)


def _candidates(pool: Pool, places: Floats, effects: Floats) -> tuple[Any, Floats]:
    """The nearest sales of each subject and their distances; by looks where it has no place, with NaN."""
    total = len(pool.years)
    count = min(_SEARCHED, max(len(pool._placed), 1), total)
    near = np.zeros((len(places), count), dtype=np.intp)
    metres = np.full((len(places), count), np.nan)
    placed = np.isfinite(places).all(axis=1) & bool(len(pool._placed))
    some = np.flatnonzero(placed)
    if len(some):
        metres[some], found = pool._by_place.query(places[some], k=[*range(1, count + 1)])
        near[some] = pool._placed[found]
    rest = np.flatnonzero(~placed)
    if len(rest):
        if not len(pool._placed):
            count = min(_SEARCHED, total)
            near, metres = np.zeros((len(places), count), dtype=np.intp), np.full((len(places), count), np.nan)
        near[rest] = pool._by_looks.query(effects[rest], k=[*range(1, count + 1)])[1]
    return near, metres
