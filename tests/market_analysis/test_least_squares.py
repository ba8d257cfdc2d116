"""Sparse least squares beside statsmodels' dense one."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import sparse, stats

from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import huber, unlike_variances, wls


@pytest.fixture(scope="module")
def problem() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A design as ours are: dummies and numbers of very different size; errors with heavy tails."""
    random = np.random.default_rng(7)
    n = 800
    group = random.integers(0, 40, n)
    area = random.lognormal(7.3, 0.4, n)
    x = np.column_stack([np.eye(40)[group], area / 1000, (area / 1000) ** 2, random.normal(size=n)])
    y = 12 + 0.01 * group + 0.0004 * area + 0.2 * random.standard_t(3, n)
    return x, y, random.uniform(0.2, 5, n)


def test_equal_to_statsmodels_wls(problem: tuple[np.ndarray, ...]) -> None:
    x, y, weights = problem
    ours, theirs = wls(sparse.csr_matrix(x), y, weights), sm.WLS(y, x, weights).fit()
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-9)
    np.testing.assert_allclose(ours.covariance, theirs.cov_params(), rtol=1e-9)
    np.testing.assert_allclose(ours.residuals, theirs.resid, rtol=0, atol=1e-9)
    assert ours.scale == pytest.approx(theirs.scale, rel=1e-9)


def test_equal_to_statsmodels_rlm(problem: tuple[np.ndarray, ...]) -> None:
    x, y, _ = problem
    ours, theirs = huber(sparse.csr_matrix(x), y), sm.RLM(y, x, M=sm.robust.norms.HuberT()).fit(tol=1e-10)
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-6)
    np.testing.assert_allclose(ours.errors, theirs.bse, rtol=1e-6)


def test_it_ends_after_the_steps_that_it_is_given(problem: tuple[np.ndarray, ...]) -> None:
    x, y, _ = problem
    plain, first, last = (fit.coefficients for fit in (wls(x, y), huber(x, y, steps=1), huber(x, y)))
    assert 0 < np.abs(first - last).max() < np.abs(plain - last).max()


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_weights_are_those_of_each_row_whatever_their_unit(problem: tuple[np.ndarray, ...], scale: float) -> None:
    """Rows times the roots of their weights, by statsmodels; the scale of errors is of a row of mean weight."""
    x, y, weights = problem
    root = np.sqrt(weights / weights.mean())
    ours = huber(sparse.csr_matrix(x), y, scale * weights)
    theirs = sm.RLM(y * root, x * root[:, None], M=sm.robust.norms.HuberT()).fit(tol=1e-10)
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-6)
    np.testing.assert_allclose(ours.errors, theirs.bse, rtol=1e-6)
    np.testing.assert_allclose(ours.weights, theirs.weights * root**2, rtol=1e-5)
    np.testing.assert_allclose(ours.residuals, theirs.resid / root, rtol=0, atol=1e-6)
    assert ours.freedom == 800 - 43


def test_without_weights_each_row_counts_once(problem: tuple[np.ndarray, ...]) -> None:
    x, y, _ = problem
    ours, theirs = wls(sparse.csr_matrix(x), y), sm.OLS(y, x).fit()
    np.testing.assert_allclose(ours.errors, theirs.bse, rtol=1e-9)
    assert ours.scale == pytest.approx(theirs.mse_resid)
    assert (ours.weights == 1).all()


def test_a_spread_of_zero_says_nothing_of_outliers() -> None:
    """More than half of the rows fit: the plain fit stays, with its errors."""
    design = sparse.csr_matrix(np.eye(2)[[0, 0, 0, 0, 0, 1, 1]])
    y = np.array([5.0, 5, 5, 5, 5, 1, 3])
    fit = huber(design, y)
    assert fit.coefficients == pytest.approx([5, 2])
    assert fit.errors == pytest.approx(wls(design, y).errors)
    robust = unlike_variances(fit, design, np.ones(7), robust=True)
    assert robust.errors == pytest.approx(unlike_variances(fit, design, np.ones(7), robust=False).errors)


def test_errors_that_do_not_trust_the_weights(problem: tuple[np.ndarray, ...]) -> None:
    x, y, weights = problem
    design = sparse.csr_matrix(x)
    theirs = sm.WLS(y, x, weights).fit(cov_type="HC3")
    ours = unlike_variances(wls(design, y, weights), design, weights, robust=False)
    np.testing.assert_allclose(ours.errors, theirs.bse, rtol=1e-9)
    # No residual here is an outlier to Huber, so his scores are the residuals.
    even = x @ theirs.params + 0.1 * np.sign(np.random.default_rng(3).normal(size=len(y))) / np.sqrt(weights)
    robust = unlike_variances(huber(design, even, weights), design, weights, robust=True)
    plain = unlike_variances(wls(design, even, weights), design, weights, robust=False)
    np.testing.assert_allclose(robust.errors, plain.errors, rtol=1e-6)


def test_errors_of_outliers_that_do_not_trust_the_weights(problem: tuple[np.ndarray, ...]) -> None:
    """Huber's scores in the place of residuals, and each row's slope in that of its weight, row by row."""
    x, y, weights = problem
    design = sparse.csr_matrix(x)
    fit = huber(design, y, weights)
    root = np.sqrt(weights)
    spread = np.median(np.abs(fit.residuals * root)) / stats.norm.ppf(0.75)
    z = fit.residuals * root / spread
    slope, score = weights * (np.abs(z) <= 1.345), root * spread * np.clip(z, -1.345, 1.345)
    assert 0 < (slope == 0).sum() < 200
    bread = np.linalg.inv((x * slope[:, None]).T @ x)
    meat = sum(
        np.outer(row, row) * (s / (1 - w * (row @ bread @ row))) ** 2 for row, s, w in zip(x, score, slope, strict=True)
    )
    ours = unlike_variances(fit, design, weights, robust=True)
    np.testing.assert_allclose(ours.covariance, bread @ meat @ bread, rtol=1e-7, atol=1e-12)
    np.testing.assert_array_equal(ours.coefficients, fit.coefficients)


@pytest.mark.parametrize("weight", [1.0, 4.0])
@pytest.mark.parametrize("robust", [False, True])
def test_a_row_that_decides_alone_counts_with_the_variance_of_the_fit(weight: float, robust: bool) -> None:
    """Whatever all rows weigh."""
    design = sparse.csr_matrix(np.column_stack([np.ones(9), [0.0] * 8 + [1.0]]))
    y = np.array([1.0, 3, 1, 3, 1, 3, 1, 3, 7])
    fit = wls(design, y, np.full(9, weight))
    variances = unlike_variances(fit, design, np.full(9, weight), robust=robust)
    assert variances.errors[0] ** 2 == pytest.approx((8 / 7) ** 2 / 8)  # HC3 of residuals of 1 and leverages of 1/8
    assert variances.errors[1] ** 2 == pytest.approx(fit.scale / weight + variances.errors[0] ** 2)


def test_what_rests_on_outliers_alone_has_no_variance() -> None:
    """The second group's two are far on either side of it; what is known of the first is what it would be alone."""
    design = sparse.csr_matrix(np.eye(2)[[0] * 8 + [1] * 2])
    y = np.array([1.0, 3, 1, 3, 1, 3, 1, 3, -90, 110])
    variances = unlike_variances(huber(design, y), design, np.ones(10), robust=True)
    assert variances.errors[0] == pytest.approx(8 / 7 / np.sqrt(8))
    assert np.isnan(variances.errors[1])


def test_a_column_that_was_left_out_has_no_error() -> None:
    """Also where the dummies could as well have been left out for it."""
    month = np.repeat([0, 1], 5)
    x = np.column_stack([np.eye(2)[month], 3.0 + month])
    y = 12 + 0.5 * month + np.array([-0.1, 0.1, 0.2, 0, 0.3, -0.3, 0.1, 0, 0.1, -0.2])
    whole, part = sparse.csr_matrix(x), sparse.csr_matrix(x[:, :2])
    variances = unlike_variances(wls(whole, y, lead=2), whole, np.ones(10), robust=False)
    alone = unlike_variances(wls(part, y), part, np.ones(10), robust=False)
    np.testing.assert_allclose(variances.errors, [*alone.errors, np.nan], rtol=1e-12)
    assert variances.freedom == 8


def test_columns_that_others_make_up_are_left_out() -> None:
    x = np.column_stack([np.ones(6), np.arange(6.0), 2 + 3 * np.arange(6.0), np.zeros(6)])
    fit = wls(sparse.csr_matrix(x), 5 + 2 * np.arange(6.0))
    assert np.isnan(fit.coefficients).sum() == 2
    np.testing.assert_allclose(fit.residuals, 0, atol=1e-12)
    alone = wls(sparse.csr_matrix(np.ones((1, 1))), np.array([3.0]))
    assert alone.coefficients[0] == 3
    assert np.isnan(alone.errors[0])  # one value has no spread


def test_one_of_two_columns_that_say_the_same_is_left_out() -> None:
    x = np.column_stack([np.ones(6), np.arange(6.0), 2 * np.ones(6)])
    y = 5 + 2 * np.arange(6.0) + np.resize([-1.0, 1], 6)
    fit, alone = wls(sparse.csr_matrix(x), y), wls(sparse.csr_matrix(x[:, :2]), y)
    np.testing.assert_allclose(fit.coefficients, [*alone.coefficients, np.nan], rtol=1e-12)


def test_a_column_with_too_small_a_share_of_its_own_is_left_out() -> None:
    """A thousandth of its squares is asked for, and a ten-thousandth is there."""
    base = np.resize([1.0, -1], 8)
    x = sparse.csr_matrix(np.column_stack([base, base + 0.01 * np.resize([1.0, 1, -1, -1], 8)]))
    y = np.arange(8.0)
    assert np.isfinite(wls(x, y).coefficients).all()
    assert np.isfinite(wls(x, y, own=1e-3).coefficients).sum() == 1


def test_one_row_more_than_coefficients_has_a_scale() -> None:
    x, y = np.column_stack([np.ones(3), np.arange(3.0)]), np.array([1.0, 4, 1])
    assert wls(sparse.csr_matrix(x), y).scale == pytest.approx(sm.OLS(y, x).fit().mse_resid)


def test_a_robust_fit_leaves_out_what_a_plain_one_does(problem: tuple[np.ndarray, ...]) -> None:
    """Of the dummies and what follows from them the latter goes; a column beside them stays."""
    x, y, _ = problem
    dummies, rest = x[:, :40], x[:, 40:]
    said = dummies @ np.arange(40.0)
    fit = huber(sparse.csr_matrix(np.column_stack([dummies, said, rest])), y, lead=40)
    alone = huber(sparse.csr_matrix(x), y)
    np.testing.assert_allclose(fit.coefficients, np.insert(alone.coefficients, 40, np.nan), rtol=1e-6)
    np.testing.assert_allclose(fit.errors, np.insert(alone.errors, 40, np.nan), rtol=1e-6)


@pytest.mark.parametrize("low", [0.1, 0.3, 1.1, 12.3])
@pytest.mark.parametrize("count", [3, 5, 6, 7])
def test_a_characteristic_that_says_only_the_month_is_left_out(low: float, count: int) -> None:
    """Each month's homes are alike, so the characteristic is a sum of the months' dummies. What is left of it beside
    them is rounding, which may be above zero: it was kept where it was the largest of what was left, and the Cholesky
    decomposition failed, or gave coefficients of 1e15."""
    month = np.repeat([0, 1], count)
    x = np.column_stack([np.eye(2)[month], np.array([low, 6 * low + 0.1])[month]])
    y = 12 + 0.5 * month + np.resize([-0.1, 0.1], 2 * count)
    fit = wls(sparse.csr_matrix(x), y, lead=2)
    alone = wls(sparse.csr_matrix(x[:, :2]), y, lead=2)
    assert np.isnan(fit.coefficients[2])
    np.testing.assert_allclose(fit.coefficients[:2], alone.coefficients, rtol=1e-12)
    np.testing.assert_allclose(fit.errors[:2], alone.errors, rtol=1e-12)


def test_figures_that_rest_on_rounding_are_refused() -> None:
    """As above, with a share so small that what is left of the characteristic, rounding, counts as its own."""
    month = np.repeat([0, 1], 7)

    def fit(low: float) -> None:
        x = np.column_stack([np.eye(2)[month], np.array([low, 6 * low + 0.1])[month]])
        wls(sparse.csr_matrix(x), np.arange(14.0), lead=2, own=1e-30)

    with pytest.raises(InsufficientSales) as refused:
        list(map(fit, np.arange(1, 50) / 37))
    assert str(refused.value) == "These sales do not decide the figures: their characteristics say almost the same."


def test_a_nearly_singular_design_of_unlike_weights_is_decided() -> None:
    """As a robust fit weighs sales: the second month rests on two that differ by 1e-6 of the characteristic."""
    month = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    base = np.array([3.0, -4.0])[month]
    x = np.column_stack([np.eye(2)[month], base + 1e-6 * np.array([1.0, -1, 2, 3, -2, 1, -1, 2])])
    weights = np.array([1e-4, 1e5, 1e-3, 1e2, 1e-5, 1e-6, 1e-2, 1e4])
    y = 12 + 0.5 * month + np.resize([-0.1, 0.1, 0.05], 8)
    fit = wls(sparse.csr_matrix(x), y, weights, lead=2)
    for at in (0, 1):
        held = month == at
        assert fit.coefficients[at] == pytest.approx(np.average(y[held], weights=weights[held]), rel=1e-9)


def test_long_work_can_be_ended() -> None:
    seen = []

    def tick() -> None:
        seen.append(1)
        if len(seen) == 3:
            raise InterruptedError

    random = np.random.default_rng(1)
    design = sparse.csr_matrix(random.normal(size=(200, 3)))
    with pytest.raises(InterruptedError):
        huber(design, random.standard_t(2, 200), tick=tick)


@pytest.mark.parametrize("rows", [2, 5])
def test_a_robust_line_through_points_that_lie_on_one(rows: int) -> None:
    x = np.column_stack([np.ones(rows), np.arange(rows)])
    fit = huber(sparse.csr_matrix(x), 3 + 2 * np.arange(rows, dtype=float))
    assert fit.coefficients == pytest.approx([3, 2])
