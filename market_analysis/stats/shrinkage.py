"""Indices of small places, shrunk toward the county's as far as their own sales leave open.

Of a place with log index d against the county's and standard error s: d = theta + e, Var e = s^2, and the places' true
differences theta are spread with variance tau^2 times the years since the base, as those of random walks are
(empirical Bayes: Morris 1983, "Parametric Empirical Bayes Inference"). Given tau the best guess of theta is w d with
w = tau^2 / (tau^2 + s^2). A few places say little of tau, so it is integrated over a grid, each point weighing by its
likelihood, as the variances of time adjustments are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import Floats

MIN_PLACES = 4
_SPREADS = np.linspace(0, 0.15, 61)[1:]  # standard deviations of places' yearly changes


@dataclass(frozen=True)
class Shrunk:
    """Of each place: ``log`` difference from the county, the ``error`` of it, and the ``weight`` of its own index."""

    log: Floats
    error: Floats
    weight: Floats


def shrink(own: Floats, error: Floats, years: Floats) -> Shrunk:
    """Of places' log differences from the county, NaN where a place has none of its own; their standard errors; and
    the years that each is of. TooFewSales where fewer than ``MIN_PLACES`` have one."""
    known = np.isfinite(own) & np.isfinite(error) & (error > 0)
    if known.sum() < MIN_PLACES:
        raise InsufficientSales(f"At least {MIN_PLACES} places with their own index are needed; found {known.sum()}.")
    noise = np.where(known, error, np.inf) ** 2
    drift = np.outer(_SPREADS**2, years)
    total = drift + noise
    likelihood = -0.5 * (np.log(total[:, known]) + own[known] ** 2 / total[:, known]).sum(axis=1)
    share = np.exp(likelihood - likelihood.max())
    share /= share.sum()
    weight = drift / total
    guess = weight * np.where(known, own, 0.0)
    log = share @ guess
    variance = share @ (drift * (1 - weight) + (guess - log) ** 2)
    return Shrunk(log, np.sqrt(variance), share @ weight)
