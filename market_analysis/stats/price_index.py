"""Price indices: how the level of prices moved from period to period, with standard errors and counts.

- ``median``: the median price; told of for comparison, for it moves with what sort of property sells.
- ``hedonic``: the time dummy method (Handbook on Residential Property Price Indices 2013, chapter 5).
- ``repeat_sales``: Bailey, Muth and Nourse (1963): log price ratios of resales on the periods' dummies.
- ``case_shiller``: their three stages (Case and Shiller 1987): the squared residuals of a first fit are regressed on
  the time between the sales, and the second fit weighs each pair by the inverse of what that predicts.

All but the median have a robust form, by Huber's M-estimator. Prices must be positive: screen the sales first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse, stats

from market_analysis.stats import hedonic as characteristics
from market_analysis.stats import periods
from market_analysis.stats.errors import TooFewSales
from market_analysis.stats.least_squares import Fit, Floats, Tick, huber, no_tick, unlike_variances, wls

_SMALLEST_VARIANCE = 1e-4  # of a log price ratio: a standard error of 1%; no pair of prices is more exact


@dataclass(frozen=True)
class PriceIndex:
    """``log`` is the log level against the first period, NaN where the data tell none; ``error`` its standard error.

    ``sales`` counts the sales behind each period; of repeat sales those that begin or end a pair there.
    """

    first: int
    step: str
    log: Floats
    error: Floats
    sales: npt.NDArray[np.int64]

    @property
    def value(self) -> Floats:
        """The index; the first period is 100."""
        return np.asarray(100 * np.exp(self.log))

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Its ends for each period, from the normal distribution of the log level."""
        half = stats.norm.ppf(0.5 + confidence / 2) * self.error
        return np.asarray(100 * np.exp(self.log - half)), np.asarray(100 * np.exp(self.log + half))


@dataclass(frozen=True)
class Pairs:
    """Sales of one parcel that follow each other, in different periods. Periods count from ``first``."""

    first: int
    count: int
    earlier: npt.NDArray[np.int64]
    later: npt.NDArray[np.int64]
    log_ratio: Floats


def median(sales: pd.DataFrame, step: str = "month") -> PriceIndex:
    """Of ``sale_date`` and ``sale_price``. The standard error is that of Maritz and Jarrett (1978)."""
    period, first, count = _periods(sales, step)
    level, variance = np.full(count, np.nan), np.full(count, np.nan)
    for at, price in pd.Series(sales["sale_price"].to_numpy(dtype=float)).groupby(period):
        level[at] = price.median()
        if len(price) > 1:
            variance[at] = (float(stats.mstats.mjci(price.to_numpy(), prob=[0.5])[0]) / level[at]) ** 2
    log = np.log(level) - np.log(level[0])
    error = np.sqrt(variance + variance[0])
    error[0] = 0
    return PriceIndex(first, step, log, error, np.bincount(period, minlength=count))


def hedonic(sales: pd.DataFrame, step: str = "month", *, robust: bool = False, tick: Tick = no_tick) -> PriceIndex:
    """Of ``sale_date``, ``sale_price`` and whatever characteristics the frame has."""
    period, first, count = _periods(sales, step)
    dummies = sparse.csr_matrix((np.ones(len(sales)), (np.arange(len(sales)), period)), shape=(len(sales), count))
    design = sparse.hstack([dummies, characteristics.learn(sales).design(sales)], format="csr")
    fit = _fit(design, np.log(sales["sale_price"].to_numpy(dtype=float)), None, robust, tick)
    level, covariance = fit.coefficients[:count], fit.covariance[:count, :count]
    own = np.diag(covariance)
    variance = own + own[0] - 2 * covariance[0]
    error = np.sqrt(np.maximum(variance, 0))
    return PriceIndex(first, step, level - level[0], error, np.bincount(period, minlength=count))


def repeat_sales(sales: pd.DataFrame, step: str = "month", *, robust: bool = False, tick: Tick = no_tick) -> PriceIndex:
    """Of ``parcel_number``, ``sale_date`` and ``sale_price``, each pair counted alike."""
    return _of_pairs(pairs(sales, step), step, None, robust, tick)


def case_shiller(sales: pd.DataFrame, step: str = "month", *, robust: bool = False, tick: Tick = no_tick) -> PriceIndex:
    """As ``repeat_sales``, with the pairs weighed by how exact their time apart lets them be.

    A predicted variance below that of a 1% standard error is taken as that: where many short pairs are resales of
    changed houses the second stage slopes down and would turn negative. A few pairs can then carry most of the
    weight, so the standard errors do not take the weights for the truth.
    """
    found = pairs(sales, step)
    plain = wls(_pair_design(found), found.log_ratio)
    gap = sparse.csr_matrix(np.column_stack([np.ones(len(found.earlier)), found.later - found.earlier]))
    stage = wls(gap, plain.residuals**2)
    variance = np.maximum(gap @ np.nan_to_num(stage.coefficients), _SMALLEST_VARIANCE)
    return _of_pairs(found, step, 1 / variance, robust, tick)


def pairs(sales: pd.DataFrame, step: str = "month") -> Pairs:
    """Each sale with the parcel's next one; pairs within one period are left out. TooFewSales where there are none."""
    period, first, count = _periods(sales, step)
    number = sales["parcel_number"].astype("category").cat.codes.to_numpy()
    price = sales["sale_price"].to_numpy(dtype=float)
    order = np.lexsort((price, period, number))
    earlier, later = order[:-1], order[1:]
    resale = (number[earlier] == number[later]) & (period[earlier] < period[later])
    earlier, later = earlier[resale], later[resale]
    if not len(earlier):
        raise TooFewSales("No parcel was sold in two of the periods, so there are no repeat sales.")
    return Pairs(first, count, period[earlier], period[later], np.log(price[later] / price[earlier]))


def by_method(name: str, sales: pd.DataFrame, step: str = "month", *, tick: Tick = no_tick) -> PriceIndex:
    """Of ``METHODS``."""
    if name == "median":
        return median(sales, step)
    method, options = METHODS[name]
    index: PriceIndex = method(sales, step, tick=tick, **options)
    return index


def _fit(design: Any, y: Floats, weights: Floats | None, robust: bool, tick: Tick) -> Fit:
    return huber(design, y, weights, tick=tick) if robust else wls(design, y, weights)


def _of_pairs(found: Pairs, step: str, weights: Floats | None, robust: bool, tick: Tick) -> PriceIndex:
    design = _pair_design(found)
    fit = _fit(design, found.log_ratio, weights, robust, tick)
    if weights is not None:
        fit = unlike_variances(fit, design, weights, robust=robust)
    log = np.concatenate([[0.0], fit.coefficients])
    error = np.concatenate([[0.0], fit.errors])
    linked = _linked(found)
    log[~linked] = error[~linked] = np.nan
    ends = np.bincount(np.concatenate([found.earlier, found.later]), minlength=found.count)
    return PriceIndex(found.first, step, log, error, ends)


def _pair_design(found: Pairs) -> Any:
    """-1 at the period of the earlier sale and 1 at that of the later one; the first period is the base."""
    rows = np.arange(len(found.earlier))
    ones = np.ones(len(rows))
    places = (np.tile(rows, 2), np.concatenate([found.earlier, found.later]))
    return sparse.csr_matrix((np.concatenate([-ones, ones]), places), shape=(len(rows), found.count))[:, 1:]


def _linked(found: Pairs) -> npt.NDArray[np.bool_]:
    """The periods that a chain of resales links to the first one: no other has a level against it."""
    ones = np.ones(len(found.earlier))
    graph = sparse.csr_matrix((ones, (found.earlier, found.later)), shape=(found.count, found.count))
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    return np.asarray(component == component[0])


def _periods(sales: pd.DataFrame, step: str) -> tuple[npt.NDArray[np.int64], int, int]:
    """Each sale's period counted from the first; that first one; how many there are. TooFewSales below two."""
    if len(sales) == 0:
        raise TooFewSales("There is no valid sale.")
    period = periods.of_dates(sales["sale_date"], step)
    first = int(period.min())
    count = int(period.max()) - first + 1
    if count < 2:
        raise TooFewSales(f"An index takes sales in two periods; all are of {periods.name(first, step)}.")
    return period - first, first, count


METHODS: dict[str, tuple[Any, dict[str, Any]]] = {
    "median": (median, {}),
    "hedonic": (hedonic, {}),
    "hedonic_robust": (hedonic, {"robust": True}),
    "repeat_sales": (repeat_sales, {}),
    "repeat_sales_robust": (repeat_sales, {"robust": True}),
    "case_shiller": (case_shiller, {}),
    "case_shiller_robust": (case_shiller, {"robust": True}),
}
