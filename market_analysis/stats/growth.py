"""How fast prices grow: the slope of log price on time, by Huber's M-estimator, as a rate a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse, stats

from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import Floats, huber

MIN_SALES = 10
MIN_DAYS = 180  # between the first and the last sale; less says nothing about a year
_YEAR = 365.25


@dataclass(frozen=True)
class Growth:
    """``rate`` is the mean change of a year as a fraction, ``low`` and ``high`` the ends of its interval."""

    rate: float
    low: float
    high: float


def growth(prices: Floats, dates: pd.Series[Any], confidence: float = 0.95) -> Growth:
    """Of positive prices, or prices per square foot. TooFewSales for fewer than 10, or for less than half a year."""
    if len(prices) < MIN_SALES:
        raise InsufficientSales(f"At least {MIN_SALES} sales are needed for a trend; found {len(prices)}.")
    days = (dates - dates.min()).dt.days.to_numpy(dtype=float)
    if days.max() < MIN_DAYS:
        raise InsufficientSales(f"A trend takes sales over {MIN_DAYS} days; these are over {days.max():.0f}.")
    design = sparse.csr_matrix(np.column_stack([np.ones(len(days)), days / _YEAR]))
    fit = huber(design, np.log(prices))
    slope, error = float(fit.coefficients[1]), float(fit.errors[1])
    free = len(days) - 2
    # The scale of the residuals, by their median size, does not know that two coefficients were fitted to them.
    half = float(stats.t.ppf(0.5 + confidence / 2, free)) * error * np.sqrt(len(days) / free)
    return Growth(float(np.expm1(slope)), float(np.expm1(slope - half)), float(np.expm1(slope + half)))
