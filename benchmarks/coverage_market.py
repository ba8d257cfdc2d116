"""Draws of made-up markets: do the intervals of indices, time adjustments, averages and trends hold the truth?"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import date

import numpy as np
import pandas as pd

from market_analysis.stats import growth, intervals, price_index, time_adjustment
from market_analysis.stats.periods import Ints

CONFIDENCE = 0.95
_SIZES = (5, 6, 8, 10, 20, 50)
_SPREADS = {"alike": 0.3, "unlike": 0.5}  # of log prices
_TAILS = {"normal": 0, "heavy-tailed": 3}  # degrees of freedom of Student's t
_MARKETS = {"calm": (0.003, 0.0003), "usual": (0.007, 0.0008), "turning": (0.006, 0.002), "wild": (0.012, 0.003)}
"""Standard deviations of a month's shocks of the log level, and of its slope."""
_PER_MONTH = (10, 50, 300)
_YEARS = 3
_AHEAD = (3, 6, 9, 12)


def draws() -> Iterator[tuple[str, Callable[[np.random.Generator], dict[str, float]]]]:
    for size in _SIZES:
        yield f"small sample of {size}", functools.partial(_sample, size)
    for name, freedom in _TAILS.items():
        yield f"index, {name} errors", functools.partial(_indices, freedom)
    for name, (level, slope) in _MARKETS.items():
        for sales in _PER_MONTH:
            yield f"time adjustment, {name}, {sales} a month", functools.partial(_adjusted, level, slope, sales)


def _sample(size: int, random: np.random.Generator) -> dict[str, float]:
    """The mean and median of prices; the growth of prices over three years, where so few make a trend."""
    held = {}
    for name, spread in _SPREADS.items():
        price = np.exp(random.normal(12, spread, size))
        held[f"mean, {name}"] = _inside(np.exp(12 + spread**2 / 2), intervals.mean(price, CONFIDENCE))
        if (ends := intervals.median(price, CONFIDENCE)) is not None:
            held[f"median, {name}"] = _inside(np.exp(12), ends)
    if size >= growth.MIN_SALES:
        years = np.sort(random.uniform(0, _YEARS, size))
        years[[0, -1]] = 0, _YEARS
        price = np.exp(12 + 0.05 * years + random.normal(0, 0.3, size))
        estimate = growth.growth(price, pd.Timestamp(2013, 1, 1) + pd.Series(pd.to_timedelta(years * 365.25, "D")))
        held["growth"] = _inside(np.expm1(0.05), (estimate.low, estimate.high))
    return held


def _inside(truth: float, ends: tuple[float, float] | None) -> float:
    return float(ends is not None and ends[0] <= truth <= ends[1])


def _indices(freedom: int, random: np.random.Generator) -> dict[str, float]:
    """800 homes sold twice within three years, and 800 sold once: the share of quarters whose interval holds."""
    homes, months = 1600, 12 * _YEARS
    level = np.cumsum(random.normal(0.012, 0.02, _YEARS * 4))
    first = random.integers(0, months, homes)
    again = first[:800] + random.integers(7, 30, 800)
    month, home = np.concatenate([first, again]), np.concatenate([np.arange(homes), np.arange(800)])
    month, home = month[month < months], home[month < months]
    area, own = random.lognormal(7.4, 0.3, homes), random.normal(0, 0.1, homes)
    noise = random.standard_t(freedom, len(month)) / np.sqrt(3) if freedom else random.normal(0, 1, len(month))
    sales = pd.DataFrame(
        {
            "parcel_number": home.astype(str),
            "sale_date": _days(month),
            "sale_price": np.exp(5.5 + 0.9 * np.log(area[home]) + own[home] + level[month // 3] + 0.1 * noise),
            "living_area_sqft": area[home],
        }
    )
    held = {}
    for name in price_index.METHODS:
        low, high = price_index.by_method(name, sales, "quarter").interval(CONFIDENCE)
        truth = 100 * np.exp(level - level[0])
        held[name] = float(np.mean((low[1:] <= truth[1:]) & (truth[1:] <= high[1:])))
    return held


def _days(month: Ints) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(pd.DataFrame({"year": 2012 + month // 12, "month": month % 12 + 1, "day": 15}))


def _adjusted(level: float, slope: float, per_month: int, random: np.random.Generator) -> dict[str, float]:
    """Three years of a local linear trend: from their last month, and from a year before it, to some months ahead."""
    months = 12 * _YEARS
    drift = 0.003 + np.cumsum(random.normal(0, slope, months + max(_AHEAD)))
    walk = np.cumsum(drift + random.normal(0, level, len(drift)))
    month = np.repeat(np.arange(months), per_month)
    area = random.lognormal(7.4, 0.3, len(month))
    log = 5.5 + 0.9 * np.log(area) + walk[month] + random.normal(0, 0.2, len(month))
    sales = pd.DataFrame({"sale_date": _days(month), "sale_price": np.exp(log), "living_area_sqft": area})
    fitted = time_adjustment.fit(sales, date(2012 + _YEARS - 1, 12, 31))
    held: dict[str, list[float]] = {}
    for begin in (months - 1, months - 13):
        for ahead in _AHEAD:
            end = months - 1 + ahead
            days = [(pd.Timestamp(2012, 1, 16) + pd.DateOffset(months=at)).date() for at in (begin, end)]
            _, *ends = fitted.factor(days[0], days[1], CONFIDENCE)
            held.setdefault(f"{ahead} ahead", []).append(_inside(np.exp(walk[end] - walk[begin]), (ends[0], ends[1])))
    return {name: float(np.mean(shares)) for name, shares in held.items()}
