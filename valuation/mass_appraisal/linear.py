"""A robust hedonic regression: where the trees start from, so that they need only learn what it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import lsq_linear

from valuation.frames import Floats
from valuation.mass_appraisal import parts
from valuation.mass_appraisal.parts import Parts

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
        # Not a matrix product: its last bits depend on which rows stand together, and a value must not.
        return np.asarray((_design(own, self) * self.coefficients).sum(axis=1))


@dataclass(frozen=True)
class Starts:
    """A regression without each part of the parcels (see ``parts``), and one of all sales."""

    hedonics: list[Hedonic]

    def predict(self, own: Floats, left_out: Parts) -> Floats:
        """Log price of rows of ``Encoder.matrix``."""
        log_price = np.empty(len(own))
        for number, hedonic in enumerate(self.hedonics):
            mine = left_out == number
            log_price[mine] = hedonic.predict(own[mine])
        return log_price


def starts(own: Floats, log_price: Floats, part: Parts, directions: Sequence[int] = ()) -> Starts:
    """``directions`` as in ``fit``."""
    known = [part != number for number in range(parts.COUNT + 1)]
    return Starts([fit(own[rows], log_price[rows], directions) for rows in known])


def fit(own: Floats, log_price: Floats, directions: Sequence[int] = ()) -> Hedonic:
    """``directions`` of the columns: 1 where the price may only rise, -1 where it may only fall, 0 for either."""
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
    bounds = _Bounds.of(start, directions) if any(directions) else None
    weight = np.ones(len(own))
    for _ in range(_ROUNDS):
        left = (design * weight[:, None]).T
        normal, known_of = left @ design + penalty, left @ log_price
        coefficients = bounds.solve(normal, known_of) if bounds else np.linalg.solve(normal, known_of)
        residual = log_price - design @ coefficients
        scale = max(1.4826 * float(np.median(np.abs(residual))), 1e-6)
        weight = 1 / np.maximum(1, np.abs(residual) / (_SOFT * scale))
    return replace(start, coefficients=coefficients)


@dataclass(frozen=True)
class _Bounds:
    """Keeps the curves of columns from turning back. ``slopes`` turns slopes at the two ends of a column, which lie
    between ``low`` and ``high``, into the coefficients of the characteristic and its square: a parabola that rises at
    both ends rises between them."""

    slopes: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, start: Hedonic, directions: Sequence[int]) -> _Bounds:
        columns = len(directions)
        size = 1 + 3 * columns
        slopes, low, high = np.eye(size), np.full(size, -np.inf), np.full(size, np.inf)
        ends = (np.array([start.lowest, start.highest]) - start.center) / start.spread
        for column, direction in enumerate(directions):
            if not direction or ends[1, column] <= ends[0, column]:
                continue
            pair = [1 + column, 1 + columns + column]
            slopes[np.ix_(pair, pair)] = np.linalg.inv([[1.0, 2 * end] for end in ends[:, column]])
            (low if direction > 0 else high)[pair] = 0.0
        return cls(slopes, low, high)

    def solve(self, normal: Floats, known: Floats) -> Floats:
        root = np.linalg.cholesky(normal).T
        solution = lsq_linear(root @ self.slopes, np.linalg.solve(root.T, known), (self.low, self.high), method="bvls")
        return np.asarray(self.slopes @ solution.x)


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
