"""Intervals of the statistics of a ratio study, by hand and by resampling done the long way."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.valuation.data import random_sales
from valuation import ratio
from valuation.ratio import intervals, measures
from valuation.ratio.intervals import Interval

with warnings.catch_warnings():  # it is written for an older pandas
    warnings.simplefilter("ignore")
    import assesspy

T_OF_ONE = 12.706205  # Student's t with one degree of freedom, 0.975; any table


@pytest.mark.parametrize(
    ("sales", "ranks"), [(6, (1, 6)), (7, (1, 7)), (15, (4, 12)), (16, (4, 13)), (30, (10, 21)), (31, (10, 22))]
)
def test_the_median_lies_between_two_ratios(sales: int, ranks: tuple[int, int]) -> None:
    """The ranks of the standard's rule: 1.96 times half the root of the number, from the middle, rounded outward. In
    truth, by the binomial distribution, each such pair holds the median in 95 % of samples or more."""
    interval = intervals.median_interval(np.arange(1.0, sales + 1))
    assert interval is not None
    assert (interval.low, interval.high, interval.confidence) == (*ranks, 0.95)
    assert stats.binom.cdf(ranks[1] - 1, sales, 0.5) - stats.binom.cdf(ranks[0] - 1, sales, 0.5) >= 0.95


@pytest.mark.parametrize("sales", [1, 2, 4, 5])
def test_five_ratios_hold_no_median_with_confidence(sales: int) -> None:
    assert 2 * 0.5**sales > 0.05  # that all lie on one side
    assert intervals.median_interval(np.arange(1.0, sales + 1)) is None


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, used by assesspy
def test_agrees_with_another_implementation() -> None:
    value, price = random_sales(300)
    interval = intervals.prb_interval(value, price)
    assert interval is not None
    assert (interval.low, interval.high, interval.confidence) == pytest.approx(
        (*assesspy.prb_ci(list(value), list(price)), 0.95)
    )
    cod = ratio.study(value, price, resamples=2000).measures["cod"].interval
    assert cod is not None
    assert (cod.low, cod.high) == pytest.approx(assesspy.cod_ci(list(value), list(price), nboot=500), rel=0.02)


def test_student_of_two_ratios() -> None:
    ratios = np.array([0.9, 1.1])  # the standard error of the mean is 0.1
    limits = intervals.mean_interval(ratios)
    assert limits is not None
    assert (limits.low, limits.high, limits.confidence) == pytest.approx((1 - 0.1 * T_OF_ONE, 1 + 0.1 * T_OF_ONE, 0.95))
    assert intervals.mean_interval(ratios[:1]) is None


def test_cochran_of_two_sales() -> None:
    """The level is 1, the sales are 1 off, and their variance is 1 of a mean price of 15."""
    value, price = np.array([9.0, 21.0]), np.array([10.0, 20.0])
    limits = intervals.weighted_mean_interval(value, price)
    assert limits is not None
    assert (limits.low, limits.high, limits.confidence) == pytest.approx((1 - T_OF_ONE / 15, 1 + T_OF_ONE / 15, 0.95))
    assert intervals.weighted_mean_interval(value[:1], price[:1]) is None


def test_cochran_of_three_sales_at_another_level() -> None:
    """The level is 2; residuals are 3, -6 and 3, their variance is 27, the mean price is 10. t of two is 4.302653."""
    limits = intervals.weighted_mean_interval(np.array([13.0, 14.0, 33.0]), np.array([5.0, 10.0, 15.0]))
    assert limits is not None
    assert (limits.low, limits.high) == pytest.approx((2 - 0.3 * 4.302653, 2 + 0.3 * 4.302653))


def test_an_error_of_all_values_adds_its_square_to_a_level() -> None:
    half = 1.959964 * 0.1
    interval = intervals.with_level(2.0, Interval(1.6, 2.6, 0.95), 0.1)
    assert interval is not None
    expected = 2 * math.exp(-math.hypot(math.log(0.8), half)), 2 * math.exp(math.hypot(math.log(1.3), half)), 0.95
    assert (interval.low, interval.high, interval.confidence) == pytest.approx(expected)
    above, below = (intervals.with_level(1.0, Interval(*ends, 0.95), 0.1) for ends in ((1.1, 1.2), (0.8, 0.9)))
    assert above is not None
    assert below is not None
    assert (above.low, below.high) == pytest.approx((math.exp(-half), math.exp(half)))  # the figure is within


@pytest.mark.parametrize(
    ("interval", "error"), [(None, 0.1), (Interval(0.5, 2.0, 0.95), 0.0), (Interval(0.0, 2.0, 0.95), 0.1)]
)
def test_what_takes_no_error(interval: Interval | None, error: float) -> None:
    """Without one, or where logs cannot hold it."""
    assert intervals.with_level(1.0, interval, error) is interval


def test_an_interval_between_percentiles() -> None:
    figures = np.random.default_rng(0).permutation(np.arange(101.0))
    missing = np.where(figures == 50, np.nan, figures)
    resamples = intervals.Resamples(figures, figures + 100, missing, figures + 200)
    for name, confidence, ends in (("cod", 0.9, (5, 95)), ("prd", 0.95, (102.5, 197.5)), ("ki", 0.95, (202.5, 297.5))):
        interval = resamples.interval(name, confidence)
        assert interval is not None
        assert (interval.low, interval.high, interval.confidence) == pytest.approx((*ends, confidence)), name
    assert resamples.interval("mki") is None


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=2, max_size=12), st.integers(0, 1000)
)  # few different numbers: ties in ratios and in prices
def test_bootstrap_is_what_resampling_gives(sales: list[tuple[int, int]], seed: int) -> None:
    value, price = np.array(sales, float).T
    resamples = intervals.bootstrap(value, price, resamples=5, seed=seed)
    order = np.argsort(value / price, kind="stable")
    random = np.random.default_rng(seed)
    for row in range(5):
        sampled = order[random.integers(0, len(order), len(order), dtype=np.int32)]
        again = value[sampled], price[sampled]
        assert resamples.cod[row] == pytest.approx(measures.cod(*again), abs=1e-9)
        assert resamples.prd[row] == pytest.approx(measures.prd(*again))
        assert resamples.ki[row] == pytest.approx(measures.ki(*again), abs=1e-12)


@pytest.mark.parametrize("cells", [1, 250, 2_000_000])
def test_bootstrap_of_many_ties(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    """Ratios of 50 %, 100 % and 150 %, each of many sales that are unlike; as many resamples at once as cells allow."""
    monkeypatch.setattr(intervals, "_CELLS", cells)
    random = np.random.default_rng(4)
    price: measures.Numbers = random.integers(1, 9, 101) * np.float64(100)
    value = price * random.choice([0.5, 1.0, 1.5], 101)
    resamples = intervals.bootstrap(value, price, resamples=7, seed=3)
    order = np.argsort(value / price, kind="stable")
    random = np.random.default_rng(3)
    for row in range(7):
        sampled = order[random.integers(0, 101, 101, dtype=np.int32)]
        for name in ("cod", "prd", "mki", "ki"):
            expected = getattr(measures, name)(value[sampled], price[sampled])
            assert getattr(resamples, name)[row] == pytest.approx(expected, rel=1e-9, abs=1e-12), name


def test_bootstrap_is_the_same_each_time() -> None:
    value, price = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 3.0])
    first, again = (intervals.bootstrap(value, price) for _ in range(2))
    assert first.prd.size == 1000
    assert (first.prd == again.prd).all()
    assert (first.prd == intervals.bootstrap(value, price, seed=0).prd).all()
    assert (first.prd != intervals.bootstrap(value, price, seed=1).prd).any()


@pytest.mark.parametrize("price", [2.0, 123_462.68])
def test_sales_of_one_price_have_no_index(price: float) -> None:
    """Gini's coefficient of the prices is zero in each resample, but for rounding."""
    resamples = intervals.bootstrap(np.linspace(100_000, 120_000, 59), np.full(59, price), resamples=50)
    assert np.isnan(resamples.mki).all()
    assert resamples.interval("cod") is not None
