"""How well a method that learns nothing from sales does on them: for cost and income. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from market_analysis.stats.errors import TooFewSales
from valuation.frames import Floats, Values
from valuation.model.history import History, judged, learn_history

_FEWEST = 30


@dataclass(frozen=True)
class Evidence:
    """``held_back``: the last year's sales (by the labels of the given frame) with value, low, high and price at the
    valuation date. A price lies between ``low`` and ``high`` times the value in so many of them as was asked."""

    held_back: pd.DataFrame
    low: float
    high: float


def history_of(sales: pd.DataFrame, as_of: date) -> History | None:
    """The sales up to the day; None where they are too few to tell anything."""
    try:
        return learn_history(sales, as_of)
    except TooFewSales:
        return None


def judge(value: Callable[[pd.DataFrame], Values], history: History | None, confidence: float) -> Evidence | None:
    """Hold the values of the held-back sales' properties against their prices; None for fewer than 30 of them."""
    if history is None:
        return None
    held = history.sales[history.held]
    found = value(held).values
    if len(found) < _FEWEST:
        return None
    dollars = found["value"].to_numpy(dtype=float)
    price = np.exp(history.log_price[found.index])
    tail = (1 - confidence) / 2
    low, high = np.quantile(price / dollars, [tail, 1 - tail])
    low, high = min(float(low), 1.0), max(float(high), 1.0)
    ends = {"value": dollars, "low": dollars * low, "high": dollars * high}
    return Evidence(judged(history, pd.DataFrame(ends, index=found.index)), low, high)


def interval(value: Floats, evidence: Evidence | None) -> tuple[Floats, Floats]:
    """The ends of each value's interval; the value itself where nothing tells one (flagged ``no_evidence``)."""
    return (value, value) if evidence is None else (value * evidence.low, value * evidence.high)
