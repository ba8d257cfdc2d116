"""The sales in three parts of time: fit | calibrate | evaluate. What made the values of the last part has not seen it.

    values of the trial      fit | calibrate |            evaluated on the last part
    values of the run        fit ........... | calibrate  then learned again from all, for the valuation date

The trial is the run one step earlier: valued for the first day of the last part, learned from sales before it, as long
before it as the valuation date is after the last sale. Its figures are the ones that are printed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from market_analysis.stats.errors import InsufficientSales
from terrafusion.words import counted
from valuation.mass_appraisal.history import History, learn_history, with_prices
from valuation.thresholds import MIN_SALES

MIN_HOLDOUT = 30
_GAP = 31  # days between the last sale and the valuation date from which on the trial waits as long


@dataclass(frozen=True)
class Trial:
    """A method one step earlier: its values of the sales that calibrated it (``calibration_sales``) and of the later
    ones that evaluate it (``holdout_sales``). Frames as of ``history.with_prices``, dollars at the valuation date.

    The intervals of ``calibration_sales`` are those of prices whose market is known; the others' hold the market's
    error too. ``error`` is by how much, as a standard error in logs, the level of the run's values may differ from the
    trial's: each was brought to its day by an index that did not know what came after.
    """

    calibration_sales: pd.DataFrame
    holdout_sales: pd.DataFrame
    error: float


def earlier(history: History) -> History | None:
    """The history as it was on the first day of the holdout sales; its index is of the rows of ``history.sales``.

    None where fewer than 100 sales are left to learn from and calibrate on, or fewer than 30 to evaluate it on.
    """
    if history.held.sum() < MIN_HOLDOUT:
        return None
    dates = history.sales["sale_date"]
    first = dates[history.held].iloc[0]
    gap = _days_without_sales(history.sales, history.as_of)
    known = dates < first - timedelta(days=gap if gap >= _GAP else 0)
    try:
        return learn_history(history.sales[known], first.date())
    except InsufficientSales:
        return None


def _days_without_sales(sales: pd.DataFrame, as_of: date) -> int:
    """From the last of the ``sales`` up to the valuation date; 0 where there are none."""
    before = sales["sale_date"][sales["sale_date"] <= pd.Timestamp(as_of)]
    return int((pd.Timestamp(as_of) - before.max()).days) if len(before) else 0


def withheld(sales: pd.DataFrame, as_of: date) -> str:
    """Why a method that learned from these sales is not evaluated."""
    gap = _days_without_sales(sales, as_of)
    waits = f" after a gap of {counted(gap, 'day')}, as before the valuation date," if gap >= _GAP else ""
    return (
        f"Not evaluated: of {counted(len(sales), 'sale')} too few can be held back. At least {MIN_SALES} to learn from "
        f"and calibrate on are needed, and {MIN_HOLDOUT} later ones{waits} to evaluate on. Run a ratio study of "
        "sales after the valuation date to evaluate the values."
    )


def market_change(history: History) -> float:
    """The market's move from the trial's day to the valuation date, in logs, by the index of all sales."""
    row = int(np.flatnonzero(history.held)[0])
    return float(history.log_price[row] - np.log(history.sales["sale_price"].iloc[row]))


def brought(history: History, earlier: History) -> History:
    """The earlier history with its prices in dollars of the valuation date. What is compared with them has to be in
    the same dollars, or the market's later move would be taken for an error."""
    return replace(earlier, log_price=earlier.log_price + market_change(history))


def between(history: History, earlier: History) -> float:
    """What log prices by the valuation date's index are above those by the trial's own. It differs from
    ``market_change`` by what the trial's index could not know."""
    return float(np.median(history.log_price[earlier.index] - earlier.log_price))


def trial(history: History, earlier: History, calibrating: pd.DataFrame, later: pd.DataFrame) -> Trial:
    """From value, low and high in dollars at the valuation date, by the rows of each history's sales."""
    before = with_prices(brought(history, earlier), calibrating)
    error = float(np.hypot(history.error, earlier.error))
    return Trial(before.set_axis(history.index[before.index]), with_prices(history, later), error)


def coverage(sales: pd.DataFrame) -> float:
    """The share of prices inside their intervals."""
    return float(((sales["low"] <= sales["price"]) & (sales["price"] <= sales["high"])).mean())
