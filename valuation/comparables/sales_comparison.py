"""The sales comparison approach: similar sales, brought to the valuation date and adjusted line by line.

adjusted price = price x time factor + adjustments: one for each characteristic, one for the location, one for what they
do together. The value is the weighted mean of the adjusted prices: those that need less adjustment and agree with the
others weigh more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from valuation.comparables import adjuster, selection
from valuation.comparables.adjuster import Adjuster
from valuation.comparables.selection import Selected
from valuation.frames import Floats, Progress, Values, checked, values_of
from valuation.model.features import texts
from valuation.model.history import History, judged, learn_history

_CHUNK = 1_000
_CLOSE = 2.0  # unlikeness at which the weight has fallen to a third
_AGREES = 0.4  # logs off the others at which a sale has no say
_LARGE = 0.5  # gross adjustments over price
_FEWEST = 3
_FLOOR = 0.05  # logs: comparables never agree better than that


@dataclass(frozen=True)
class Options:
    """``count`` comparables, sold at most ``max_years`` before and ``max_km`` away; ``confidence`` of the range."""

    count: int = 8
    max_km: float = 15.0
    max_years: float = 4.0
    confidence: float = 0.90
    seed: int = 0


@dataclass(frozen=True)
class Comparison:
    """``grid`` has a row for each comparable of each property that is valued."""

    values: Values
    grid: pd.DataFrame


@dataclass(frozen=True)
class SalesComparison:
    """``low`` and ``high`` are how many spreads the range reaches from the value, as the ``held_back`` sales told."""

    as_of: date
    options: Options
    facts: dict[str, Any]
    adjuster: Adjuster
    sales: pd.DataFrame
    low: float
    high: float
    held_back: pd.DataFrame

    def value(self, properties: pd.DataFrame, progress: Progress | None = None) -> Comparison:
        """Values at ``as_of``, and the comparables that they rest on; a property with fewer than three is refused."""
        checked(properties)
        parts, told = [], progress or (lambda _: None)
        for begin in range(0, len(properties), _CHUNK):
            some = properties.iloc[begin : begin + _CHUNK]
            parts.append(_compare(self.adjuster, some, np.zeros(len(some)), self.options))
            told(min(begin + _CHUNK, len(properties)) / len(properties))
        found = _joined(parts, self.options.count, len(self.adjuster.names))
        return Comparison(self._values(properties, found), self._grid(properties, found))

    @property
    def sources(self) -> dict[str, str]:
        """Where each figure of the grid comes from, in words, by its column."""
        sales, first, last = (self.facts[name] for name in ("sales", "first_sale", "last_sale"))
        curve = (
            f"The effect of this characteristic in {sales} sales from {first} to {last}, all characteristics together."
        )
        others = {
            adjuster.LOCATION: "What the fifty nearest sales brought above what their characteristics explain, "
            "here and there.",
            adjuster.TOGETHER: f"What characteristics and place do together, beyond the sum of each, in {sales} sales.",
        }
        return {
            "time_factor": f"The market trend from the sale to {self.as_of}, by a hedonic index of the county's sales.",
            **{f"adjust_{name}": others.get(name, curve) for name in self.adjuster.names},
        }

    def curves(self) -> list[dict[str, Any]]:
        """Each adjustment as a curve: percent of the price relative to the usual property, from each value on."""
        return [curve.told() for curve in self.adjuster.curves]

    def _values(self, properties: pd.DataFrame, found: _Compared) -> Values:
        enough = found.used.sum(axis=1) >= _FEWEST
        value = np.where(enough, found.value, 1.0)
        low, high = value * np.exp(self.low * found.spread), value * np.exp(self.high * found.spread)
        flags = self.adjuster.encoder.flags(properties) if len(properties) else {}
        gross = (np.abs(found.lines).sum(axis=2) / found.price * found.used).sum(axis=1)
        flags |= {
            "few_comparables": found.used.sum(axis=1) < self.options.count,
            "large_adjustments": gross > _LARGE * np.maximum(found.used.sum(axis=1), 1),
        }
        return values_of(properties.index, value, low, high, flags, {"no_comparables": ~enough})

    def _grid(self, properties: pd.DataFrame, found: _Compared) -> pd.DataFrame:
        subject, place = np.nonzero(found.used & (found.used.sum(axis=1) >= _FEWEST)[:, None])
        row = found.selected.rows[subject, place]
        sales = self.sales.iloc[row]
        metres = found.selected.metres[subject, place]
        lines = found.lines[subject, place]
        price = found.price[subject, place]
        paid = sales["sale_price"].to_numpy(dtype=float)
        grid = {
            "property": properties.index.to_numpy()[subject],
            "rank": place + 1,
            "sale": sales["sale"].to_numpy() if "sale" in sales else sales["label"].to_numpy(),
            "parcel_number": texts(sales, "parcel_number").to_numpy(),
            "sale_date": sales["sale_date"].to_numpy(),
            "sale_price": paid,
            "distance_m": np.where(np.isfinite(metres), metres, -1.0),
            "similarity": 100 * np.exp(-found.selected.unlike[subject, place] / 4),
            "time_factor": price / paid,
            "time_adjusted_price": price,
            **{f"adjust_{name}": lines[:, column] for column, name in enumerate(self.adjuster.names)},
            "net_adjustment": lines.sum(axis=1),
            "gross_adjustment": np.abs(lines).sum(axis=1),
            "adjusted_price": price + lines.sum(axis=1),
            "weight": found.weight[subject, place],
        }
        return pd.DataFrame(grid)


@dataclass(frozen=True)
class _Compared:
    """By subject and comparable: whether used, price at the valuation date, adjustments by line (dollars), weight."""

    selected: Selected
    used: Any
    price: Floats
    lines: Floats
    weight: Floats
    value: Floats
    spread: Floats


def prepare(
    sales: pd.DataFrame, as_of: date, options: Options | None = None, progress: Progress | None = None
) -> SalesComparison:
    """Learn the adjustments from screened sales up to ``as_of`` and judge them on the last year's.

    Raises ``market_analysis.stats.errors.TooFewSales`` below 100 sales, ``frames.UnusableInput``.
    """
    options, told = options or Options(), progress or (lambda _: None)
    history = learn_history(checked(sales, ("sale_price", "sale_date")), as_of)
    known, held = history.sales, history.held
    before = adjuster.learn(known[~held], history.log_price[~held], history.years[~held], as_of, options.seed)
    told(0.3)
    later = known[held]
    parts = []
    for begin in range(0, len(later), _CHUNK):
        some = later.iloc[begin : begin + _CHUNK]
        parts.append(_compare(before, some, np.full(len(some), history.held_from), options))
        told(0.3 + 0.3 * min(begin + _CHUNK, len(later)) / len(later))
    found = _joined(parts, options.count, len(before.names))
    low, high, frame = _judged(history, found, options.confidence)
    full = adjuster.learn(known, history.log_price, history.years, as_of, options.seed)
    told(1.0)
    about = [name for name in ("sale", "parcel_number", "sale_date", "sale_price") if name in known]
    return SalesComparison(
        as_of, options, history.facts, full, known[about].assign(label=history.index), low, high, frame
    )


def _compare(by: Adjuster, frame: pd.DataFrame, when: Floats, options: Options) -> _Compared:
    places, effects, keys = by.read(frame, when)
    selected = selection.select(
        by.pool, places, effects, keys, when, options.count, 1000 * options.max_km, options.max_years
    )
    used = selected.rows >= 0
    log_price = np.where(used, by.log_price[selected.rows], 0.0)
    away = np.where(used[:, :, None], effects[:, None, :] - by.pool.effects[selected.rows], 0.0)
    adjusted = log_price + away.sum(axis=2)
    weight = _weights(adjusted, np.where(used, selected.unlike, np.inf))
    price = np.exp(log_price)
    total = away.sum(axis=2)
    # Logs become dollars by the logarithmic mean of the price before and after: the lines add up exactly.
    none = np.abs(total) < 1e-9
    mean = np.where(none, price, (np.exp(adjusted) - price) / np.where(none, 1.0, total))
    value = (weight * np.exp(adjusted)).sum(axis=1)
    middle = (weight * adjusted).sum(axis=1, keepdims=True)
    apart = np.sqrt((weight * (adjusted - middle) ** 2).sum(axis=1))
    return _Compared(selected, used, price, away * mean[:, :, None], weight, value, apart + _FLOOR)


def _weights(adjusted: Floats, unlike: Floats) -> Floats:
    """Sum to 1: likeness, Tukey's biweight of the distance from the median of the others, and one over the price,
    as errors of prices are shares of them and a plain mean lies too high."""
    used = np.isfinite(unlike)
    like = np.where(used, np.exp(-np.where(used, unlike, 0) / _CLOSE), 0.0)
    known = np.where(used, adjusted, np.nan)
    known[~used.any(axis=1)] = 0.0
    off = np.where(used, np.abs(adjusted - np.nanmedian(known, axis=1, keepdims=True)) / _AGREES, 0.0)
    weight = like * (1 - np.minimum(off, 0.99) ** 2) ** 2 * np.exp(-np.where(used, adjusted, 0.0))
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300))


def _joined(parts: list[_Compared], count: int, lines: int) -> _Compared:
    if not parts:
        nothing, empty = np.zeros((0, count)), np.zeros(0)
        selected = Selected(nothing.astype(np.intp), nothing, nothing)
        return _Compared(selected, nothing > 0, nothing, np.zeros((0, count, lines)), nothing, empty, empty)
    selected = Selected(
        *(np.concatenate([getattr(part.selected, name) for part in parts]) for name in ("rows", "unlike", "metres"))
    )
    names = ("used", "price", "lines", "weight", "value", "spread")
    return _Compared(selected, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _judged(history: History, found: _Compared, confidence: float) -> tuple[float, float, pd.DataFrame]:
    """How far the range must reach, in spreads, and the held-back sales that told so."""
    enough = found.used.sum(axis=1) >= _FEWEST
    log_price = history.log_price[history.held][enough]
    value, spread = found.value[enough], found.spread[enough]
    scores = (log_price - np.log(value)) / spread
    tail = (1 - confidence) / 2
    low, high = np.quantile(scores, [tail, 1 - tail]) if len(scores) else (-3.0, 3.0)
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    ends = {"low": value * np.exp(low * spread), "high": value * np.exp(high * spread)}
    rows = np.flatnonzero(history.held)[enough]
    return low, high, judged(history, pd.DataFrame({"value": value, **ends}, index=rows))
