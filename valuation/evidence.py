"""How well a method that learns little or nothing from sales does on them: for cost and income. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from market_analysis.stats.errors import InsufficientSales
from valuation.frames import Floats, Mask, Values
from valuation.intervals import reach, widen
from valuation.mass_appraisal import holdout
from valuation.mass_appraisal.history import History, learn_history, with_prices
from valuation.mass_appraisal.holdout import Trial

_MIN_SALES = 30
Learned = Callable[[History, Mask], Callable[[pd.DataFrame], Values]]
"""The method as it is when it knows these of a history's sales: gives values at the valuation date."""


@dataclass(frozen=True)
class Evidence:
    """``calibration_sales``: the last year's sales (by the labels of the given frame) with value, low, high and price
    at the valuation date. ``low`` and ``high`` are the ends of a value's interval in logs from it. ``trial`` evaluates
    them; it is None where the sales are too few."""

    calibration_sales: pd.DataFrame
    low: float
    high: float
    trial: Trial | None


def history_of(sales: pd.DataFrame, as_of: date) -> History | None:
    """The sales up to the day; None where they are too few to show anything."""
    try:
        return learn_history(sales, as_of)
    except InsufficientSales:
        return None


def evaluate(learned: Learned, history: History | None, confidence: float) -> Evidence | None:
    """Hold the values of the holdout sales' properties against their prices; None for fewer than 30 of them."""
    if history is None:
        return None
    known = _reach(learned, history, confidence)
    if known is None:
        return None
    frame, low, high = known
    low, high = _widened(low, high, history.error, confidence)
    return Evidence(with_prices(history, frame), low, high, _trial(learned, history, confidence))


def interval(value: Floats, evidence: Evidence | None) -> tuple[Floats, Floats]:
    """The ends of each value's interval; the value itself where nothing shows one (flagged ``no_evidence``)."""
    return (value, value) if evidence is None else (value * np.exp(evidence.low), value * np.exp(evidence.high))


def _reach(learned: Learned, history: History, confidence: float) -> tuple[pd.DataFrame, float, float] | None:
    """The holdout sales by the rows of the history, and how far their prices lie from their values, in logs."""
    values = learned(history, ~history.held)(history.sales[history.held]).values
    if len(values) < _MIN_SALES:
        return None
    value = values["value"].to_numpy(dtype=float)
    low, high = reach(history.log_price[values.index] - np.log(value), confidence)
    low, high = min(low, 0.0), max(high, 0.0)
    return _ends(values, low, high), low, high


def _trial(learned: Learned, history: History, confidence: float) -> Trial | None:
    earlier = holdout.earlier(history)
    if earlier is None:
        return None
    known = holdout.brought(history, earlier)
    first = _reach(learned, known, confidence)
    later = learned(known, np.ones(len(known.sales), dtype=bool))(history.sales[history.held]).values
    if first is None or len(later) < _MIN_SALES:
        return None
    frame, low, high = first
    later_values = _ends(later, *_widened(low, high, earlier.error, confidence))
    return holdout.trial(history, earlier, frame, later_values)


def _widened(low: float, high: float, error: float, confidence: float) -> tuple[float, float]:
    ends = widen(np.array(low), np.array(high), error, confidence)
    return float(ends[0]), float(ends[1])


def _ends(values: pd.DataFrame, low: float, high: float) -> pd.DataFrame:
    value = values["value"].astype(float)
    return pd.DataFrame({"value": value, "low": value * np.exp(low), "high": value * np.exp(high)})
