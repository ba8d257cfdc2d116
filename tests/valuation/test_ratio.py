"""Whole ratio studies: what meets the standard, what is withheld, and sales that were chased."""

from __future__ import annotations

import numpy as np
import pytest

from tests.valuation import iaao
from tests.valuation.data import random_sales
from valuation import ratio
from valuation.errors import UnusableSales
from valuation.ratio.study import value_tiers


def test_published_vertical_equity() -> None:
    equity = ratio.vei(*iaao.DRAFT_2026)
    assert equity is not None
    assert (round(equity.index, 2), round(equity.significance, 2)) == (48.53, 17.57)
    first, last = equity.tiers[0], equity.tiers[-1]
    assert first.interval is not None
    assert last.interval is not None
    shown = (first.median, first.interval.low, first.interval.high, last.median, last.interval.low, last.interval.high)
    assert [round(figure, 4) for figure in shown] == [0.7280, 0.6429, 0.8476, 1.1491, 1.0000, 1.2476]


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of 200 samples from one population, about 95% (here 90 to 99%) of the intervals hold its figures."""
    population = random_sales(200_000)
    truth = {name: getattr(ratio, name)(*population) for name in ("median", "mean", "weighted_mean", "cod", "prd")}
    held = dict.fromkeys(truth, 0)
    random = np.random.default_rng(1)
    for _ in range(200):
        sampled = random.integers(0, 200_000, 150)
        study = ratio.study(population[0][sampled], population[1][sampled], resamples=300)
        for name, figure in truth.items():
            interval = study.measures[name].interval
            assert interval is not None
            held[name] += interval.low <= figure <= interval.high
    assert all(180 <= count <= 198 for count in held.values()), held


def test_what_meets_the_standard_and_what_fails_it() -> None:
    value, price = random_sales(400)
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
    value, price = random_sales(29)
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
        with pytest.raises(UnusableSales):
            ratio.study(value, price)


def test_extreme_ratios_are_trimmed() -> None:
    value, price = random_sales(200)
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


def test_groups_and_tiers() -> None:
    value, price = random_sales(120)
    tiers = value_tiers(value, price)
    studies = ratio.study_by_group(value, price, tiers)
    assert list(studies) == ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]
    assert [study.sales for study in studies.values()] == [30] * 4
    first = np.array(tiers) == "1 of 4"
    assert price[first].mean() < price[~first].min() * 1.5
    assert studies["1 of 4"].measures["median"].value == ratio.median(value[first], price[first])
    with pytest.raises(UnusableSales):
        ratio.study_by_group(value, price, ["a"])


def test_chased_sales_are_detected() -> None:
    value, price = random_sales(500)
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
