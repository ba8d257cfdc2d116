"""The factor that brings a price of one day to another day, past or up to two years ahead.

1. A hedonic regression of log price on characteristics, place and month takes out what sort of property sold
   (Handbook on Residential Property Price Indices 2013, chapter 5). A month's level is its coefficient and the median
   of its residuals, so that odd prices do not move it.
2. ``market_level`` reads the levels as a local linear trend with a yearly season behind noise: level and slope drift as
   far as the data say, months weigh by their sales, and empty ones are filled. Carried past the last month it is the
   forecast. It is a mixture over what the data leave open of the drift itself, and gives the interval of any factor.

Nothing after ``as_of`` is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from market_analysis.stats import hedonic, market_level, periods
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.hedonic import Characteristics
from market_analysis.stats.least_squares import Fit, Floats, wls
from market_analysis.stats.periods import Ints
from terrafusion.words import counted

MIN_SALES = 30
MIN_MONTHS = 6
HORIZON = 24  # months that a level is carried ahead
_MIN_OF_A_SPAN = 5  # sales, from which the regression separates characteristics from time
_OWN = 0.01
"""The least share of its variance that a characteristic must have to itself. Where homes are few, age and lot size may
say the same; their large and opposite coefficients would then move the market's level as homes age."""
_MIN_FREE = 10  # degrees of freedom of the regression
_SEASON_FROM = 24  # months of a few sales each, from which a season differs from a trend
_MIN_OF_A_SEASON = 3  # sales in such a month
_MIN_NOISE = 1e-4  # of a log price: no price is more exact than 1%


@dataclass(frozen=True)
class Factors:
    """Multiply a price by ``value``; the true factor lies between ``low`` and ``high`` with the confidence asked.

    ``error`` is the standard error of the factor's logarithm. It is above zero for any two days of different months
    and grows with the time past the last sale, without end: add its square to the variance of a log price.
    """

    value: Floats
    low: Floats
    high: Floats
    error: Floats


@dataclass(frozen=True)
class TimeAdjustment:
    """Log market levels by month, from the first sale to ``HORIZON`` past the later of the last sale and ``as_of``, and
    their joint covariance.

    ``observed`` are the months' own levels, NaN without sales and so for the months ahead; ``sales`` counts them.
    ``season`` is the part of ``level`` that returns each year. ``coefficients`` are those of the characteristics,
    without the months. ``mixture`` is what all is read from: the levels and their covariance are its mean and spread.
    """

    as_of: date
    first: int
    level: Floats
    covariance: Floats
    season: Floats
    observed: Floats
    sales: Ints
    characteristics: Characteristics
    coefficients: Floats
    mixture: market_level.Mixture

    def factors(self, dates: pd.Series[Any], to: date, confidence: float = 0.95) -> Factors:
        """What brings prices of ``dates`` to ``to``: days between mid-months are interpolated in logs.

        Days before the first or after the last month that the fit knows: ValueError.
        """
        days, each = np.unique(dates.dt.normalize().to_numpy(), return_inverse=True)
        start_months, start = self._between(pd.Series(days))
        end_months, end = self._between(pd.Series([pd.Timestamp(to)]))
        months = np.hstack([start_months, np.tile(end_months, (len(days), 1))])
        weights = np.hstack([-start, np.tile(end, (len(days), 1))])
        log = np.einsum("dm,dm->d", weights, self.level[months])
        between = self.covariance[months[:, :, None], months[:, None, :]]
        error = np.sqrt(np.maximum(np.einsum("dm,dmn,dn->d", weights, between, weights), 0))
        low, high = self.mixture.interval(months, weights, confidence)
        return Factors(*(one[each] for one in (np.exp(log), np.exp(low), np.exp(high), error)))

    def factor(self, day: date, to: date, confidence: float = 0.95) -> tuple[float, float, float]:
        """The factor of one day and the ends of its interval."""
        factors = self.factors(pd.Series([pd.Timestamp(day)]), to, confidence)
        return float(factors.value[0]), float(factors.low[0]), float(factors.high[0])

    def predict(self, sales: pd.DataFrame) -> Floats:
        """Prices that the fit expects of these properties on their ``sale_date``: what the fit is evaluated by."""
        log = self.characteristics.design(sales) @ self.coefficients + self._weights(sales["sale_date"]) @ self.level
        return np.asarray(np.exp(log))

    def _weights(self, dates: pd.Series[Any]) -> pd.Series:
        """Each day as a mix of months: a sparse row with two weights."""
        months, weights = self._between(dates)
        rows = np.repeat(np.arange(len(months)), 2)
        return sparse.csr_matrix((weights.ravel(), (rows, months.ravel())), shape=(len(months), len(self.level)))

    def _between(self, dates: pd.Series[Any]) -> tuple[Ints, Floats]:
        """The two nearest mid-months of each day, and their weights."""
        place = periods.position(dates) - self.first - 0.5
        last = len(self.level) - 1
        if len(place) and (np.min(place) < -0.5 or np.max(place) > last + 0.5):
            span = f"{periods.name(self.first)} to {periods.name(self.first + last)}"
            raise ValueError(f"The time adjustment knows the market from {span}; some days lie outside.")
        place = np.clip(place, 0, last)
        lower = np.minimum(place.astype(np.int64), max(last - 1, 0))
        share = place - lower
        return np.column_stack([lower, lower + 1]), np.column_stack([1 - share, share])


def fit(sales: pd.DataFrame, as_of: date) -> TimeAdjustment:
    """Learns from the screened sales up to ``as_of``: columns ``sale_date``, ``sale_price`` > 0 and characteristics.

    Raises InsufficientSales for fewer than 30 sales or 6 months with sales.
    """
    known = sales[sales["sale_date"] <= pd.Timestamp(as_of)]
    if len(known) < MIN_SALES:
        raise InsufficientSales(f"At least {MIN_SALES} valid sales are needed to adjust for time; found {len(known)}.")
    month = periods.of_dates(known["sale_date"])
    first, last = int(month.min()), int(month.max())
    month -= first
    ahead = max(periods.of_date(as_of) - last, 0) + HORIZON
    counts = np.bincount(month, minlength=last - first + 1 + ahead)
    if np.sum(counts > 0) < MIN_MONTHS:
        raise InsufficientSales(
            f"A time adjustment takes sales in {MIN_MONTHS} months; these are of {np.sum(counts > 0)}."
        )
    characteristics = hedonic.learn(known)
    span = _spans(counts)[month]
    dummies = sparse.csr_matrix((np.ones(len(known)), (np.arange(len(known)), span)))
    design = characteristics.design(known)
    price = np.log(known["sale_price"].to_numpy(dtype=float))
    lead = dummies.shape[1]
    regression = wls(sparse.hstack([dummies, design], format="csr"), price, lead=lead, own=_OWN)
    free = len(known) - int(np.isfinite(regression.coefficients).sum())
    if free < _MIN_FREE:
        raise InsufficientSales(
            f"{counted(len(known), 'sale')} cannot separate the market's course from what sort of property sold."
        )
    coefficients = np.nan_to_num(regression.coefficients[lead:])
    observed = pd.Series(price - design @ coefficients).groupby(month).median().reindex(range(len(counts))).to_numpy()
    seasonal = int(np.sum(counts >= _MIN_OF_A_SEASON)) >= _SEASON_FROM
    market = market_level.infer(observed, counts, _noise(regression, free), seasonal=seasonal)
    return TimeAdjustment(
        as_of=as_of,
        first=first,
        level=market.level,
        covariance=market.covariance,
        season=market.season,
        observed=observed,
        sales=counts,
        characteristics=characteristics,
        coefficients=coefficients,
        mixture=market.mixture,
    )


def _spans(counts: Ints) -> Ints:
    """The span of each month: a month of its own, or thin ones that follow each other together."""
    spans, span, held = np.zeros(len(counts), dtype=np.int64), 0, 0
    left = int(counts.sum())
    for month, count in enumerate(counts):
        if held >= _MIN_OF_A_SPAN and left >= _MIN_OF_A_SPAN:
            span, held = span + 1, 0
        spans[month] = span
        held, left = held + int(count), left - int(count)
    return spans


def _noise(regression: Fit, free: int) -> float:
    """The variance of a median of n such residuals is this / n: a quarter of the squared sparsity, which is one over
    the density at the middle, by the quantiles about it (Koenker 2005, section 3.4)."""
    low, high = np.quantile(regression.residuals, [0.35, 0.65])
    sparsity = (high - low) / 0.3
    return max(float(sparsity**2 / 4 * len(regression.residuals) / free), _MIN_NOISE)
