"""A property's own last sale: what it brought above what its characteristics explain, and how long ago that was.

Condition, view and layout are not in the records but in prices, and they last: of what was odd about the first price of
a home that sold twice, the second repeats some 40 %. How much to believe after how many years (little after a few
months: much that sells again so soon was bought to be repaired) is learnt from the resales among the sales.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.frames import Floats

Keys = npt.NDArray[np.uint64]

_APART = 1000.0  # years: more than lie between any two sales


@dataclass(frozen=True)
class OwnSales:
    """Sales by the ``keys`` of their properties, ``years`` before the valuation date (negative), and their ``excess``:
    the log price above what characteristics explain."""

    keys: Keys
    years: Floats
    excess: Floats

    def matrix(self, keys: Keys, when: Floats) -> Floats:
        """The excess of each property's last sale before ``when``, and the years since; NaN without one."""
        found = np.full((len(keys), 2), np.nan)
        if not len(self.keys):
            return found
        known, places, order = self._sorted
        which = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        last = np.searchsorted(places, which * _APART + when, side="left") - 1
        has = (known[which] == keys) & (last >= 0)
        has &= places[np.maximum(last, 0)] > (which - 0.5) * _APART
        sale = order[last[has]]
        found[has] = np.column_stack([self.excess[sale], when[has] - self.years[sale]])
        return found

    @cached_property
    def _sorted(self) -> tuple[Keys, Floats, Any]:
        """The keys, each once; a number for each sale that orders them by key, then by year; and that order."""
        known, which = np.unique(self.keys, return_inverse=True)
        places = which * _APART + self.years
        order = np.argsort(places, kind="stable")
        return known, places[order], order
