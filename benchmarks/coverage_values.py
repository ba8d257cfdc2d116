"""Draws of small counties from two real ones: do the intervals of values hold later prices?

A draw takes sales up to a day, values for a day 0 to 12 months after the last of them, and sales of the three months
from that day on, at prices brought to it by the index of all sales of the county.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from benchmarks.valuation_data import sales_of
from market_analysis.stats import time_adjustment
from valuation import comparables, mass_appraisal, reconcile
from valuation.frames import Values
from valuation.mass_appraisal.holdout import coverage

CONFIDENCE = 0.90
_COUNTIES = ("lucas", "seattle")
_SIZES = (110, 300, 1000, 5000)
_YEARS = 3  # of sales at least
_TESTED = 400  # later sales at most
_MONTHS = 12
_SPAN = pd.DateOffset(months=3)


def draws() -> Iterator[tuple[str, Callable[[np.random.Generator], dict[str, float]]]]:
    for size in _SIZES:
        for county in _COUNTIES:
            yield f"values {county} {size}", functools.partial(_draw, county, size)


@functools.cache
def _county(name: str) -> tuple[pd.DataFrame, time_adjustment.TimeAdjustment]:
    sales = sales_of(name)
    if sales is None:
        raise SystemExit(f"The sales of {name} are needed: see docs/developer/valuation-accuracy.md.")
    if name == "lucas":  # the price of a home that is built in the year of its sale is often that of the lot
        sales = sales[sales["year_built"] < sales["sale_date"].dt.year]
    return sales, time_adjustment.fit(sales, sales["sale_date"].max().date())


def _draw(county: str, size: int, random: np.random.Generator) -> dict[str, float]:
    sales, index = _county(county)
    ahead = int(random.integers(0, _MONTHS + 1))
    first, last = sales["sale_date"].min(), sales["sale_date"].max()
    cuts = pd.date_range(first + pd.DateOffset(years=_YEARS), last - _SPAN - pd.DateOffset(months=ahead), freq="MS")
    cut = cuts[random.integers(len(cuts))]
    as_of = cut + pd.DateOffset(months=ahead)
    dates = sales["sale_date"]
    earlier, later = sales[dates < cut], sales[(dates >= as_of) & (dates < as_of + _SPAN)]
    known = earlier.iloc[random.permutation(len(earlier))[:size]]
    homes = later.iloc[random.permutation(len(later))[:_TESTED]]
    price = homes["sale_price"].to_numpy(dtype=float) * index.factors(homes["sale_date"], as_of.date()).value
    unsold = homes.drop(columns=["sale_price", "sale_date"])
    when = "0 to 3" if ahead <= 3 else "4 to 12"
    shares: dict[str, float] = {}
    for name, given in _values(known, as_of, unsold).items():
        inside = coverage(given.values.assign(price=pd.Series(price, index=homes.index)))
        shares |= {name: inside, f"{name}, {when} months ahead": inside}
    return shares


def _values(known: pd.DataFrame, as_of: pd.Timestamp, homes: pd.DataFrame) -> dict[str, Values]:
    trained = mass_appraisal.train(known, as_of.date())
    prepared = comparables.prepare(known, as_of.date())
    held = {"mass_appraisal": trained.calibration_sales, "sales_comparison": prepared.calibration_sales}
    values = {"mass_appraisal": trained.value(homes), "sales_comparison": prepared.value(homes).values}
    return {**values, "reconciled": reconcile.weigh(held, CONFIDENCE).apply(values, homes).values}
