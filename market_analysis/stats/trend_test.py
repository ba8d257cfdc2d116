"""Whether prices need an adjustment for time at all, by two methods, and how well the index would have done.

- The index: what a year's factor and its interval say.
- The sales-ratio trend: how price over assessed value moves with the date of sale, which needs no characteristics
  (Gloudemans and Almy 2011, Fundamentals of Mass Appraisal, has both methods).
- The backtest: the index as of a year before the last sale, held against the sales of that year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from market_analysis.stats import time_adjustment
from market_analysis.stats.growth import Growth, growth

SMALL = 0.03
"""A change of a year, as a fraction, below which prices are as good as level."""
_SPANS = ((1, 3), (4, 6), (7, 12))  # months ahead
_MIN_OF_A_SPAN = 10  # sales


@dataclass(frozen=True)
class Missed:
    """The sales ``from_month`` to ``to_month`` after the day of the backtest: the median of what the index made of them
    over what was paid, less one; and that of no adjustment."""

    from_month: int
    to_month: int
    sales: int
    error: float
    unadjusted_error: float


def verdict(factor: float, low: float, high: float) -> str:
    """In words, of the factor of a year and the ends of its interval."""
    if low > 1 or high < 1:
        return f"Adjust for time: prices of a year before are multiplied by {factor:.3f} ({low:.3f} to {high:.3f})."
    if low >= 1 - SMALL and high <= 1 + SMALL:
        return f"No adjustment needed: prices of a year moved by less than {SMALL:.0%} ({low:.3f} to {high:.3f})."
    return f"No adjustment shown to be needed: the sales agree with level prices, and with {low:.3f} to {high:.3f}."


def ratio_trend(sales: pd.DataFrame, confidence: float) -> Growth:
    """What a year changed of the price by the sales-ratio method: of ``sale_price``, ``total_value`` and ``sale_date``.
    TooFewSales where too few have a value."""
    value = sales["total_value"].to_numpy(dtype=float)
    known = value > 0
    ratio = sales["sale_price"].to_numpy(dtype=float)[known] / value[known]
    return growth(ratio, sales["sale_date"][known], confidence)


def backtest(sales: pd.DataFrame, last: date) -> list[Missed]:
    """Of the year before ``last``. TooFewSales where the sales before that year do not make an index."""
    as_of = (pd.Timestamp(last) - pd.DateOffset(years=1)).date()
    fitted = time_adjustment.fit(sales, as_of)
    later = sales[(sales["sale_date"] > pd.Timestamp(as_of)) & (sales["sale_date"] <= pd.Timestamp(last))]
    ahead = (later["sale_date"] - pd.Timestamp(as_of)).dt.days.to_numpy() / 30.4375
    ratio = fitted.predict(later) / later["sale_price"].to_numpy(dtype=float)
    factor = fitted.factors(later["sale_date"], as_of).value
    missed = []
    for begin, end in _SPANS:
        inside = (ahead > begin - 1) & (ahead <= end)
        if inside.sum() >= _MIN_OF_A_SPAN:
            errors = (float(np.median(some[inside])) - 1 for some in (ratio, ratio * factor))
            missed.append(Missed(begin, end, int(inside.sum()), *errors))
    return missed
