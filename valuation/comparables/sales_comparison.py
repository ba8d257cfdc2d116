"""The sales comparison approach: similar sales, brought to the valuation date and adjusted line by line.

adjusted price = price x time factor + adjustments: one for each characteristic, one for the location, one for what they
do together. The value is the weighted mean of the adjusted prices: those that need less adjustment and agree with the
others weigh more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from valuation.comparables import adjuster, sources
from valuation.comparables.adjuster import Adjuster
from valuation.comparables.compared import ComparedSales, ComparisonOptions, compare
from valuation.frames import Mask, Progress, Values, checked, values_of
from valuation.intervals import reach, widen
from valuation.mass_appraisal import holdout
from valuation.mass_appraisal.features import Encoder, texts
from valuation.mass_appraisal.history import History, learn_history, with_prices
from valuation.mass_appraisal.holdout import Trial


@dataclass(frozen=True)
class Comparison:
    """``grid`` has a row for each comparable of each property that is valued; ``about`` a row for each property: the
    number of ``comparables``, of sales ``passed_over`` (as similar, but too much of the difference is unexplained), and
    the ``price_level`` of its rates in dollars."""

    values: Values
    grid: pd.DataFrame
    about: pd.DataFrame


@dataclass(frozen=True)
class SalesComparison:
    """``low`` and ``high`` are how many spreads the range reaches from the value by the ``calibration_sales``, and
    ``error`` the standard error in logs of the market's level. ``trial`` evaluates it; None where sales are too few."""

    as_of: date
    options: ComparisonOptions
    facts: dict[str, Any]
    adjuster: Adjuster
    sales: pd.DataFrame
    low: float
    high: float
    error: float
    calibration_sales: pd.DataFrame
    trial: Trial | None

    def value(self, properties: pd.DataFrame, progress: Progress | None = None) -> Comparison:
        """Values at ``as_of``, and the comparables that they rest on; a property with fewer than three is refused."""
        compared = compare(self.adjuster, checked(properties), 0.0, self.options, progress)
        about = {
            "comparables": compared.used.sum(axis=1),
            "passed_over": compared.selected.passed_over,
            "price_level": compared.level,
        }
        values = self._values(properties, compared)
        about_valued = pd.DataFrame(about, index=properties.index).loc[values.values.index]
        return Comparison(values, self._grid(properties, compared), about_valued)

    @property
    def rated(self) -> frozenset[str]:
        """The lines that are a rate times a difference."""
        return frozenset(entry["name"] for entry in self.schedule())

    @property
    def sources(self) -> dict[str, str]:
        """Where each figure of the grid comes from, in words, by its column."""
        return sources.of(self.adjuster, self.facts, self.as_of)

    def schedule(self) -> list[dict[str, Any]]:
        """``MarketRegression.schedule``, as JSON; a grade in words by its words, the lower and the higher."""
        return [_worded(entry, self.adjuster.encoder) for entry in self.adjuster.market.schedule()]

    def _values(self, properties: pd.DataFrame, compared: ComparedSales) -> Values:
        value = np.where(compared.enough, compared.value, 1.0)
        low, high = widen(self.low * compared.spread, self.high * compared.spread, self.error, self.options.confidence)
        low, high = value * np.exp(low), value * np.exp(high)
        flags = self.adjuster.encoder.flags(properties) if len(properties) else {}
        beyond = (compared.beyond & compared.used).sum(axis=1)
        flags |= {
            "few_comparables": compared.used.sum(axis=1) < self.options.count,
            "large_adjustments": beyond > compared.used.sum(axis=1) / 2,
        }
        return values_of(properties.index, value, low, high, flags, {"no_comparables": ~compared.enough})

    def _grid(self, properties: pd.DataFrame, compared: ComparedSales) -> pd.DataFrame:
        subject, place = np.nonzero(compared.used & compared.enough[:, None])
        row = compared.selected.rows[subject, place]
        sales = self.sales.iloc[row]
        meters = compared.selected.meters[subject, place]
        lines = compared.lines[subject, place]
        price = compared.price[subject, place]
        paid = sales["sale_price"].to_numpy(dtype=float)
        names = self.adjuster.names
        errors = compared.level[subject, None] * self.adjuster.errors(
            compared.columns[subject], self.adjuster.columns[row]
        )
        grid = {
            "property": properties.index.to_numpy()[subject],
            "rank": compared.used.cumsum(axis=1)[subject, place],
            "sale": sales["sale"].to_numpy() if "sale" in sales else sales["label"].to_numpy(),
            "parcel_number": texts(sales, "parcel_number").to_numpy(),
            "sale_date": sales["sale_date"].to_numpy(),
            "sale_price": paid,
            "distance_m": np.where(np.isfinite(meters), meters, -1.0),
            "similarity": 100 * np.exp(-compared.selected.unlike[subject, place] / 4),
            "time_factor": price / paid,
            "time_adjusted_price": price,
            **{f"adjust_{name}": lines[:, column] for column, name in enumerate(names)},
            **{f"error_{name}": errors[:, column] for column, name in enumerate(names)},
            "net_adjustment": lines.sum(axis=1),
            "gross_adjustment": np.abs(lines).sum(axis=1),
            "beyond_guideline": compared.beyond[subject, place],
            "adjusted_price": price + lines.sum(axis=1),
            "weight": compared.weight[subject, place],
        }
        return pd.DataFrame(grid)


def _worded(entry: dict[str, Any], encoder: Encoder) -> dict[str, Any]:
    """The sizes of what is no number are the ranks of its kinds."""
    if entry["name"] in encoder.numbers:
        return entry
    kinds = list(encoder.levels[entry["name"]])
    ends = ("from", "to")
    return entry | {"bands": [{**band, **{end: kinds[round(band[end])] for end in ends}} for band in entry["bands"]]}


def prepare(
    sales: pd.DataFrame, as_of: date, options: ComparisonOptions | None = None, progress: Progress | None = None
) -> SalesComparison:
    """Learn the adjustments from screened sales up to ``as_of`` and evaluate them on the last year's.

    Raises ``market_analysis.stats.errors.InsufficientSales`` below 100 sales, ``UnusableInput``.
    """
    options, report = options or ComparisonOptions(), progress or (lambda _: None)
    history = learn_history(checked(sales, ("sale_price", "sale_date")), as_of)
    earlier = holdout.earlier(history)
    every = np.ones(len(history.sales), dtype=bool)
    if earlier is None:
        compared = _tried(_adjuster(history, ~history.held, options), history, history.held_from, options)
        trial = None
    else:
        before = _adjuster(earlier, np.ones(len(earlier.sales), dtype=bool), options)
        compared = _tried(before, history, 0.0, options)
        report(0.3)
        trial = _trial(history, earlier, compared, options)
        compared = replace(compared, value=compared.value * np.exp(holdout.between(history, earlier)))
    low, high = _reach(history, compared, options.confidence)
    frame = with_prices(history, _dollars(history, compared, low, high))
    report(0.7)
    full = _adjuster(history, every, options)
    report(1.0)
    about = [name for name in ("sale", "parcel_number", "sale_date", "sale_price") if name in history.sales]
    pool = history.sales[about].assign(label=history.index)
    return SalesComparison(as_of, options, history.facts, full, pool, low, high, history.error, frame, trial)


def _adjuster(history: History, rows: Mask, options: ComparisonOptions) -> Adjuster:
    return adjuster.learn(
        history.sales[rows],
        history.log_price[rows],
        history.years[rows],
        history.as_of,
        options.seed,
        options.directions,
    )


def _tried(by: Adjuster, history: History, when: float, options: ComparisonOptions) -> ComparedSales:
    """The holdout sales, valued on one day."""
    return compare(by, history.sales[history.held], when, options)


def _trial(history: History, earlier: History, later: ComparedSales, options: ComparisonOptions) -> Trial:
    """``later``: the holdout sales by all that was known earlier."""
    first = _adjuster(earlier, ~earlier.held, options)
    compared = _tried(first, earlier, earlier.held_from, options)
    low, high = _reach(earlier, compared, options.confidence)
    factor = np.exp(holdout.market_change(history))
    calibrating = _dollars(earlier, compared, low, high) * factor
    later_values = _dollars(history, later, low, high, earlier.error, options.confidence) * factor
    return holdout.trial(history, earlier, calibrating, later_values)


def _reach(history: History, compared: ComparedSales, confidence: float) -> tuple[float, float]:
    """How far the range must reach, in spreads."""
    enough = compared.enough
    if not enough.any():
        return -3.0, 3.0
    away = history.log_price[history.held][enough] - np.log(compared.value[enough])
    low, high = reach(away / compared.spread[enough], confidence)
    return min(low, 0.0), max(high, 0.0)


def _dollars(
    history: History, compared: ComparedSales, low: float, high: float, error: float = 0.0, confidence: float = 0.9
) -> pd.DataFrame:
    """``value``, ``low`` and ``high`` of the holdout sales with comparables, by the rows of ``history.sales``."""
    enough = compared.enough
    value, spread = compared.value[enough], compared.spread[enough]
    ends = widen(low * spread, high * spread, error, confidence)
    columns = {"value": value, "low": value * np.exp(ends[0]), "high": value * np.exp(ends[1])}
    return pd.DataFrame(columns, index=np.flatnonzero(history.held)[enough])
