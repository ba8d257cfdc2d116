"""Which sales are comparable: those that need the least adjustment, near by and not long ago."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from valuation.frames import Floats

_SEARCHED = 600  # nearest sales that are searched for the most similar
_METERS = 2000.0  # as unlike as an adjustment of _EFFECT
_YEARS = 2.5
_EFFECT = 0.10  # logs
_PLACE_AND_REST = 1.5  # how much more the last two lines count, the location and what no rate explains
LARGEST_UNEXPLAINED = 0.08  # logs: a sale whose last line is more is no comparable, so that it stays below 10 %

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Pool:
    """The sales that may be comparables. ``effects`` are their lines in logs of price, the last two the location and
    what no rate explains; NaN where unknown. ``years`` before the valuation date are negative, ``keys`` identify the
    property."""

    places: Floats
    years: Floats
    effects: Floats
    keys: Keys

    @cached_property
    def _placed(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero(np.isfinite(self.places).all(axis=1))

    @cached_property
    def _by_place(self) -> KDTree:
        return KDTree(self.places[self._placed])

    @cached_property
    def _by_looks(self) -> KDTree:
        return KDTree(np.nan_to_num(self.effects))


@dataclass(frozen=True)
class Selected:
    """Rows of the pool for each subject, the most similar first, -1 where there are no more; ``unlike`` is 0 for the
    same home next door today; ``meters`` is NaN where a place is unknown. ``passed_over`` counts sales as similar as
    those that are not used, because too much of the difference is unexplained."""

    rows: npt.NDArray[np.intp]
    unlike: Floats
    meters: Floats
    passed_over: npt.NDArray[np.intp]


def select(
    pool: Pool,
    places: Floats,
    effects: Floats,
    keys: Keys,
    before: Floats,
    count: int,
    max_meters: float,
    max_years: float,
) -> Selected:
    """The ``count`` most similar sales of other properties, each property once, in the ``max_years`` before the day
    of ``before`` (years from the valuation date) and within ``max_meters``."""
    near, meters = _candidates(pool, places, effects)
    distance = np.where(np.isfinite(meters), meters, 0.0)
    waited = before[:, None] - pool.years[near]
    away = np.nan_to_num(effects[:, None, :] - pool.effects[near])
    unexplained = np.abs(away[:, :, -1]) > LARGEST_UNEXPLAINED
    away[:, :, -2:] *= _PLACE_AND_REST
    unlike = np.sqrt(((away / _EFFECT) ** 2).sum(axis=2) + (distance / _METERS) ** 2 + (waited / _YEARS) ** 2)
    fits = (waited > 0) & (waited <= max_years) & (distance <= max_meters) & (pool.keys[near] != keys[:, None])
    large = np.where(fits & unexplained, unlike, np.inf)
    unlike = np.where(fits & ~unexplained, unlike, np.inf)
    order = np.argsort(unlike, axis=1, kind="stable")[:, : 3 * count]
    near, unlike, meters = (np.take_along_axis(one, order, axis=1) for one in (near, unlike, meters))
    # A home that sold twice counts once, by its more similar sale.
    same = pool.keys[near][:, :, None] == pool.keys[near][:, None, :]
    earlier = np.tril(np.ones((near.shape[1], near.shape[1]), dtype=bool), -1)
    unlike = np.where((same & earlier).any(axis=2), np.inf, unlike)
    order = np.argsort(unlike, axis=1, kind="stable")[:, :count]
    near, unlike, meters = (np.take_along_axis(one, order, axis=1) for one in (near, unlike, meters))
    last = unlike.max(axis=1, keepdims=True)  # infinite where there are fewer than asked for
    passed_over = (np.isfinite(large) & (large <= last)).sum(axis=1)
    return Selected(np.where(np.isfinite(unlike), near, -1), unlike, meters, passed_over)


def _candidates(pool: Pool, places: Floats, effects: Floats) -> tuple[Any, Floats]:
    """The nearest sales of each subject and their distances; by looks where it has no place, with NaN."""
    total = len(pool.years)
    count = min(_SEARCHED, max(len(pool._placed), 1), total)
    near = np.zeros((len(places), count), dtype=np.intp)
    meters = np.full((len(places), count), np.nan)
    placed = np.isfinite(places).all(axis=1) & bool(len(pool._placed))
    some = np.flatnonzero(placed)
    if len(some):
        meters[some], nearest = pool._by_place.query(places[some], k=[*range(1, count + 1)])
        near[some] = pool._placed[nearest]
    rest = np.flatnonzero(~placed)
    if len(rest):
        if not len(pool._placed):
            count = min(_SEARCHED, total)
            near, meters = np.zeros((len(places), count), dtype=np.intp), np.full((len(places), count), np.nan)
        near[rest] = pool._by_looks.query(np.nan_to_num(effects[rest]), k=[*range(1, count + 1)])[1]
    return near, meters
