"""Intervals of values: conformal quantiles of a finite sample, and the uncertainty of the market's level. Pure."""

from __future__ import annotations

import numpy as np
from scipy import stats

from valuation.frames import Floats


def reach(scores: Floats, confidence: float) -> tuple[float, float]:
    """The scores between which the next one lies with this ``confidence``, each tail by itself.

    Of n scores the k-th smallest is above the next one with probability k / (n + 1) (Vovk et al. 2005), so that few
    scores reach further than their plain quantiles; too few reach to their ends.
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(scores, [tail, 1 - tail], method="weibull")
    return float(low), float(high)


def widen(low: Floats, high: Floats, error: float, confidence: float) -> tuple[Floats, Floats]:
    """Ends of intervals in logs from the value (``low`` <= 0 <= ``high``), with an independent normal error added:
    their squares add up."""
    half = stats.norm.ppf(0.5 + confidence / 2) * error
    return -np.hypot(low, half), np.hypot(high, half)
