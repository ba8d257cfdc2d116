"""How expensive a place is: what nearby sales brought above what their characteristics explain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from valuation.frames import Floats

_SALES = 50
_SHRUNK = 4.0  # sales' worth of "no more and no less than elsewhere"
_FADE = 3.0  # years in which the weight of a sale falls to a third
_NEAR = 50.0  # meters within which sales count as equally near
_ODD = 0.5  # logs beyond which an excess counts no further
_CHUNK = 10_000


@dataclass(frozen=True)
class Location:
    """``excess`` in logs of sales at ``places``, ``years`` before the valuation date (negative)."""

    places: Floats
    years: Floats
    excess: Floats
    keys: npt.NDArray[np.uint64]

    def level(self, places: Floats, keys: npt.NDArray[np.uint64]) -> Floats:
        """In logs, 0 where there is no place; a property's own sales do not count for it."""
        levels = np.zeros(len(places))
        rows = np.flatnonzero(np.isfinite(places).all(axis=1))
        if not len(self._placed):
            return levels
        count = min(_SALES, len(self._placed))
        for begin in range(0, len(rows), _CHUNK):
            some = rows[begin : begin + _CHUNK]
            distance, near = self._tree.query(places[some], k=[*range(1, count + 1)])
            near = self._placed[near]
            weight = np.exp(self.years[near] / _FADE) * (self.keys[near] != keys[some][:, None])
            weight *= np.exp(-2 * (distance / (distance[:, -1:] + _NEAR)) ** 2)
            excess = np.clip(self.excess[near], -_ODD, _ODD)
            levels[some] = (weight * excess).sum(axis=1) / (weight.sum(axis=1) + _SHRUNK / count)
        return levels

    @cached_property
    def _placed(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero(np.isfinite(self.places).all(axis=1))

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.places[self._placed])
