"""Extreme ratios, by the standard's inter-quartile rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuation.ratio.measures import Numbers

EXTREME = 3.0
"""Inter-quartile ranges beyond the quartiles from which a ratio is extreme; 1.5 marks a mere outlier."""
_SAME = 1e-9  # of a ratio: two that differ by less are one ratio, computed from other dollars


def outliers(ratios: Numbers, reach: float = EXTREME) -> NDArray[np.bool_]:
    """True for each ratio further than ``reach`` inter-quartile ranges below the first or above the third quartile.

    Nothing is extreme where the quartiles are one ratio: the rule measures distance in their difference, and there is
    none.
    """
    low, high = np.quantile(ratios, [0.25, 0.75])
    same = _SAME * high
    if high - low <= same:
        return np.zeros(ratios.size, dtype=bool)
    margin = reach * (high - low) + same
    extreme: NDArray[np.bool_] = (ratios < low - margin) | (ratios > high + margin)
    return extreme
