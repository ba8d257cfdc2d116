"""The factor that brings a price of one day to another day, past or up to two years ahead.

1. A hedonic regression of log price on characteristics, place and month takes out what sort of property sold
   (Handbook on Residential Property Price Indices 2013, chapter 5). A month's level is its coefficient and the median
   of its residuals, so that odd prices do not move it.
2. The levels are read as a local linear trend with a yearly season and noise (Harvey 1989; Durbin and Koopman 2012,
   section 3.2): level and slope drift as far as the data say. The Kalman smoother weighs thin months and fills empty
   ones; carried past the last month it is the forecast, and its joint covariance gives the interval of any factor.

Nothing after ``as_of`` is looked at.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse, stats

from market_analysis.stats import hedonic, periods
from market_analysis.stats.errors import TooFewSales
from market_analysis.stats.hedonic import Characteristics
from market_analysis.stats.least_squares import wls

Floats = npt.NDArray[np.float64]

FEWEST_SALES = 30
FEWEST_MONTHS = 6
HORIZON = 24  # months that a level is carried ahead
_FEWEST_OF_A_MONTH = 3  # sales; fewer tell no level
_SEASON_FROM = 24  # months with a level, from which a season can be told from a trend


@dataclass(frozen=True)
class Factors:
    """Multiply a price by ``value``; the true factor lies between ``low`` and ``high`` with the confidence asked."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class TimeAdjustment:
    """Log market levels by month, first to last with data and ``HORIZON`` beyond, and their joint covariance.

    ``observed`` are the months' own levels, NaN where too few sales tell one and for the months ahead; ``sales`` counts
    them. ``season`` is the part of ``level`` that returns each year. ``coefficients`` are those of the
    characteristics, without the months.
    """

    as_of: date
    first: int
    level: Floats
    covariance: Floats
    season: Floats
    observed: Floats
    sales: npt.NDArray[np.int64]
    characteristics: Characteristics
    coefficients: Floats

    def factors(self, dates: pd.Series[Any], to: date, confidence: float = 0.95) -> Factors:
        """What brings prices of ``dates`` to ``to``: days between mid-months are interpolated in logs.

        Days before the first or after the last month that the fit knows: ValueError.
        """
        start = self._weights(dates)
        end = self._weights(pd.Series([pd.Timestamp(to)]))
        contrast = sparse.csr_matrix(np.ones((start.shape[0], 1))) @ end - start
        log = np.asarray(contrast @ self.level).ravel()
        variance = np.asarray(contrast.multiply(contrast @ self.covariance).sum(axis=1)).ravel()
        half = stats.norm.ppf(0.5 + confidence / 2) * np.sqrt(np.maximum(variance, 0))
        return Factors(np.exp(log), np.exp(log - half), np.exp(log + half))

    def factor(self, day: date, to: date, confidence: float = 0.95) -> tuple[float, float, float]:
        """The factor of one day and the ends of its interval."""
        found = self.factors(pd.Series([pd.Timestamp(day)]), to, confidence)
        return float(found.value[0]), float(found.low[0]), float(found.high[0])

    def predict(self, sales: pd.DataFrame) -> Floats:
        """Prices that the fit expects of these properties on their ``sale_date``: what the fit is judged by."""
        log = self.characteristics.design(sales) @ self.coefficients + self._weights(sales["sale_date"]) @ self.level
        return np.asarray(np.exp(log))

    def _weights(self, dates: pd.Series[Any]) -> Any:
        """Each day as a mix of the two nearest mid-months: a sparse row with two weights."""
        place = periods.position(dates) - self.first - 0.5
        last = len(self.level) - 1
        if len(place) and (np.min(place) < -0.5 or np.max(place) > last + 0.5):
            span = f"{periods.name(self.first)} to {periods.name(self.first + last)}"
            raise ValueError(f"The time adjustment knows the market from {span}; some days lie outside.")
        place = np.clip(place, 0, last)
        lower = np.minimum(place.astype(int), max(last - 1, 0))
        share = place - lower
        rows = np.arange(len(place))
        return sparse.csr_matrix(
            (np.concatenate([1 - share, share]), (np.tile(rows, 2), np.concatenate([lower, lower + 1]))),
            shape=(len(place), last + 1),
        )


def fit(sales: pd.DataFrame, as_of: date) -> TimeAdjustment:
    """Learns from the screened sales up to ``as_of``: columns ``sale_date``, ``sale_price`` > 0 and characteristics.

    Raises TooFewSales for fewer than 30 sales or 6 months with a level.
    """
    known = sales[sales["sale_date"] <= pd.Timestamp(as_of)]
    if len(known) < FEWEST_SALES:
        raise TooFewSales(f"A time adjustment takes {FEWEST_SALES} valid sales; there are {len(known)}.")
    month = periods.of_dates(known["sale_date"])
    first, last = int(month.min()), int(month.max())
    counts = np.bincount(month - first, minlength=last - first + 1)
    told = int(np.sum(counts >= _FEWEST_OF_A_MONTH))
    if told < FEWEST_MONTHS:
        raise TooFewSales(
            f"A time adjustment takes {FEWEST_MONTHS} months with {_FEWEST_OF_A_MONTH} sales each; there are {told}."
        )
    characteristics = hedonic.learn(known)
    dummies = sparse.csr_matrix(
        (np.ones(len(known)), (np.arange(len(known)), month - first)), shape=(len(known), len(counts))
    )
    design = sparse.hstack([dummies, characteristics.design(known)], format="csr")
    found = wls(design, np.log(known["sale_price"].to_numpy(dtype=float)))
    medians = pd.Series(found.residuals).groupby(month - first).median().reindex(range(len(counts)))
    observed = np.where(counts >= _FEWEST_OF_A_MONTH, found.coefficients[: len(counts)] + medians.to_numpy(), np.nan)
    ahead = max(periods.of_date(as_of) - last, 0) + HORIZON
    observed = np.append(observed, np.full(ahead, np.nan))
    level, covariance, season = smooth(observed)
    return TimeAdjustment(
        as_of=as_of,
        first=first,
        level=level,
        covariance=covariance,
        season=season,
        observed=observed,
        sales=np.append(counts, np.zeros(ahead, dtype=np.int64)),
        characteristics=characteristics,
        coefficients=np.nan_to_num(found.coefficients[len(counts) :]),
    )


def smooth(observed: Floats) -> tuple[Floats, Floats, Floats]:
    """Market levels with season behind monthly ones, NaN where a month has none; their covariance; and the season.

    A yearly season of one harmonic is in the model from 24 known months on.
    """
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    percent = 100.0  # variances of some 1e-5 are flat ground for the optimiser
    seasonal = int(np.isfinite(observed).sum()) >= _SEASON_FROM
    model = UnobservedComponents(
        (observed - np.nanmean(observed)) * percent,
        level="lltrend",
        freq_seasonal=[{"period": 12, "harmonics": 1}] if seasonal else None,
        stochastic_freq_seasonal=[False] if seasonal else None,
    )
    with warnings.catch_warnings():
        # The likelihood is flat where a variance is nearly nothing; the last step is as good as its neighbours.
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = model.fit(disp=0, maxiter=200)
    smoothed = result.smoother_results
    read = np.zeros(smoothed.smoothed_state.shape[0])
    read[0] = 1
    if seasonal:
        read[2] = 1
    n = len(observed)
    level = read @ smoothed.smoothed_state / percent + np.nanmean(observed)
    season = smoothed.smoothed_state[2] / percent if seasonal else np.zeros(n)
    covariance = np.empty((n, n))
    for lag in range(n):
        if lag == 0:
            diagonal = np.einsum("i,ijt,j->t", read, smoothed.smoothed_state_cov, read)
        else:
            diagonal = np.einsum("i,ijt,j->t", read, smoothed.smoothed_state_autocovariance(lag), read)[lag:]
        rows = np.arange(lag, n)
        covariance[rows, rows - lag] = covariance[rows - lag, rows] = diagonal / percent**2
    return level, covariance, season
