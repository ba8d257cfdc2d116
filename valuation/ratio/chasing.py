"""Were sold properties valued as the unsold were? If not, every other statistic of the sold ones flatters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from valuation.ratio.measures import Numbers, checked

_NEAR = 0.02  # a ratio so close to 1 looks as if the price had been copied
_PEAK_SHARE = 0.55  # of a smooth peak's ratios within twice that reach, the most that lie within it
_CERTAIN = 0.01
_CHANCE = 0.05
_TOLERATED = 0.03
MIN_RATIOS = 20
"""Sales below which nothing is said."""


@dataclass(frozen=True)
class SalesChasing:
    """``near``: sales whose ratio is within 2% of 1. ``beside``: those within 2 to 4%. Where values were made without
    the prices the two are about even; ``probability`` is that of so many near ones, or more, then."""

    near: int
    beside: int
    probability: float
    suspected: bool


def sales_chasing(values: object, prices: object) -> SalesChasing | None:
    """A heap of ratios at exactly 1. None below 20 sales."""
    value, price = checked(values, prices)
    if price.size < MIN_RATIOS:
        return None
    distance = np.abs(value / price - 1)
    near = int(np.count_nonzero(distance <= _NEAR))
    beside = int(np.count_nonzero((distance > _NEAR) & (distance <= 2 * _NEAR)))
    probability = 1.0
    if near + beside:
        probability = float(stats.binomtest(near, near + beside, _PEAK_SHARE, "greater").pvalue)
    return SalesChasing(near, beside, probability, probability < _CERTAIN)


@dataclass(frozen=True)
class Balance:
    """Medians of the sold and the unsold, and the Mann-Whitney probability of such a difference by chance."""

    sold: int
    unsold: int
    median_sold: float
    median_unsold: float
    probability: float
    balanced: bool


def sold_unsold_balance(sold: Numbers, unsold: Numbers) -> Balance | None:
    """Compare a figure that should not depend on a sale: the new value over the old, or the value per square foot.

    Unbalanced: the medians differ by more than 3%, and not by chance (5%). None with fewer than 20 on a side.
    Both must be finite and above zero.
    """
    checked(sold, np.ones_like(sold))
    checked(unsold, np.ones_like(unsold))
    if min(sold.size, unsold.size) < MIN_RATIOS:
        return None
    middle_sold, middle_unsold = float(np.median(sold)), float(np.median(unsold))
    probability = float(stats.mannwhitneyu(sold, unsold).pvalue)
    differs = abs(middle_sold / middle_unsold - 1) > _TOLERATED and probability < _CHANCE
    return Balance(sold.size, unsold.size, middle_sold, middle_unsold, probability, not differs)
