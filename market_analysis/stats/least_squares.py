"""Weighted least squares with sparse designs, plain and robust.

statsmodels' own WLS and RLM take dense designs: a million sales with 84 months and some hundred neighborhoods would be
2 GB. Here the design stays sparse and only the small matrix of the normal equations is dense. The columns are scaled
before it is factored, and one step of iterative refinement follows, so that the results agree with statsmodels to
1e-9 (tests/market_analysis/test_least_squares.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

Floats = npt.NDArray[np.float64]
_RANK = 1e-10  # of the largest pivot, below which a column is taken as a combination of the others
_ALONE = 1e-8  # short of a leverage of 1, from which a row is taken to decide a coefficient alone
_HUBER = 1.345  # 95% efficiency with normal errors: Huber (1981), and the default of statsmodels


@dataclass(frozen=True)
class Fit:
    """``coefficients`` are NaN for columns that the data cannot tell from others; so are their rows in
    ``covariance``. ``weights`` are those that the last step used."""

    coefficients: Floats
    covariance: Floats
    residuals: Floats
    weights: Floats
    scale: float  # variance of the errors

    @property
    def errors(self) -> Floats:
        """Standard errors of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def wls(design: Any, y: Floats, weights: Floats | None = None) -> Fit:
    """Minimises ``sum(weights * (y - design @ b)**2)``; ``design`` is a scipy sparse matrix.

    Columns that depend on others (pivoted Cholesky) are left out. The covariance is the classical one.
    """
    x = sparse.csr_matrix(design, dtype=float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    # Row by row the weights, on the numbers alone: the places of a million rows are not copied.
    weighted = sparse.csr_matrix((x.data * np.repeat(w, np.diff(x.indptr)), x.indices, x.indptr), shape=x.shape)
    normal = (x.T @ weighted).toarray()
    del weighted
    size = np.sqrt(np.diag(normal))
    kept = _independent(normal, size)
    b = np.full(x.shape[1], np.nan)
    covariance = np.full(normal.shape, np.nan)
    scaled = normal[np.ix_(kept, kept)] / np.outer(size[kept], size[kept])
    factor = linalg.cho_factor(scaled)
    solution = np.zeros(x.shape[1])
    for _ in range(2):  # the second time on the residuals: iterative refinement
        gradient = x.T @ (w * (y - x @ solution))
        solution[kept] += linalg.cho_solve(factor, gradient[kept] / size[kept]) / size[kept]
    b[kept] = solution[kept]
    residuals = y - x @ solution
    freedom = len(y) - len(kept)
    scale = float(w @ residuals**2 / freedom) if freedom > 0 else float("nan")
    inverse = linalg.cho_solve(factor, np.eye(len(kept))) / np.outer(size[kept], size[kept])
    covariance[np.ix_(kept, kept)] = scale * inverse
    return Fit(b, covariance, np.asarray(residuals), w, scale)


Tick = Callable[[], None]
"""Called now and then during long work; what it raises ends the work."""


def no_tick() -> None:
    pass


def huber(
    design: Any,
    y: Floats,
    weights: Floats | None = None,
    *,
    steps: int = 50,
    tolerance: float = 1e-8,
    tick: Tick = no_tick,
) -> Fit:
    """Huber's M-estimator by iteratively reweighted least squares, scaled by the median absolute deviation.

    As statsmodels' ``RLM(M=HuberT())`` computes it, and MASS's ``rlm`` that hpiR's robust forms use. The covariance is
    Huber's first ("H1"): that of the last weighted step would take down-weighted outliers as if they were precise.
    """
    from statsmodels.robust.norms import HuberT
    from statsmodels.robust.scale import mad

    norm = HuberT(t=_HUBER)
    prior = np.ones(len(y)) if weights is None else weights / np.mean(weights)
    root = np.sqrt(prior)
    plain = fit = wls(design, y, prior)
    for _ in range(steps):
        tick()
        spread = float(mad(fit.residuals * root, center=0))
        if spread == 0:
            break
        before = fit.coefficients
        fit = wls(design, y, prior * norm.weights(fit.residuals * root / spread))
        if np.nanmax(np.abs(fit.coefficients - before)) < tolerance:
            break
    return _with_huber_covariance(fit, plain, norm)


def _with_huber_covariance(fit: Fit, plain: Fit, norm: Any) -> Fit:
    """K^2 * [sum psi^2 / (n - p)] * s^2 / [mean psi']^2 * inv(X'X): Huber (1981), equation 7.6.

    With prior weights, those of ``plain``, X and the residuals are those of the problem times the weights' roots.
    """
    from statsmodels.robust.scale import mad

    n, p = len(fit.residuals), int(np.isfinite(fit.coefficients).sum())
    scaled_residuals = fit.residuals * np.sqrt(plain.weights)
    spread = float(mad(scaled_residuals, center=0))
    if spread == 0 or n <= p:
        return fit
    z = scaled_residuals / spread
    slope = norm.psi_deriv(z)
    mean = float(np.mean(slope))
    k = 1 + p / n * float(np.var(slope)) / mean**2
    variance = k**2 * float(np.sum(norm.psi(z) ** 2)) / (n - p) * spread**2 / mean**2
    return Fit(fit.coefficients, plain.covariance * (variance / plain.scale), fit.residuals, fit.weights, variance)


def unlike_variances(fit: Fit, design: Any, weights: Floats, *, robust: bool) -> Fit:
    """``fit``, of ``wls`` or (``robust``) of ``huber``, with a covariance that holds when ``weights`` are not the
    inverse of the true variances: the sandwich with HC3 (MacKinnon and White 1985), of Huber's scores if robust.

    A row that alone decides a coefficient has no residual to tell its variance: it counts with the one of ``fit``.
    """
    kept = np.flatnonzero(np.isfinite(fit.coefficients))
    x = sparse.csr_matrix(design, dtype=float)[:, kept]
    slope, score = weights, weights * fit.residuals
    if robust:
        slope, score = _huber_scores(fit.residuals, weights)
    bread = linalg.inv((x.T @ x.multiply(slope[:, None])).toarray())
    leverage = slope * np.asarray(x.multiply(x @ bread).sum(axis=1)).ravel()
    alone = leverage > 1 - _ALONE
    score = np.where(alone, np.sqrt(weights * fit.scale), score / np.where(alone, 1, 1 - leverage))
    meat = (x.T @ x.multiply((score**2)[:, None])).toarray()
    covariance = np.full_like(fit.covariance, np.nan)
    covariance[np.ix_(kept, kept)] = bread @ meat @ bread
    return replace(fit, covariance=covariance)


def _huber_scores(residuals: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Each row's derivative of the score, and its score, where the residuals are scaled as ``huber`` scales them."""
    from statsmodels.robust.norms import HuberT
    from statsmodels.robust.scale import mad

    norm, root = HuberT(t=_HUBER), np.sqrt(weights)
    spread = float(mad(residuals * root, center=0))
    if spread == 0:
        return weights, weights * residuals
    z = residuals * root / spread
    return weights * norm.psi_deriv(z), root * spread * norm.psi(z)


def _independent(normal: Floats, size: Floats) -> npt.NDArray[np.intp]:
    """The columns that no others make up, in their order."""
    used = np.flatnonzero(size > 0)
    if not len(used):
        return used
    scaled = normal[np.ix_(used, used)] / np.outer(size[used], size[used])
    _, pivots, rank, _ = linalg.lapack.dpstrf(scaled, tol=_RANK)
    return np.sort(used[pivots[:rank] - 1])
