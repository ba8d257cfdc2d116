"""How alike places are: the standardized Euclidean distance of their features, robustly scaled, with each one's part.

A feature's scale is 1.4826 times the median absolute deviation over the places (Rousseeuw and Croux 1993), so that a
place far out does not shrink all other distances; where more than half of the places are equal, the standard deviation.
The distance is the root of the weighted mean of the squared differences in such units, so that 1 is the difference of
two typical places. A feature that either place lacks is left out of the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market_analysis.stats.least_squares import Floats


@dataclass(frozen=True)
class Similarity:
    """``distance`` of each place from the subject, NaN where they share no feature; ``parts`` has a column a feature:
    what it adds to the squared distance; ``differences`` are place less subject in units of scale."""

    distance: Floats
    parts: Floats
    differences: Floats


def compare(features: Floats, subject: int, weights: Floats) -> Similarity:
    """``features`` has a row a place and a column a feature, NaN where unknown; ``weights`` are one a feature."""
    from scipy import stats

    finite = [column[np.isfinite(column)] for column in features.T]
    scale = np.array([stats.median_abs_deviation(known, scale="normal") if len(known) else 0 for known in finite])
    spread = np.array([np.std(known) if len(known) else 0 for known in finite])
    scale = np.where(scale > 0, scale, np.where(spread > 0, spread, 1))
    differences = (features - features[subject]) / scale
    known = np.isfinite(differences)
    weight = known * weights
    total = weight.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.where(known, weight * differences**2, 0) / total[:, None]
    return Similarity(np.where(total > 0, np.sqrt(parts.sum(axis=1)), np.nan), parts, differences)
