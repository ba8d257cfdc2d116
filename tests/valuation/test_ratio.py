"""Ratio statistics: published tables, another implementation, and resampling done the long way."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.valuation import iaao
from valuation import ratio
from valuation.ratio import intervals, measures
from valuation.ratio.study import value_tiers

with warnings.catch_warnings():  # it is written for an older pandas
    warnings.simplefilter("ignore")
    import assesspy


def test_table_d_2() -> None:
    """One large property that is undervalued moves the PRD out of its range, and hardly the PRB."""
    assert ratio.median(*iaao.TABLE_D_2) == 1
    assert round(ratio.cod(*iaao.TABLE_D_2), 1) == 7.8
    assert round(ratio.prd(*iaao.TABLE_D_2), 3) == 1.056
    assert round(ratio.prb(*iaao.TABLE_D_2), 3) == -0.011


@pytest.mark.parametrize(
    ("table", "figures"),
    [
        (iaao.TABLE_1_1, {"cod": 29.8, "prd": 0.98, "prb": 0.232}),
        (iaao.TABLE_1_4, {"cod": 14.5, "prd": 0.98, "prb": 0.135}),
        (iaao.TABLE_D_1, {"cod": 7.5, "prd": 1.027, "prb": -0.120}),
        (iaao.TABLE_D_2, {"cod": 7.8, "prd": 1.056, "prb": -0.011}),
        (iaao.QUINTOS, {"mki": 0.794, "ki": -0.06}),
        (iaao.DRAFT_2026, {"median": 0.8678}),
    ],
    ids=["1-1", "1-4", "D-1", "D-2", "Quintos", "draft of 2026"],
)
def test_published_tables(table: Any, figures: dict[str, float]) -> None:
    for name, published in figures.items():
        places = len(str(published).partition(".")[2])
        assert round(getattr(ratio, name)(*table), places) == published, name


def test_published_vertical_equity() -> None:
    found = ratio.vei(*iaao.DRAFT_2026)
    assert found is not None
    assert (round(found.index, 2), round(found.significance, 2)) == (48.53, 17.57)
    first, last = found.tiers[0], found.tiers[-1]
    assert first.interval is not None
    assert last.interval is not None
    shown = (first.median, first.interval.low, first.interval.high, last.median, last.interval.low, last.interval.high)
    assert [round(figure, 4) for figure in shown] == [0.7280, 0.6429, 0.8476, 1.1491, 1.0000, 1.2476]


@pytest.mark.parametrize(
    ("sales", "ranks"), [(6, (1, 6)), (7, (1, 7)), (15, (4, 12)), (16, (4, 13)), (30, (10, 21)), (31, (10, 22))]
)
def test_the_median_lies_between_two_ratios(sales: int, ranks: tuple[int, int]) -> None:
    """The ranks of the standard's rule: 1.96 times half the root of the number, from the middle, rounded outward. In
    truth, by the binomial distribution, each such pair holds the median in 95 % of samples or more."""
    found = intervals.median_interval(np.arange(1.0, sales + 1))
    assert found is not None
    assert (found.low, found.high) == ranks
    assert stats.binom.cdf(ranks[1] - 1, sales, 0.5) - stats.binom.cdf(ranks[0] - 1, sales, 0.5) >= 0.95


@pytest.mark.parametrize("sales", [1, 2, 4, 5])
def test_five_ratios_hold_no_median_with_confidence(sales: int) -> None:
    assert 2 * 0.5**sales > 0.05  # that all lie on one side
    assert intervals.median_interval(np.arange(1.0, sales + 1)) is None


def _sales(count: int, seed: int = 0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    price = np.exp(random.normal(12.5, 0.5, count))
    return price * np.exp(random.normal(-0.05, 0.15, count)), price


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, used by assesspy
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_another_implementation(seed: int) -> None:
    value, price = _sales(300, seed)
    for name in ("cod", "prd", "prb", "mki", "ki"):
        theirs = getattr(assesspy, name)(list(value), list(price))
        assert getattr(ratio, name)(value, price) == pytest.approx(theirs, rel=1e-9), name
    found = intervals.prb_interval(value, price)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(assesspy.prb_ci(list(value), list(price)))
    study = ratio.study(value, price, resamples=2000)
    low, high = assesspy.cod_ci(list(value), list(price), nboot=500)
    assert study.measures["cod"].interval is not None
    assert (study.measures["cod"].interval.low, study.measures["cod"].interval.high) == pytest.approx(
        (low, high), rel=0.02
    )


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=2, max_size=12), st.integers(0, 1000)
)  # few different numbers: ties in ratios and in prices
def test_bootstrap_is_what_resampling_gives(sales: list[tuple[int, int]], seed: int) -> None:
    value, price = np.array(sales, float).T
    found = intervals.bootstrap(value, price, resamples=5, seed=seed)
    order = np.argsort(value / price, kind="stable")
    random = np.random.default_rng(seed)
    for row in range(5):
        drawn = order[random.integers(0, len(order), len(order), dtype=np.int32)]
        again = value[drawn], price[drawn]
        assert found.cod[row] == pytest.approx(measures.cod(*again), abs=1e-9)
        assert found.prd[row] == pytest.approx(measures.prd(*again))
        assert found.ki[row] == pytest.approx(measures.ki(*again), abs=1e-12)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of 200 samples from one population, about 95% (here 90 to 99%) of the intervals hold its figures."""
    population = _sales(200_000)
    truth = {name: getattr(ratio, name)(*population) for name in ("median", "mean", "weighted_mean", "cod", "prd")}
    held = dict.fromkeys(truth, 0)
    random = np.random.default_rng(1)
    for _ in range(200):
        drawn = random.integers(0, 200_000, 150)
        study = ratio.study(population[0][drawn], population[1][drawn], resamples=300)
        for name, figure in truth.items():
            interval = study.measures[name].interval
            assert interval is not None
            held[name] += interval.low <= figure <= interval.high
    assert all(180 <= count <= 198 for count in held.values()), held


def test_what_meets_the_standard_and_what_fails_it() -> None:
    value, price = _sales(400)
    study = ratio.study(value, price)
    assert {name for name, measure in study.measures.items() if measure.met} >= {"median", "cod", "prd", "prb"}
    land = ratio.study(price * np.exp(np.random.default_rng(0).normal(0, 0.3, 400)), price, ratio.PropertyKind.LAND)
    assert land.measures["cod"].met
    low = ratio.study(0.8 * value, price)
    assert (low.measures["median"].met, low.measures["median"].fails) == (False, True)
    regressive = ratio.study(price**0.85 * 7, price)
    assert regressive.measures["prb"].fails
    assert regressive.measures["mki"].fails
    assert regressive.measures["prd"].value > 1.03
    assert regressive.vertical_equity is not None
    assert regressive.vertical_equity.significance < 0
    assert len(regressive.vertical_equity.tiers) == 4


def test_deciles_of_value_show_bias_and_no_noise() -> None:
    """Even values with prices of much noise: PRD and PRB call them regressive, medians by value do not."""
    random = np.random.default_rng(5)
    value = np.exp(random.normal(12, 0.4, 8000))
    price = value * np.exp(random.normal(0, 0.3, 8000))
    even = ratio.study(value, price)
    assert even.measures["prd"].value > 1.03
    assert [tier.sales for tier in even.deciles] == [800] * 10
    assert all(tier.interval and tier.interval.low - 0.01 < 1 < tier.interval.high + 0.01 for tier in even.deciles)
    assert all(0.97 < tier.median < 1.03 for tier in even.deciles)
    lowered = ratio.value_deciles(np.where(value < np.quantile(value, 0.1), 0.9 * value, value), price)
    assert 0.88 < lowered[0].median < 0.93
    assert [lower.high for lower in lowered[:-1]] <= [higher.low for higher in lowered[1:]]
    assert ratio.value_deciles(value[:99], price[:99]) == ()
    grades = np.where(np.arange(8000) % 2, "low", "high")
    by_grade = ratio.medians_by_group(np.where(grades == "low", 0.9, 1.0) * value, price, list(grades))
    assert {name: round(tier.median, 1) for name, tier in by_grade.items()} == {"low": 0.9, "high": 1.0}


def test_few_sales_are_withheld_or_warned_about() -> None:
    value, price = _sales(29)
    warned = ratio.study(value, price)
    assert "Few sales (29)" in warned.warnings[0]
    assert "cod" in warned.measures
    withheld = ratio.study(value[:19], price[:19])
    assert "Too few" in withheld.withheld
    assert (withheld.measures, withheld.vertical_equity, withheld.chasing) == ({}, None, None)
    assert ratio.study([], []).withheld
    alike = ratio.study(np.full(40, 90.0), np.full(40, 100.0))
    assert not {"prb", "mki"} & set(alike.measures)
    assert len(alike.warnings) == 2
    assert alike.measures["cod"].value == 0


def test_unusable_sales_are_named() -> None:
    for value, price in (
        ([1, 2], [1]),
        ([1.0, float("nan")], [1, 2]),
        ([1, 2], [1, 0]),
        ([-1, 2], [1, 2]),
        ([[1]], [[1]]),
    ):
        with pytest.raises(measures.UnusableSales):
            ratio.study(value, price)


def test_extreme_ratios_are_trimmed() -> None:
    value, price = _sales(200)
    value[:3] *= 20
    assert list(np.flatnonzero(ratio.outliers(value / price))) == [0, 1, 2]
    trimmed = ratio.study(value, price, trim=3.0)
    assert (trimmed.sales, trimmed.trimmed) == (197, 3)
    assert trimmed.measures["cod"].value == ratio.cod(value[3:], price[3:])


def test_equal_ratios_are_not_trimmed() -> None:
    """Values of 90% of each price: the quotients differ in the last digit, which is no difference between sales."""
    price = np.arange(100_001.0, 100_031.0) * 7
    value = price * 0.9
    assert len(set(value / price)) > 1
    assert ratio.study(value, price, trim=3.0).trimmed == 0
    value[:10] *= 1.2  # most are still one ratio
    assert ratio.study(value, price, trim=3.0).sales == 30


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), min_size=2, max_size=6))
def test_ties_of_price_count_as_the_mean_over_their_orders(sales: list[tuple[int, int]]) -> None:
    """By the definition, with ranks 1 to n, over every order of the sales that does not lower the price."""
    value, price = np.array(sales, float).T
    rank = np.arange(1, price.size + 1)
    orders = [list(order) for order in itertools.permutations(range(price.size))]
    rising = [order for order in orders if (np.diff(price[order]) >= 0).all()]

    def concentration(amount: Any) -> float:
        return float(2 * (rank @ amount) / (amount.size * amount.sum()) - (amount.size + 1) / amount.size)

    mean = float(np.mean([concentration(value[order]) for order in rising]))
    gini = concentration(np.sort(price))
    assert ratio.ki(value, price) == pytest.approx(mean - gini, abs=1e-12)
    if gini > 1e-12:
        assert ratio.mki(value, price) == pytest.approx(mean / gini)


def test_the_order_of_the_file_does_not_move_the_mki() -> None:
    value, price = _sales(400, 5)
    price = np.round(price, -5) + 50_000  # asked in round sums: many ties
    shuffled = np.random.default_rng(0).permutation(price.size)
    assert ratio.mki(value, price) == pytest.approx(ratio.mki(value[shuffled], price[shuffled]), abs=1e-12)


def test_groups_and_tiers() -> None:
    value, price = _sales(120)
    tiers = value_tiers(value, price)
    studies = ratio.study_by_group(value, price, tiers)
    assert list(studies) == ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]
    assert [study.sales for study in studies.values()] == [30] * 4
    first = np.array(tiers) == "1 of 4"
    assert price[first].mean() < price[~first].min() * 1.5
    assert studies["1 of 4"].measures["median"].value == ratio.median(value[first], price[first])
    with pytest.raises(measures.UnusableSales):
        ratio.study_by_group(value, price, ["a"])


def test_chased_sales_are_found() -> None:
    value, price = _sales(500)
    honest = ratio.sales_chasing(value, price)
    assert honest is not None
    assert not honest.suspected
    value[:100] = price[:100]
    chased = ratio.sales_chasing(value, price)
    assert chased is not None
    assert chased.suspected
    assert chased.near > 100


def test_sold_and_unsold_in_balance() -> None:
    random = np.random.default_rng(3)
    sold, unsold = random.normal(1.10, 0.05, 200), random.normal(1.02, 0.05, 2000)
    unequal = ratio.sold_unsold_balance(sold, unsold)
    assert unequal is not None
    assert not unequal.balanced
    assert unequal.median_sold == pytest.approx(1.10, abs=0.02)
    even = ratio.sold_unsold_balance(unsold[:300], unsold[300:])
    assert even is not None
    assert even.balanced
    assert ratio.sold_unsold_balance(sold[:19], unsold) is None
