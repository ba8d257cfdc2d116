"""Price indices: how the level of prices moved from period to period, with standard errors and counts.

- ``median``: the median price; included for comparison, for it moves with what sort of property sells.
- ``hedonic``: the time dummy method (Handbook on Residential Property Price Indices 2013, chapter 5).
- ``repeat_sales``: Bailey, Muth and Nourse (1963): log price ratios of resales on the periods' dummies.
- ``case_shiller``: their three stages (Case and Shiller 1987): the squared residuals of a first fit are regressed on
  the time between the sales, and the second fit weighs each pair by the inverse of what that predicts.

All but the median have a robust form, by Huber's M-estimator. Prices must be positive: screen the sales first.

``by_method`` is what analyses show: resales there are screened (``pairs``), and what rests on too little is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse, stats

from market_analysis.stats import hedonic as characteristics
from market_analysis.stats import periods
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import Fit, Floats, Tick, huber, no_tick, unlike_variances, wls
from market_analysis.stats.pairs import Pairs, pairs, sound_pairs

MIN_PAIRS = 30
MIN_FREE = 10
_MAXIMUM = float(np.log(1000))  # no market moves so far: a level or error beyond it says that the sales decide nothing
_SMALLEST_VARIANCE = 1e-4  # of a log price ratio: a standard error of 1%; no pair of prices is more exact


@dataclass(frozen=True)
class PriceIndex:
    """``log`` is the log level against the first period, NaN where the data give none; ``error`` its standard error.

    ``sales`` counts the sales behind each period; of repeat sales those that begin or end a pair there.
    """

    first: int
    step: str
    log: Floats
    error: Floats
    sales: npt.NDArray[np.int64]
    freedom: float = np.inf
    """Degrees of freedom of the errors: sales or pairs beyond the unknowns."""

    @property
    def value(self) -> Floats:
        """The index; the first period is 100."""
        return np.asarray(100 * np.exp(self.log))

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Its ends for each period, by Student's t of the log level; NaN where there is no error."""
        half = (stats.t.ppf(0.5 + confidence / 2, self.freedom) if self.freedom > 0 else np.nan) * self.error
        return np.asarray(100 * np.exp(self.log - half)), np.asarray(100 * np.exp(self.log + half))


def median(sales: pd.DataFrame, step: str = "month") -> PriceIndex:
    """Of ``sale_date`` and ``sale_price``. The standard error is that of Maritz and Jarrett (1978)."""
    period, first, count = periods.counted(sales, step)
    level, variance = np.full(count, np.nan), np.full(count, np.nan)
    for at, price in pd.Series(sales["sale_price"].to_numpy(dtype=float)).groupby(period):
        level[at] = price.median()
        if np.ptp(price) > 0:  # equal prices show no spread
            variance[at] = (float(stats.mstats.mjci(price.to_numpy(), prob=[0.5])[0]) / level[at]) ** 2
    log = np.log(level) - np.log(level[0])
    error = np.sqrt(variance + variance[0])
    error[0] = 0
    return PriceIndex(first, step, log, error, np.bincount(period, minlength=count))


def hedonic(sales: pd.DataFrame, step: str = "month", *, robust: bool = False, tick: Tick = no_tick) -> PriceIndex:
    """Of ``sale_date``, ``sale_price`` and whatever characteristics the frame has."""
    period, first, count = periods.counted(sales, step)
    dummies = sparse.csr_matrix((np.ones(len(sales)), (np.arange(len(sales)), period)), shape=(len(sales), count))
    design = sparse.hstack([dummies, characteristics.learn(sales).design(sales)], format="csr")
    fit = _fit(design, np.log(sales["sale_price"].to_numpy(dtype=float)), None, robust, tick, lead=count)
    level, covariance = fit.coefficients[:count], fit.covariance[:count, :count]
    own = np.diag(covariance)
    variance = own + own[0] - 2 * covariance[0]
    error = np.sqrt(np.maximum(variance, 0))
    return PriceIndex(first, step, level - level[0], error, np.bincount(period, minlength=count), fit.freedom)


def repeat_sales(
    sales: pd.DataFrame,
    step: str = "month",
    *,
    robust: bool = False,
    tick: Tick = no_tick,
    resales: Pairs | None = None,
) -> PriceIndex:
    """Of ``parcel_number``, ``sale_date`` and ``sale_price``, each pair alike; of all pairs, or of ``resales``."""
    return _of_pairs(resales or pairs(sales, step), step, None, robust, tick)


def case_shiller(
    sales: pd.DataFrame,
    step: str = "month",
    *,
    robust: bool = False,
    tick: Tick = no_tick,
    resales: Pairs | None = None,
) -> PriceIndex:
    """As ``repeat_sales``, with the pairs weighed by how exact their time apart lets them be.

    A predicted variance below that of a 1% standard error is taken as that: where many short pairs are resales of
    changed houses the second stage slopes down and would turn negative. A few pairs can then carry most of the
    weight, so the standard errors do not take the weights for the truth.
    """
    linked_pairs = (resales or pairs(sales, step)).linked()
    plain = wls(_pair_design(linked_pairs), linked_pairs.log_ratio)
    gap = sparse.csr_matrix(
        np.column_stack([np.ones(len(linked_pairs.earlier)), linked_pairs.later - linked_pairs.earlier])
    )
    stage = wls(gap, plain.residuals**2)
    variance = np.maximum(gap @ np.nan_to_num(stage.coefficients), _SMALLEST_VARIANCE)
    return _of_pairs(linked_pairs, step, 1 / variance, robust, tick)


def by_method(name: str, sales: pd.DataFrame, step: str = "month", *, tick: Tick = no_tick) -> PriceIndex:
    """Of ``METHODS``, as analyses show it. TooFewSales where ``MIN_FREE`` sales or pairs are not left beyond the
    unknowns, or ``MIN_PAIRS`` pairs are not there: nothing would say how exact the index is."""
    if name == "median":
        return _decided(median(sales, step))
    method, options = METHODS[name]
    if method is not hedonic:
        options = {**options, "resales": (resales := sound_pairs(sales, step))}
        if len(resales.earlier) < MIN_PAIRS:
            raise InsufficientSales(
                f"At least {MIN_PAIRS} sound pairs are needed for an index of resales; found {len(resales.earlier)}."
            )
    try:
        index: PriceIndex = method(sales, step, tick=tick, **options)
    except np.linalg.LinAlgError:
        raise InsufficientSales("These sales do not decide the index.") from None
    if index.freedom < MIN_FREE:
        raise InsufficientSales(
            f"At least {MIN_FREE} sales or pairs beyond its unknowns are needed for an index; found "
            f"{max(int(index.freedom), 0)}. Ask for longer periods or larger places."
        )
    return _decided(index)


def _decided(index: PriceIndex) -> PriceIndex:
    """Without the levels that nearly dependent columns leave to chance."""
    chance = np.abs(index.log) + np.nan_to_num(index.error) > _MAXIMUM
    return replace(index, log=np.where(chance, np.nan, index.log), error=np.where(chance, np.nan, index.error))


def _fit(design: sparse.csr_matrix, y: Floats, weights: Floats | None, robust: bool, tick: Tick, lead: int = 0) -> Fit:
    return huber(design, y, weights, lead=lead, tick=tick) if robust else wls(design, y, weights, lead=lead)


def _of_pairs(linked_pairs: Pairs, step: str, weights: Floats | None, robust: bool, tick: Tick) -> PriceIndex:
    linked_pairs = linked_pairs.linked()
    design = _pair_design(linked_pairs)
    fit = _fit(design, linked_pairs.log_ratio, weights, robust, tick)
    if weights is not None:
        fit = unlike_variances(fit, design, weights, robust=robust)
    log = np.concatenate([[0.0], fit.coefficients])
    error = np.concatenate([[0.0], fit.errors])
    ends = np.bincount(np.concatenate([linked_pairs.earlier, linked_pairs.later]), minlength=linked_pairs.count)
    return PriceIndex(linked_pairs.first, step, log, error, ends, fit.freedom)


def _pair_design(linked_pairs: Pairs) -> sparse.csr_matrix:
    """-1 at the period of the earlier sale and 1 at that of the later one; the first period is the base."""
    rows = np.arange(len(linked_pairs.earlier))
    ones = np.ones(len(rows))
    places = (np.tile(rows, 2), np.concatenate([linked_pairs.earlier, linked_pairs.later]))
    return sparse.csr_matrix((np.concatenate([-ones, ones]), places), shape=(len(rows), linked_pairs.count))[:, 1:]


TITLES = {
    "median": "Median price",
    "hedonic": "Hedonic",
    "hedonic_robust": "Hedonic, robust",
    "repeat_sales": "Repeat sales",
    "repeat_sales_robust": "Repeat sales, robust",
    "case_shiller": "Case-Shiller",
    "case_shiller_robust": "Case-Shiller, robust",
}
"""What people call the methods."""

METHODS: dict[str, tuple[Any, dict[str, Any]]] = {
    "median": (median, {}),
    "hedonic": (hedonic, {}),
    "hedonic_robust": (hedonic, {"robust": True}),
    "repeat_sales": (repeat_sales, {}),
    "repeat_sales_robust": (repeat_sales, {"robust": True}),
    "case_shiller": (case_shiller, {}),
    "case_shiller_robust": (case_shiller, {"robust": True}),
}
