"""Extreme ratios, by the standard's inter-quartile rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuation.ratio.measures import Numbers

EXTREME = 3.0
"""Inter-quartile ranges beyond the quartiles from which a ratio is extreme; 1.5 marks a mere outlier."""


def outliers(ratios: Numbers, reach: float = EXTREME) -> NDArray[np.bool_]:
    """True for each ratio further than ``reach`` inter-quartile ranges below the first or above the third quartile."""
    low, high = np.quantile(ratios, [0.25, 0.75])
    margin = reach * (high - low)
    found: NDArray[np.bool_] = (ratios < low - margin) | (ratios > high + margin)
    return found
