"""Resales: two sales of one parcel that follow each other, which repeat sales indices are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from market_analysis.stats import periods
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import Floats
from terrafusion.words import counted

SHORTEST_HOLD = 183
"""Days between the sales of a sound pair. What sells again sooner was seldom the market's: S&P CoreLogic Case-Shiller
Home Price Indices Methodology, "Pairing sales", leaves out pairs less than six months apart."""
MAX_RISE = 0.35
"""A year, of the log price beyond the median pair's: what rises or falls more was changed between the sales, or one of
them was no market sale. The same methodology leaves out pairs with extreme changes as likely errors or remodelings."""


@dataclass(frozen=True)
class Pairs:
    """Sales of one parcel in different periods, which count from ``first``; ``days`` between them; ``rows`` are the
    places of the earlier and of the later sale in the frame."""

    first: int
    count: int
    earlier: periods.Ints
    later: periods.Ints
    log_ratio: Floats
    days: periods.Ints
    rows: tuple[periods.Ints, periods.Ints]

    def chosen(self, some: npt.NDArray[np.bool_]) -> Pairs:
        return replace(
            self,
            earlier=self.earlier[some],
            later=self.later[some],
            log_ratio=self.log_ratio[some],
            days=self.days[some],
            rows=(self.rows[0][some], self.rows[1][some]),
        )

    def linked(self) -> Pairs:
        """The pairs of the periods that chains of resales link to each other, of the most pairs if there are several;
        periods count from the first of these. No level of another period could be compared with theirs."""
        ones = np.ones(len(self.earlier))
        graph = sparse.csr_matrix((ones, (self.earlier, self.later)), shape=(self.count, self.count))
        _, component = sparse.csgraph.connected_components(graph, directed=False)
        of_pair = component[self.earlier]
        kept = self.chosen(of_pair == np.bincount(of_pair).argmax())
        base = int(kept.earlier.min())
        return replace(
            kept, first=self.first + base, count=self.count - base, earlier=kept.earlier - base, later=kept.later - base
        )


def pairs(sales: pd.DataFrame, step: str = "month") -> Pairs:
    """Each sale with the parcel's next one; pairs within one period are left out. TooFewSales where there are none."""
    period, first, count = periods.counted(sales, step)
    number = sales["parcel_number"].astype("category").cat.codes.to_numpy()
    price = sales["sale_price"].to_numpy(dtype=float)
    day = sales["sale_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((price, period, number))
    earlier, later = order[:-1], order[1:]
    resale = (number[earlier] == number[later]) & (period[earlier] < period[later])
    earlier, later = earlier[resale], later[resale]
    if not len(earlier):
        raise InsufficientSales("No parcel was sold in two of the periods, so there are no repeat sales.")
    ratio = np.log(price[later] / price[earlier])
    return Pairs(first, count, period[earlier], period[later], ratio, day[later] - day[earlier], (earlier, later))


def sound_pairs(sales: pd.DataFrame, step: str = "month") -> Pairs:
    """The pairs that ``unsound`` has nothing against. TooFewSales where none is left."""
    every = pairs(sales, step)
    kept = every.chosen(unsound(sales, every) == "")
    if not len(kept.earlier):
        raise InsufficientSales(
            f"None of {counted(len(every.earlier), 'pair')} of resales is sound: too short a hold, or changed homes."
        )
    return kept


def unsound(sales: pd.DataFrame, every: Pairs) -> npt.NDArray[np.object_]:
    """Why a pair says nothing of the market: ``short_hold``, ``changed`` or ``extreme_change``; empty if it does."""
    reason = np.full(len(every.earlier), "", dtype=object)
    years = every.days / 365.25
    own = sales["sale_date"].dt.year.to_numpy(dtype=float)[every.rows[0]]
    changed = np.zeros(len(reason), dtype=bool)
    for name in ("year_built", "effective_year_built"):
        if name in sales:
            changed |= sales[name].to_numpy(dtype=float)[every.rows[1]] > own
    if "living_area_sqft" in sales:
        size: Any = sales["living_area_sqft"].to_numpy(dtype=float)
        before, after = size[every.rows[0]], size[every.rows[1]]
        changed |= np.isfinite(before - after) & (before != after)
    held = every.days >= SHORTEST_HOLD
    rate = every.log_ratio / np.maximum(years, 1)
    usual = np.median(rate[held]) if held.any() else 0.0
    for name, faulty in (
        ("short_hold", ~held),
        ("changed", changed),
        ("extreme_change", np.abs(rate - usual) > MAX_RISE),
    ):
        reason[faulty & (reason == "")] = name
    return reason
