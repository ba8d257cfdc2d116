"""Weighted least squares with sparse designs, plain and robust.

statsmodels' own WLS and RLM take dense designs: a million sales with 84 months and some hundred neighborhoods would be
2 GB. Here the design stays sparse and only the small matrix of the normal equations is dense. The columns are scaled
before it is factored, and one step of iterative refinement follows, so that the results agree with statsmodels to
1e-9 (tests/market_analysis/test_least_squares.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from market_analysis.stats.errors import InsufficientSales

if TYPE_CHECKING:
    from statsmodels.robust.norms import HuberT

Floats = npt.NDArray[np.float64]
_RANK = 1e-10  # of the largest pivot, below which a column is taken as a combination of the others
_ALONE = 1e-8  # short of a leverage of 1, from which a row is taken to decide a coefficient alone
_HUBER = 1.345  # 95% efficiency with normal errors: Huber (1981), and the default of statsmodels


@dataclass(frozen=True)
class Fit:
    """``coefficients`` are NaN for columns that the data cannot distinguish from others; so are their rows in
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

    @property
    def freedom(self) -> int:
        """Degrees of freedom: rows beyond the coefficients."""
        return len(self.residuals) - int(np.isfinite(self.coefficients).sum())


def wls(
    design: sparse.csr_matrix, y: Floats, weights: Floats | None = None, *, lead: int = 0, own: float = _RANK
) -> Fit:
    """Minimizes ``sum(weights * (y - design @ b)**2)``; ``design`` is a scipy sparse matrix.

    Columns that depend on others (pivoted Cholesky) are left out, but none of the first ``lead``, which are dummies of
    one group: of a dummy and a characteristic that say the same, the characteristic goes. ``own`` is the least share of
    its squares that a column must have to itself. The covariance is the classical one. TooFewSales where the rest are
    nearly dependent too.
    """
    x = sparse.csr_matrix(design, dtype=float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    weighted = x
    if weights is not None:  # row by row, on the numbers alone: the places of a million rows are not copied
        weighted = sparse.csr_matrix((x.data * np.repeat(w, np.diff(x.indptr)), x.indices, x.indptr), shape=x.shape)
    normal = (x.T @ weighted).toarray()
    del weighted
    size = np.sqrt(np.diag(normal))
    kept = _independent(normal, size, lead, own)
    b = np.full(x.shape[1], np.nan)
    covariance = np.full(normal.shape, np.nan)
    scaled = normal[np.ix_(kept, kept)] / np.outer(size[kept], size[kept])
    try:
        factor = linalg.cho_factor(scaled)
    except np.linalg.LinAlgError:
        raise InsufficientSales(
            "These sales do not decide the figures: their characteristics say almost the same."
        ) from None
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
    design: sparse.csr_matrix,
    y: Floats,
    weights: Floats | None = None,
    *,
    lead: int = 0,
    steps: int = 50,
    tolerance: float = 1e-8,
    tick: Tick = no_tick,
) -> Fit:
    """Huber's M-estimator, scaled by the median absolute deviation, by iterations on modified residuals: the normal
    equations are factored once (Huber 1981, section 7.8), as a million rows would else be squared in each step.

    The solution is that of statsmodels' ``RLM(M=HuberT())``, and of MASS's ``rlm`` that hpiR's robust forms use. The
    covariance is Huber's first ("H1"): that of the last weighted step would take down-weighted outliers as if they were
    precise.
    """
    from statsmodels.robust.norms import HuberT
    from statsmodels.robust.scale import mad

    norm = HuberT(t=_HUBER)
    prior = np.ones(len(y)) if weights is None else weights / np.mean(weights)
    root = np.sqrt(prior)
    plain = fit = wls(design, y, prior, lead=lead)
    if not plain.scale > 0:  # nothing is left to be robust about
        return plain
    x, kept = sparse.csr_matrix(design, dtype=float), np.isfinite(plain.coefficients)
    inverse = plain.covariance[np.ix_(kept, kept)] / plain.scale
    for _ in range(steps):
        tick()
        spread = float(mad(fit.residuals * root, center=0))
        if spread == 0:
            break
        scaled = fit.residuals * root / spread
        step = inverse @ (x.T @ (root * spread * norm.psi(scaled)))[kept] / float(np.mean(norm.psi_deriv(scaled)))
        coefficients = fit.coefficients.copy()
        coefficients[kept] += step
        residuals = y - x @ np.nan_to_num(coefficients)
        fit = replace(fit, coefficients=coefficients, residuals=residuals, weights=prior * norm.weights(scaled))
        if np.abs(step).max() < tolerance:
            break
    return _with_huber_covariance(fit, plain, norm)


def _with_huber_covariance(fit: Fit, plain: Fit, norm: HuberT) -> Fit:
    """K^2 * [sum psi^2 / (n - p)] * s^2 / [mean psi']^2 * inv(X'X): Huber (1981), equation 7.6.

    With prior weights, those of ``plain``, X and the residuals are those of the problem times the weights' roots.
    """
    from statsmodels.robust.scale import mad

    n, p = len(fit.residuals), int(np.isfinite(fit.coefficients).sum())
    scaled_residuals = fit.residuals * np.sqrt(plain.weights)
    spread = float(mad(scaled_residuals, center=0))
    if spread == 0:
        return fit
    z = scaled_residuals / spread
    slope = norm.psi_deriv(z)
    mean = float(np.mean(slope))  # above one half: of half of the rows z is below 0.6745
    k = 1 + p / n * float(np.var(slope)) / mean**2
    variance = k**2 * float(np.sum(norm.psi(z) ** 2)) / (n - p) * spread**2 / mean**2
    return Fit(fit.coefficients, plain.covariance * (variance / plain.scale), fit.residuals, fit.weights, variance)


def unlike_variances(fit: Fit, design: sparse.csr_matrix, weights: Floats, *, robust: bool) -> Fit:
    """``fit``, of ``wls`` or (``robust``) of ``huber``, with a covariance that holds when ``weights`` are not the
    inverse of the true variances: the sandwich with HC3 (MacKinnon and White 1985), of Huber's scores if robust.

    A row that alone decides a coefficient has no residual to show its variance: it counts with the one of ``fit``. A
    coefficient that rests on rows alone which the scores bound has no variance (NaN).
    """
    slope, score = weights, weights * fit.residuals
    if robust:
        slope, score = _huber_scores(fit.residuals, weights)
    x = sparse.csr_matrix(design, dtype=float)
    sloped = (x.T @ x.multiply(slope[:, None])).toarray()
    sloped[:, ~np.isfinite(fit.coefficients)] = 0
    kept = _independent(sloped, np.sqrt(np.maximum(np.diag(sloped), 0)))
    x = x[:, kept]
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


def _independent(normal: Floats, size: Floats, lead: int = 0, own: float = _RANK) -> npt.NDArray[np.intp]:
    """The columns that no others make up, in their order; those of the first ``lead``, which are orthogonal, before
    the others."""
    used = np.flatnonzero(size > 0)
    first, rest = used[used < lead], used[used >= lead]
    if not len(rest):
        return used
    scaled = normal[np.ix_(rest, rest)] / np.outer(size[rest], size[rest])
    if len(first):  # what the first leave of the others
        shared = normal[np.ix_(first, rest)] / np.outer(size[first], size[rest])
        scaled = scaled - shared.T @ shared
        left = np.diag(scaled) > own  # dpstrf takes its first pivot however small it is
        rest, scaled = rest[left], scaled[np.ix_(left, left)]
        if not len(rest):
            return first
    _, pivots, rank, _ = linalg.lapack.dpstrf(scaled, tol=own)
    return np.sort(np.concatenate([first, rest[pivots[:rank] - 1]]))
