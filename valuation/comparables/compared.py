"""Subjects held beside the sales most like them: which are used, how each is adjusted, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuation.comparables import selection
from valuation.comparables.adjuster import Adjuster
from valuation.comparables.selection import Selected
from valuation.frames import Floats, Mask, Progress

_CHUNK = 1_000
_CLOSE = 2.0  # unlikeness at which the weight has fallen to a third
_AGREES = 0.4  # logs off the others at which a sale has no say
NET_LIMIT, GROSS_LIMIT = 0.15, 0.25  # of the price
_MINIMUM = 0.4  # of its price: a sale that is adjusted to less is no comparable
_ENOUGH = 3
_FLOOR = 0.05  # logs: comparables never agree better than that


@dataclass(frozen=True)
class ComparisonOptions:
    """``count`` comparables, sold at most ``max_years`` before and ``max_km`` away; ``confidence`` of the range.
    ``directions``: 1 for characteristics with which prices may only rise, -1 where they may only fall."""

    count: int = 8
    max_km: float = 15.0
    max_years: float = 4.0
    confidence: float = 0.90
    seed: int = 0
    directions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ComparedSales:
    """By subject and comparable: whether used, price at the valuation date, adjustments by line (dollars), weight. By
    subject: the ``columns`` of the regression, and the price ``level`` (dollars) that its rates are for."""

    selected: Selected
    used: Any
    price: Floats
    lines: Floats
    weight: Floats
    value: Floats
    spread: Floats
    columns: Floats
    level: Floats

    @property
    def enough(self) -> NDArray[np.bool_]:
        """Whether a subject has the three comparables that a value takes."""
        return np.asarray(self.used.sum(axis=1) >= _ENOUGH)

    @property
    def beyond(self) -> NDArray[np.bool_]:
        """Whether adjustments are above what appraisers take for the limit: net 15 %, gross 25 % of the price."""
        price = np.maximum(self.price, 1.0)
        net, gross = np.abs(self.lines.sum(axis=2)) / price, np.abs(self.lines).sum(axis=2) / price
        return np.asarray((net > NET_LIMIT) | (gross > GROSS_LIMIT))


def compare(
    by: Adjuster, subjects: pd.DataFrame, when: float, options: ComparisonOptions, progress: Progress | None = None
) -> ComparedSales:
    """The subjects on one day, ``when`` years from the valuation date, so many at a time that memory stays flat."""
    parts = []
    for begin in range(0, len(subjects), _CHUNK):
        some = subjects.iloc[begin : begin + _CHUNK]
        parts.append(_compare(by, some, np.full(len(some), when), options))
        if progress:
            progress(min(begin + _CHUNK, len(subjects)) / len(subjects))
    return _joined(parts, options.count, by)


def _compare(by: Adjuster, frame: pd.DataFrame, when: Floats, options: ComparisonOptions) -> ComparedSales:
    read = by.read(frame, when)
    selected = selection.select(
        by.pool, read.places, read.effects, read.keys, when, options.count, 1000 * options.max_km, options.max_years
    )
    used = selected.rows >= 0
    log_price = np.where(used, by.log_price[selected.rows], 0.0)
    # An unknown characteristic is not adjusted for.
    away = np.nan_to_num(read.effects[:, None, :] - by.pool.effects[selected.rows]) * used[:, :, None]
    price = np.where(used, np.exp(log_price), 0.0)
    level = _level(price, away.sum(axis=2), used)
    lines = away * level[:, None, None]
    adjusted = price + lines.sum(axis=2)
    used &= adjusted > _MINIMUM * price
    logs = np.log(np.where(used, adjusted, 1.0))
    weight = _weights(logs, np.where(used, selected.unlike, np.inf))
    value = (weight * adjusted).sum(axis=1)
    middle = (weight * logs).sum(axis=1, keepdims=True)
    apart = np.sqrt((weight * (logs - middle) ** 2).sum(axis=1))
    return ComparedSales(selected, used, price, lines, weight, value, apart + _FLOOR, read.columns, level)


def _level(price: Floats, total: Floats, used: Mask) -> Floats:
    """The dollars that shares of the price are shares of, the same for all comparables of a subject: the median of the
    logarithmic means of their prices before and after adjustment."""
    some = np.abs(total) > 1e-9
    mean = np.where(some, price * np.expm1(total) / np.where(some, total, 1.0), price)
    known = np.where(used, mean, np.nan)
    known[~used.any(axis=1)] = 0.0
    return np.asarray(np.nanmedian(known, axis=1))


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


def _joined(parts: list[ComparedSales], count: int, by: Adjuster) -> ComparedSales:
    if not parts:
        nothing, empty = np.zeros((0, count)), np.zeros(0)
        selected = Selected(nothing.astype(np.intp), nothing, nothing, empty.astype(np.intp))
        lines, columns = np.zeros((0, count, len(by.names))), np.zeros((0, by.columns.shape[1]))
        return ComparedSales(selected, nothing > 0, nothing, lines, nothing, empty, empty, columns, empty)
    of_selected = ("rows", "unlike", "meters", "passed_over")
    selected = Selected(*(np.concatenate([getattr(part.selected, name) for part in parts]) for name in of_selected))
    names = ("used", "price", "lines", "weight", "value", "spread", "columns", "level")
    return ComparedSales(selected, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))
