"""The rates of a market: what buyers pay for a unit more of each characteristic, as a share of the price.

log price = place + sum of rates x units. One robust regression of all sales compares each home with those around it;
more of what is worth having never takes value away (``items.direction``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from valuation.comparables import items as items_of
from valuation.comparables import regression
from valuation.comparables.items import Item, Scale
from valuation.comparables.regression import Fitted
from valuation.frames import Floats
from valuation.mass_appraisal.features import Encoder


@dataclass(frozen=True)
class MarketRegression:
    """``parts`` are the columns of each item in the regression. Effects are in logs of price."""

    items: list[Item]
    parts: list[slice]
    fitted: Fitted

    @property
    def lines(self) -> list[str]:
        return list(dict.fromkeys(item.line for item in self.items))

    def columns(self, own: Floats) -> Floats:
        """Of the regression; NaN where the characteristic is unknown."""
        columns = [item.columns(own) for item in self.items]
        return np.column_stack(columns) if columns else np.empty((len(own), 0))

    def effects(self, columns: Floats) -> Floats:
        """One for each item; NaN where the characteristic is unknown."""
        return self._each(lambda part: columns[:, part] @ self.fitted.coefficients[part], len(columns))

    def errors(self, differences: Floats) -> Floats:
        """Standard errors of the effects of such differences of ``columns``, one for each item."""

        def error(part: slice) -> Floats:
            those = differences[:, part]
            variance = np.einsum("ri,ij,rj->r", those, self.fitted.covariance[part, part], those)
            return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

        return self._each(error, len(differences))

    def schedule(self) -> list[dict[str, Any]]:
        """The rates as JSON: percent of the price for a unit more, by size band, with standard errors."""
        result = []
        for item, part in zip(self.items, self.parts, strict=True):
            if isinstance(item, Scale):
                rates = 100 * self.fitted.coefficients[part] / item.sizes
                errors = 100 * np.sqrt(np.diag(self.fitted.covariance)[part]) / item.sizes
                bands = zip(item.edges[:-1], item.edges[1:], rates, errors, strict=True)
                result.append({"name": item.name, "bands": [_band(*map(float, band)) for band in bands]})
        return result

    def _each(self, figure: Callable[[slice], Floats], rows: int) -> Floats:
        result = np.empty((rows, len(self.items)))
        for column, part in enumerate(self.parts):
            result[:, column] = figure(part)
        return result


def learn(encoder: Encoder, own: Floats, places: Floats, log_price: Floats) -> MarketRegression:
    """From the columns of ``Encoder.matrix``, places and log prices of sales."""
    items = items_of.learn(encoder, own)
    ends = np.cumsum([0, *(len(item.sizes) for item in items)])
    parts = [slice(begin, end) for begin, end in pairwise(ends.tolist())]
    market = MarketRegression(items, parts, Fitted(np.zeros(ends[-1]), np.zeros((ends[-1], ends[-1]))))
    if not items:
        return market
    columns = usual(market.columns(own))
    above, _ = regression.within_places(np.column_stack([columns, log_price]), places)
    sign = np.concatenate([np.full(len(item.sizes), item.direction) for item in items])
    penalty = np.zeros((ends[-1], ends[-1]))
    for item, part in zip(items, parts, strict=True):
        penalty[part, part] = item.penalty()
    low, high = np.where(sign > 0, 0.0, -np.inf), np.where(sign < 0, 0.0, np.inf)
    return MarketRegression(items, parts, regression.fit(above[:, :-1], above[:, -1], low, high, penalty))


def usual(columns: Floats) -> Floats:
    """The columns with medians in place of what is unknown."""
    known = np.isfinite(columns)
    if known.all():
        return columns
    there = known.any(axis=0)
    medians = np.zeros(columns.shape[1])
    medians[there] = np.nanmedian(columns[:, there], axis=0)
    return np.where(known, columns, medians)


def _band(low: float, high: float, rate: float, error: float) -> dict[str, float]:
    figures = {"percent": float(f"{rate:.8g}"), "error": float(f"{error:.3g}")}  # cents of a rate on a high-value home
    return {"from": round(low, 4), "to": round(high, 4), **figures}
