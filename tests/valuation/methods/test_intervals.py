"""Intervals of values: few scores reach further, the market's error is part of them, and they grow with the horizon."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market_analysis.data import market
from valuation import comparables, mass_appraisal
from valuation.frames import Floats
from valuation.intervals import reach, widen
from valuation.mass_appraisal import calibration, history
from valuation.mass_appraisal.surroundings import Surroundings

AS_OF = date(2015, 7, 1)


@pytest.mark.parametrize("size", [19, 30, 60, 400])
def test_the_next_score_is_inside_as_often_as_claimed(size: int) -> None:
    """Vovk: 90 % of the next scores and no fewer, however few there were."""
    random = np.random.default_rng(size)
    inside = []
    for _ in range(4000):
        *scores, following = random.standard_t(3, size + 1)
        low, high = reach(np.array(scores), 0.9)
        inside.append(low <= following <= high)
    assert 0.89 < np.mean(inside) < 0.91 + 2 / size


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-5, 0), min_size=1, max_size=20), st.floats(0, 1), st.floats(0.5, 0.99))
def test_more_error_never_narrows(low: list[float], error: float, confidence: float) -> None:
    before = widen(np.array(low), -np.array(low), 0.0, confidence)
    after = widen(np.array(low), -np.array(low), error, confidence)
    assert (after[0] <= before[0]).all()
    assert (after[1] >= before[1]).all()
    assert np.allclose(before[0], low)


def test_an_independent_error_adds_its_square() -> None:
    low, high = widen(np.array([-0.3, 0.0]), np.array([0.4, 0.0]), 0.1, 0.9)
    half = 1.6448536 * 0.1  # of a normal error, 90 % of which lie within 1.645 standard errors
    assert low == pytest.approx([-((0.3**2 + half**2) ** 0.5), -half])
    assert high == pytest.approx([(0.4**2 + half**2) ** 0.5, half])


def width(sales: pd.DataFrame, as_of: date) -> float:
    values = comparables.prepare(sales, as_of).value(sales[-40:]).values.values
    return float(np.median(np.log(values["high"] / values["low"])))


def test_intervals_grow_with_the_time_after_the_last_sale() -> None:
    sales = market(months=30, sales=14)  # of 2012-01 to 2014-06
    widths = [width(sales, day) for day in (date(2014, 7, 1), date(2015, 7, 1), date(2017, 7, 1))]
    assert widths[0] < widths[1] < widths[2]


def test_a_year_of_sales_leaves_the_market_uncertain() -> None:
    sales = market(months=12, sales=14)
    errors = [history.learn_history(sales, date(year, 1, 1)).error for year in (2013, 2014, 2018)]
    assert errors[0] < errors[1] < errors[2]
    assert errors[1] > 0.005


def test_sales_are_old_after_half_a_year() -> None:
    sales = market(months=24, sales=10)  # the last one is of December 2013
    assert "old_sales" not in history.learn_history(sales, date(2014, 5, 15)).flags
    assert "old_sales" in history.learn_history(sales, date(2014, 7, 15)).flags


def test_a_model_of_more_sales_reads_the_same_density() -> None:
    """The spreads are learned in the features of a model with fewer sales than the one that they are asked about: with
    plain distances their intervals were 6 % narrower than those that were calibrated."""
    random = np.random.default_rng(5)
    asked, no_keys = random.uniform(1000, 9000, (300, 2)), np.arange(300, dtype=np.uint64)

    def read(count: int) -> Floats:
        sold = Surroundings(
            random.uniform(0, 10_000, (count, 2)),
            np.full(count, -0.5),
            random.normal(0, 1, (count, 1)),
            random.normal(0, 0.1, count),
            np.arange(1000, 1000 + count, dtype=np.uint64),
        )
        return np.median(sold.matrix(asked, np.zeros(300), no_keys), axis=0)

    assert read(2000) == pytest.approx(read(8000), abs=0.1)


def test_a_model_without_a_trial_says_how_long_it_would_have_waited() -> None:
    sales = market(months=12, sales=20)
    last = sales["sale_date"].max().date()
    late = mass_appraisal.train(sales, last + timedelta(days=1100))
    assert late.trial is None
    assert (
        "later ones after a gap of 1,100 days, as before the valuation date, to evaluate on"
        in late.facts["not_evaluated"]
    )
    assert "days on" not in mass_appraisal.train(sales.tail(110), last).facts["not_evaluated"]


def test_few_sales_cover() -> None:
    """Of 110 sales, over draws: one whose intervals hold half of the later prices is not to be among them."""
    held = []
    for seed in range(6):
        sales = market(months=36, sales=40, noise=0.15, seed=seed)
        known, later = sales[sales["sale_date"] < "2014-10-01"], sales[sales["sale_date"] >= "2014-10-01"]
        values = mass_appraisal.train(known.sample(110, random_state=seed), date(2014, 10, 1)).value(later).values
        held.append(((values["low"] <= later["sale_price"]) & (later["sale_price"] <= values["high"])).mean())
    assert 0.86 < np.mean(held) < 0.97
    assert min(held) > 0.7


def learned(raw: Floats, log_price: Floats) -> calibration.Calibration:
    return calibration.learn(np.zeros((len(raw), 1)), raw, log_price, [""] * len(raw), 0.0, 0.9, 0)[0]


def test_calibration_sales_come_with_intervals_that_have_not_seen_them() -> None:
    """What is fitted to them, as the intervals of a reconciled value are, would else be too narrow for other sales."""
    random = np.random.default_rng(10)
    seen, raw = random.normal(0, 1, (1000, 20)), random.normal(12.5, 0.4, 1000)
    log_price = raw + random.standard_t(3, 1000) * 0.1
    fitted, unseen = calibration.learn(seen, raw, log_price, [""] * 1000, 0.05, 0.9, 0)

    def held(value: Floats, low: Floats, high: Floats) -> float:
        return float(((low <= log_price) & (log_price <= high)).mean())

    assert held(*unseen) == pytest.approx(0.9, abs=0.005)
    assert held(*replace(fitted, error=0.0).apply(seen, raw)) > 0.92
    assert unseen[0] == pytest.approx(fitted.apply(seen, raw)[0])


def test_level_values_are_left_alone_however_noisy_the_prices() -> None:
    """PRB and PRD of these are bad because prices scatter; a stretch would make the values progressive."""
    random = np.random.default_rng(11)
    raw = random.normal(12.5, 0.4, 4000)
    fitted = learned(raw, raw + 0.03 + random.normal(0, 0.25, 4000))
    assert fitted.steps == ()
    value, _, _ = fitted.apply(np.zeros((3, 1)), np.array([11.5, 12.5, 13.5]))
    assert np.ptp(value - np.array([11.5, 12.5, 13.5])) < 1e-12


def test_an_uneven_model_is_made_even_and_keeps_its_order() -> None:
    random = np.random.default_rng(12)
    raw = np.sort(random.normal(12.5, 0.4, 6000))
    bias = np.where(raw < 12.0, 0.08, 0.0)
    log_price = raw + bias + random.normal(0, 0.15, 6000)
    fitted = learned(raw, log_price)
    value, low, high = fitted.apply(np.zeros((len(raw), 1)), raw)
    assert (np.diff(value) >= 0).all()
    assert (low <= value).all()
    assert (value <= high).all()
    for part in np.array_split(np.arange(6000), 10):
        assert 0.97 < np.exp(np.median(value[part] - log_price[part])) < 1.03
    assert np.abs(value - log_price).mean() < np.abs(raw + fitted.level - log_price).mean()


def test_spreads_know_categories_by_codes_that_all_models_share() -> None:
    """What each category brought differs a little from one model to the next: spreads learned from that in one took one
    category for another, and intervals were 8 % narrower than those that were calibrated."""
    sales = market(months=48, sales=40, noise=0.03)
    random = np.random.default_rng(8)
    sales["use_code"] = random.choice(["A", "B", "C"], len(sales))
    noisy = (sales["use_code"] == "B").to_numpy()
    sales["sale_price"] *= np.exp(np.where(noisy, random.normal(0, 0.3, len(sales)), 0.0))
    trained = mass_appraisal.train(sales, sales["sale_date"].max().date())
    values = trained.value(sales.tail(500)).values
    width = np.log(values["high"] / values["low"])
    held = np.log(trained.calibration_sales["high"] / trained.calibration_sales["low"])
    assert width.mean() == pytest.approx(held.mean(), rel=0.04)
