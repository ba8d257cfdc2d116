"""The statistics of a ratio study as single numbers: published tables, another implementation, and few sales."""

from __future__ import annotations

import itertools
import math
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.valuation import iaao
from tests.valuation.data import random_sales
from valuation import ratio
from valuation.errors import UnusableSales
from valuation.ratio import intervals, measures

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


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, used by assesspy
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_another_implementation(seed: int) -> None:
    value, price = random_sales(300, seed)
    for name in ("cod", "prd", "prb", "mki", "ki"):
        theirs = getattr(assesspy, name)(list(value), list(price))
        assert getattr(ratio, name)(value, price) == pytest.approx(theirs, rel=1e-9), name
    slope, error = measures.prb_fit(value, price)
    half = stats.t.ppf(0.975, 298) * error
    assert (slope - half, slope + half) == pytest.approx(assesspy.prb_ci(list(value), list(price)), rel=1e-9)


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
    value, price = random_sales(400, 5)
    price = np.round(price, -5) + 50_000  # asked in round sums: many ties
    shuffled = np.random.default_rng(0).permutation(price.size)
    assert ratio.mki(value, price) == pytest.approx(ratio.mki(value[shuffled], price[shuffled]), abs=1e-12)


def test_sales_may_be_any_numbers() -> None:
    values, prices = [Decimal("80.00"), Decimal(110), Decimal(100)], [Decimal(100)] * 3
    assert ratio.median(values, prices) == 1
    assert ratio.weighted_mean(values, prices) == pytest.approx(290 / 300)


@pytest.mark.parametrize(
    ("values", "prices", "message"),
    [
        ([1, 2], [1], "Give as many values as prices, each as one list."),
        ([[1]], [[1]], "Give as many values as prices, each as one list."),
        ([1, None, 0], [1, 1, 1], "Of 3 sales, the value of 2 is missing, zero or negative."),
        ([1], [math.inf], "Of 1 sale, the price of 1 is missing, zero or negative."),
        ([1] * 1200, [-1] * 1200, "Of 1,200 sales, the price of 1,200 is missing, zero or negative."),
    ],
)
def test_what_is_said_of_unusable_sales(values: Any, prices: Any, message: str) -> None:
    with pytest.raises(UnusableSales) as refused:
        ratio.median(values, prices)
    assert str(refused.value) == message


def test_two_sales_have_a_price_related_bias_and_no_interval_of_it() -> None:
    """Ratios of 1 and 0.75: the line through two points, on the worths between price and leveled value."""
    value, price = measures.checked([100, 300], [100, 400])
    worths = [math.log2(50 + 50 / 0.875), math.log2(200 + 150 / 0.875)]
    assert ratio.prb(value, price) == pytest.approx((0.75 - 1) / 0.875 / (worths[1] - worths[0]))
    assert intervals.prb_interval(value, price) is None
    three = measures.checked([100, 300, 90], [100, 400, 100])
    assert intervals.prb_interval(*three) is not None


def test_worths_a_cent_apart_show_no_bias() -> None:
    assert math.isnan(ratio.prb([90_000.0] * 5, [100_000, 100_000.01, 100_000, 100_000.01, 100_000]))


def test_sales_of_one_worth_have_no_bias_and_no_index() -> None:
    alike = measures.checked([90.0] * 5, [100.0] * 5)
    for count in range(2, 60):  # of which some sums of prices are rounded
        assert math.isnan(ratio.mki(np.linspace(100_000, 120_000, count), [123_456.78 + count / 10] * count)), count
    assert math.isnan(ratio.prb(*alike))
    assert math.isnan(ratio.mki(*alike))
    assert ratio.ki(*alike) == 0
    assert intervals.prb_interval(*alike) is None
