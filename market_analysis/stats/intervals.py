"""Intervals of medians and means that hold in small samples too."""

from __future__ import annotations

import numpy as np

from market_analysis.stats.least_squares import Floats

_DRAWS = 2_000_000  # at once; bounds memory to some ten MB
_SEED = 20_130_413
_SMALL = 50  # values, below which the tails of resamples are looked at closely
_RESAMPLES_OF_SMALL = 9_999


def median(sample: Floats, confidence: float = 0.95) -> tuple[float, float] | None:
    """Of the median, by order statistics: at least ``confidence``, whatever the distribution.

    The median lies below the r-th smallest value or above the r-th largest with twice the probability that a binomial
    of n and 1/2 is below r (Conover 1999, section 3.2). None where not even the extremes hold it with such confidence:
    at .95 for fewer than 6 values.
    """
    from scipy import stats

    ordered = np.sort(sample)
    n = len(ordered)
    tail = (1 - confidence) / 2
    r = int(stats.binom.ppf(tail, n, 0.5))  # the smallest r with P(B <= r) >= tail
    if stats.binom.cdf(r, n, 0.5) == tail:  # the largest r with P(B < r) <= tail is wanted
        r += 1
    return (float(ordered[r - 1]), float(ordered[n - r])) if r > 0 else None


def mean(sample: Floats, confidence: float = 0.95, resamples: int = 999) -> tuple[float, float] | None:
    """Of the mean of positive values, by the bootstrap-t of its logarithm (Efron and Tibshirani 1993, An Introduction
    to the Bootstrap, section 12.5), with resamples that are the same each time.

    Each resample's error counts in its own standard errors, so the interval reaches as far as few or skewed prices
    make it need. None where resamples of equal values, which show no error of their own, are too many to decide.
    """
    n, center = len(sample), float(np.mean(sample))
    if np.ptp(sample) == 0:
        return None
    count = max(resamples, _RESAMPLES_OF_SMALL) if n < _SMALL else resamples
    random = np.random.default_rng(_SEED)
    scores = np.empty(count)
    step = max(1, _DRAWS // n)
    for begin in range(0, count, step):
        resampled = sample[random.integers(0, n, (min(step, count - begin), n))]
        average, spread = resampled.mean(axis=1), resampled.std(axis=1, ddof=1)
        log = np.log(average / center)
        error = spread / average / np.sqrt(n)
        equal = np.ptp(resampled, axis=1) == 0
        scores[begin : begin + step] = np.where(equal, np.copysign(np.inf, log), log / np.where(equal, 1, error))
    low, high = np.quantile(scores, [(1 - confidence) / 2, (1 + confidence) / 2], method="inverted_cdf")
    if not np.isfinite([low, high]).all():
        return None
    error = float(np.std(sample, ddof=1)) / center / np.sqrt(n)
    return center * float(np.exp(-high * error)), center * float(np.exp(-low * error))
