"""The market's log level month by month, behind what the sales of each month show of it.

A month with n sales shows y(t) = l(t) + s(t) + e(t), where e has the variance h / n + r: months weigh by their sales,
and r is what the sales of one month share. l is a local linear trend, l(t+1) = l(t) + g(t) + u(t), g(t+1) = g(t) + v(t)
(Harvey 1989, section 2.3); s is a yearly harmonic. Given the variances this is a Gaussian process whose trend is an
unknown line and season, and what is known of l + s in any month follows by its equations (Rasmussen and Williams 2006,
section 2.7).

The variances of u, v and r are not known, and a few years of months say little of them: with estimates in their place
intervals are too narrow, and often of no width at all. They are integrated over a grid instead, each point weighing by
its restricted likelihood (the same section, equation 2.45) and its prior, and what is asked of the market is a mixture
of what its points say (``Mixture``).

The prior is in units of what the sample resolves. Let x and y be the standard deviations of u and v over those whose
variance would be one standard error from none, were there no shocks (``_Process.resolved``). It is

    p(x, y) = 1 / (x^2 + y^2) + 0.1

Shocks of any direction are equally likely, and so are logs of their size where the sample hardly shows them (the first
part); where it would, the standard deviations themselves are (the second). With a prior in percent a month, ten sales a
month and three hundred cannot both be covered. The 0.1 was chosen on markets and samples taken at random, not on those
that the intervals are evaluated by (docs/developer/market-statistics.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import linalg, special

from market_analysis.stats.least_squares import Floats
from market_analysis.stats.periods import Ints

_LEVEL = np.geomspace(0.0004, 0.08, 12)  # standard deviations of u
_SLOPE = np.geomspace(0.00003, 0.03, 14)  # and of v
_PLAIN = 0.1  # density of x and y beyond what the sample resolves
_MONTH = {0.001: 0.25, 0.005: 0.5, 0.012: 0.25}  # standard deviations of what a month's sales share, and their prior
_MIN_SHARE = 1e-4  # of the heaviest point of the grid: a lighter one changes nothing


@dataclass(frozen=True)
class Mixture:
    """What is known of the levels: normal with ``level`` and ``covariance`` with the chance ``share``, by part."""

    share: Floats
    level: Floats  # part, month
    covariance: Floats  # part, month, month

    def interval(self, months: Ints, weights: Floats, confidence: float) -> tuple[Floats, Floats]:
        """Of sums of levels, one a row: ``weights`` of the levels of ``months``. The exact quantiles of the mixture."""
        mean = np.einsum("rm,prm->pr", weights, self.level[:, months])
        spread = np.empty_like(mean)
        for part, covariance in enumerate(self.covariance):
            between = covariance[months[:, :, None], months[:, None, :]]
            spread[part] = np.sqrt(np.maximum(np.einsum("rm,rmn,rn->r", weights, between, weights), 0))
        outside = (1 - confidence) / 2
        return self._quantile(outside, mean, spread), self._quantile(1 - outside, mean, spread)

    def _quantile(self, chance: float, mean: Floats, spread: Floats) -> Floats:
        """By halving between ends that Cantelli's inequality sets."""
        middle = self.share @ mean
        whole = np.sqrt(np.maximum(self.share @ (spread**2 + mean**2) - middle**2, 0))
        reach = np.sqrt(1 / min(chance, 1 - chance)) * whole
        low, high = middle - reach, middle + reach
        scale = np.maximum(spread, np.finfo(float).tiny)
        for _ in range(_HALVINGS):
            at = (low + high) / 2
            below = self.share @ special.ndtr((at - mean) / scale) < chance
            low, high = np.where(below, at, low), np.where(below, high, at)
        return np.asarray((low + high) / 2)


_HALVINGS = 40


@dataclass(frozen=True)
class MarketLevel:
    """Of each month: ``level`` with the season in it, the levels' joint ``covariance``, and the ``season`` alone; by
    ``mixture``, whose mean and covariance these are."""

    level: Floats
    covariance: Floats
    season: Floats
    mixture: Mixture


def infer(observed: Floats, sales: Ints, noise: float, *, seasonal: bool) -> MarketLevel:
    """``observed`` are log levels of consecutive months, NaN where nothing shows one, as in months ahead; ``sales`` are
    behind each; ``noise`` is the variance of a level that one sale shows (h). A season takes 24 known months or so."""
    known = np.flatnonzero(np.isfinite(observed))
    center = float(np.mean(observed[known]))
    process = _Process(observed[known] - center, noise / sales[known], known, len(observed), seasonal)
    grid = [
        (_Variances(level**2, slope**2, month**2), prior)
        for level, slope, (month, prior) in product(_LEVEL, _SLOPE, _MONTH.items())
    ]
    units = process.resolved(sum(prior * month**2 for month, prior in _MONTH.items()))
    weight = np.array([process.log_likelihood(one) + _log_prior(one, units) + np.log(prior) for one, prior in grid])
    share = np.exp(weight - weight.max())
    share[share < _MIN_SHARE] = 0
    share /= share.sum()
    used = [process.level(variances) for part, (variances, _) in zip(share, grid, strict=True) if part]
    levels, seasons = (np.array([one[at] for one in used]) for at in (0, 2))
    mixture = Mixture(share[share > 0], levels + center, np.array([one[1] for one in used]))
    level = mixture.share @ levels
    # How far the levels of the parts lie apart is uncertainty too.
    apart = levels - level
    covariance = np.tensordot(mixture.share, mixture.covariance, 1) + (mixture.share * apart.T) @ apart
    return MarketLevel(level + center, covariance, mixture.share @ seasons, mixture)


@dataclass(frozen=True)
class _Variances:
    level: float
    slope: float
    month: float


def _log_prior(variances: _Variances, units: tuple[float, float]) -> float:
    """Of the logs of the standard deviations: hence times x and y."""
    x, y = variances.level / units[0], variances.slope / units[1]  # squared
    return float(np.log(x * y) / 2 + np.log(1 / (x + y) + _PLAIN))


class _Process:
    """The Gaussian process of ``count`` months, of which ``known`` were ``observed``, each with the variance ``noise``
    of its sales."""

    def __init__(self, observed: Floats, noise: Floats, known: Ints, count: int, seasonal: bool) -> None:
        month = np.arange(count)
        angle = 2 * np.pi * month / 12
        line = np.column_stack([np.ones(count), month / 12])
        season = np.column_stack([np.cos(angle), np.sin(angle)])
        self.trend = np.hstack([line, season]) if seasonal else line
        shocks = np.tril(np.ones((count, count)), -1)  # each month's level holds the shocks of those before it
        self.level_shape, self.slope_shape = shocks @ shocks.T, (slopes := shocks @ shocks) @ slopes.T
        self.observed, self.noise, self.known = observed, noise, known

    def resolved(self, month: float) -> tuple[float, float]:
        """The variances of u and of v that are one standard error from none by these months, were there none: by the
        information of the restricted likelihood (Searle, Casella and McCulloch 1992, section 6.6)."""
        variance = self.noise + month
        trend = self.trend[self.known] / np.sqrt(variance)[:, None]
        left = np.eye(len(variance)) - trend @ np.linalg.pinv(trend)
        left /= np.sqrt(np.outer(variance, variance))
        here = np.ix_(self.known, self.known)
        shown = (left @ shape[here] for shape in (self.level_shape, self.slope_shape))
        level, slope = (float(np.sum(one * one.T) / 2) for one in shown)
        return 1 / np.sqrt(level), 1 / np.sqrt(slope)

    def log_likelihood(self, variances: _Variances) -> float:
        """Restricted: the trend's coefficients are integrated out."""
        factor, trend, _, rest = self._solved(variances)
        spread = np.linalg.slogdet(trend.T @ trend)[1]
        return float(-np.log(np.diag(factor)).sum() - spread / 2 - rest @ rest / 2)

    def level(self, variances: _Variances) -> tuple[Floats, Floats, Floats]:
        """The months' levels, their covariance, and the season alone."""
        factor, trend, coefficients, rest = self._solved(variances)
        whole = variances.level * self.level_shape + variances.slope * self.slope_shape
        gain = linalg.solve_triangular(factor, whole[self.known], lower=True)
        left = self.trend - gain.T @ trend
        covariance = whole - gain.T @ gain + left @ np.linalg.solve(trend.T @ trend, left.T)
        season = self.trend[:, 2:] @ coefficients[2:]
        return self.trend @ coefficients + gain.T @ rest, covariance, season

    def _solved(self, variances: _Variances) -> tuple[Floats, Floats, Floats, Floats]:
        """The Cholesky factor of what was observed; by it whitened: the trend, its coefficients, what they leave."""
        here = np.ix_(self.known, self.known)
        covariance = variances.level * self.level_shape[here] + variances.slope * self.slope_shape[here]
        covariance[np.diag_indices_from(covariance)] += variances.month + self.noise
        factor = linalg.cholesky(covariance, lower=True)
        white = linalg.solve_triangular(factor, np.column_stack([self.trend[self.known], self.observed]), lower=True)
        trend, level = white[:, :-1], white[:, -1]
        coefficients = np.linalg.solve(trend.T @ trend, trend.T @ level)
        return factor, trend, coefficients, level - trend @ coefficients
