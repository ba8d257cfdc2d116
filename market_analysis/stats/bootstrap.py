"""Percentile intervals by the bootstrap: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

The percentile interval, and not BCa: that one's acceleration comes from the jackknife, which fails for medians
(same book, section 11.6).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_DRAWS = 2_000_000  # at once; bounds memory to some ten MB
_SEED = 20_130_413


def median(sample: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Of the median: exact, as of infinitely many resamples.

    The r-th value of a resample is at most the j-th of the sample with the probability that a binomial of n and j/n is
    at least r (Efron 1979, section 3; Maritz and Jarrett 1978). Of an even number the low end is that of the lower of
    the two middle values and the high end that of the higher, which is a little wide.
    """
    from scipy import stats

    ordered = np.sort(sample)
    n = len(ordered)
    share = np.arange(1, n + 1) / n
    tail = (1 - confidence) / 2
    low = int(np.searchsorted(stats.binom.sf((n + 1) // 2 - 1, n, share), tail))
    high = int(np.searchsorted(stats.binom.sf(n // 2, n, share), 1 - tail))
    return float(ordered[low]), float(ordered[min(high, n - 1)])


def mean(sample: Floats, confidence: float = 0.95, resamples: int = 999) -> tuple[float, float]:
    """Of the mean, by resamples that are the same each time; of a single value that value."""
    from scipy import stats

    if len(sample) == 1:
        return float(sample[0]), float(sample[0])
    found = stats.bootstrap(
        (sample,),
        np.mean,
        n_resamples=resamples,
        batch=max(1, _DRAWS // len(sample)),
        confidence_level=confidence,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return float(found.low), float(found.high)
