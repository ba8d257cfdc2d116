"""A robust hedonic regression: where the trees start from, so that they need only learn what it leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from valuation.frames import Floats

_ENDS = (0.005, 0.995)  # quantiles of a characteristic beyond which it counts no further: a curve there is a guess
_SOFT = 1.3  # spreads of the residual from which a sale loses weight (Huber)
_RIDGE = 1.0  # prior sales' worth of "no effect" for each coefficient
_ROUNDS = 8


@dataclass(frozen=True)
class Hedonic:
    """log price = constant + each characteristic + its square + whether it is unknown."""

    logs: Floats  # 1 where a column is read in logs
    lowest: Floats
    highest: Floats
    center: Floats
    spread: Floats
    coefficients: Floats

    def predict(self, own: Floats) -> Floats:
        """Log price of rows of ``Encoder.matrix``."""
        return np.asarray(_design(own, self) @ self.coefficients)


def fit(own: Floats, log_price: Floats) -> Hedonic:
    known = np.isfinite(own)
    # Sizes and prices go by shares; counts and codes of a few steps do as well in logs.
    logs = (np.where(known, own, np.inf).min(axis=0, initial=np.inf) >= 0).astype(float)
    ends = np.array([_ends(column) for column in _logged(own, logs).T]).reshape(-1, 2)
    values = np.clip(_logged(own, logs), ends[:, 0], ends[:, 1])
    total = np.maximum(known.sum(axis=0), 1)
    center = np.nansum(values, axis=0) / total
    spread = np.sqrt(np.nansum((values - center) ** 2, axis=0) / total)
    start = Hedonic(logs, ends[:, 0], ends[:, 1], center, np.where(spread > 0, spread, 1.0), np.empty(0))
    design = _design(own, start)
    penalty = np.diag(np.r_[0.0, np.full(design.shape[1] - 1, _RIDGE)])
    weight = np.ones(len(own))
    for _ in range(_ROUNDS):
        left = (design * weight[:, None]).T
        coefficients = np.linalg.solve(left @ design + penalty, left @ log_price)
        residual = log_price - design @ coefficients
        scale = max(1.4826 * float(np.median(np.abs(residual))), 1e-6)
        weight = 1 / np.maximum(1, np.abs(residual) / (_SOFT * scale))
    return replace(start, coefficients=coefficients)


def _logged(own: Floats, logs: Floats) -> Floats:
    return np.where(logs > 0, np.log1p(np.maximum(own, 0)), own)


def _ends(column: Floats) -> tuple[float, float]:
    known = column[np.isfinite(column)]
    if not len(known):
        return 0.0, 0.0
    low, high = np.quantile(known, _ENDS)
    return float(low), float(high)


def _design(own: Floats, start: Hedonic) -> Floats:
    known = np.isfinite(own)
    scaled = (np.clip(_logged(own, start.logs), start.lowest, start.highest) - start.center) / start.spread
    scaled = np.where(known, scaled, 0.0)
    return np.column_stack([np.ones(len(own)), scaled, scaled**2, (~known).astype(float)])
