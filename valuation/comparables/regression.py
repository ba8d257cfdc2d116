"""Robust least squares with bounds on the coefficients, and their standard errors. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import lsq_linear
from scipy.spatial import KDTree

from valuation.frames import Floats

_ROUNDS = 8
_HUBER = 1.345  # spreads from which on a sale counts less
_RIDGE = 1e-3
_NEAREST = 30
_MIN_PLACED = 100


@dataclass(frozen=True)
class Fitted:
    """``covariance`` is robust to uneven scatter (White 1980) and does not know of the bounds."""

    coefficients: Floats
    covariance: Floats


def fit(columns: Floats, target: Floats, low: Floats, high: Floats, penalty: Floats) -> Fitted:
    """Huber's estimate (1964) by reweighting, with coefficients between ``low`` and ``high``."""
    weight = np.ones(len(target))
    ridge = penalty + _RIDGE * np.eye(columns.shape[1])
    for _ in range(_ROUNDS):
        weighted = columns * weight[:, None]
        normal = columns.T @ weighted + ridge
        root = np.linalg.cholesky(normal).T
        known = np.linalg.solve(root.T, weighted.T @ target)
        coefficients = lsq_linear(root, known, (low, high), method="bvls").x
        left = target - columns @ coefficients
        spread = max(1.4826 * float(np.median(np.abs(left))), 1e-9)
        weight = np.minimum(1.0, _HUBER * spread / np.maximum(np.abs(left), 1e-12))
    scores = columns * (weight * left)[:, None]
    inverse = np.linalg.inv(normal)
    return Fitted(coefficients, inverse @ (scores.T @ scores) @ inverse)


def within_places(values: Floats, places: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """What the values have above the mean of the 30 nearest others, and for which rows that is.

    Homes are thereby compared with those around them, and what a place is worth cannot pass for a rate (Robinson
    1988). Where few have a place, all are compared with the mean of all.
    """
    placed = np.isfinite(places).all(axis=1)
    if placed.sum() < _MIN_PLACED:
        return values - values.mean(axis=0), np.ones(len(values), dtype=bool)
    rows = np.flatnonzero(placed)
    count = min(_NEAREST, len(rows) // 4)
    near = rows[KDTree(places[rows]).query(places[rows], k=[*range(2, count + 2)])[1]]
    around = np.zeros((len(rows), values.shape[1]))
    for rank in range(count):
        around += values[near[:, rank]] / count
    return values[rows] - around, np.asarray(placed)
