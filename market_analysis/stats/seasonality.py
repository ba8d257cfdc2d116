"""The season of monthly counts by the ratio to the moving average (Macaulay 1931), as statsmodels decomposes it."""

from __future__ import annotations

import numpy as np

from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import Floats

MIN_MONTHS = 24


def factors(counts: Floats, first_month: int) -> Floats:
    """What January to December have of an average month, 1 being the average; the first count is of ``first_month``,
    1 to 12. TooFewSales for less than two years, or where a month has no sale, to which no ratio can be taken."""
    from statsmodels.tsa.seasonal import seasonal_decompose

    if len(counts) < MIN_MONTHS:
        raise InsufficientSales(f"At least {MIN_MONTHS} months are needed for a season; found {len(counts)}.")
    if np.min(counts) <= 0:
        raise InsufficientSales(f"A season takes a sale in every month; {int(np.sum(counts <= 0))} have none.")
    decomposed = seasonal_decompose(np.asarray(counts, dtype=float), model="multiplicative", period=12)
    return np.asarray(np.roll(decomposed.seasonal[:12], first_month - 1))
