"""Time adjustment: a market whose level is known is found again, and nothing after the date is looked at."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from market_analysis.stats import time_adjustment
from market_analysis.stats.errors import TooFewSales
from tests.market_analysis.data import level, market


@pytest.fixture(scope="module")
def fitted() -> time_adjustment.TimeAdjustment:
    return time_adjustment.fit(market(), date(2015, 12, 31))


def at(day: date) -> float:
    return (day.year - 2012) * 12 + day.month - 1 + (day.day - 0.5) / 30


@pytest.mark.parametrize("day", [date(2012, 2, 15), date(2014, 7, 1), date(2015, 12, 30)])
def test_factor_of_a_known_market(fitted: time_adjustment.TimeAdjustment, day: date) -> None:
    to = date(2016, 1, 1)
    value, low, high = fitted.factor(day, to)
    true = float(np.exp(level(np.array(at(to))) - level(np.array(at(day)))))
    assert value == pytest.approx(true, rel=0.03)
    assert low < true < high


def test_many_days_at_once_are_as_each_alone(fitted: time_adjustment.TimeAdjustment) -> None:
    days, to = [date(2013, 2, 3), date(2014, 8, 20), date(2015, 5, 31)], date(2016, 1, 1)
    together = fitted.factors(pd.Series(pd.to_datetime(days)), to)
    found = np.column_stack([together.value, together.low, together.high])
    assert found == pytest.approx(np.array([fitted.factor(day, to) for day in days]))


def test_a_day_to_itself_and_back(fitted: time_adjustment.TimeAdjustment) -> None:
    day, other = date(2015, 3, 9), date(2016, 6, 1)
    assert fitted.factor(day, day) == pytest.approx((1, 1, 1))
    assert fitted.factor(day, other)[0] * fitted.factor(other, day)[0] == pytest.approx(1)
    near, far = (fitted.factor(date(2015, 12, 15), to) for to in (date(2016, 1, 15), date(2016, 12, 15)))
    assert far[2] / far[1] > near[2] / near[1]  # the farther ahead, the less is known


def test_interval_is_that_of_draws_from_the_model(fitted: time_adjustment.TimeAdjustment) -> None:
    """The joint covariance against statsmodels' own simulation smoother."""
    observed = (fitted.observed - np.nanmean(fitted.observed)) * 100
    season = {"freq_seasonal": [{"period": 12, "harmonics": 1}], "stochastic_freq_seasonal": [False]}
    model = UnobservedComponents(observed, level="lltrend", **season)
    model.fit(disp=0, maxiter=200)
    simulation, random = model.simulation_smoother(), np.random.default_rng(5)
    draws = []
    for _ in range(600):
        simulation.simulate(rng=random)
        draws.append(simulation.simulated_state[0] + simulation.simulated_state[2])
    drawn = np.cov(np.array(draws).T) / 100**2
    for month, other in ((0, 47), (40, 47), (47, 59)):
        ours, theirs = (c[month, month] + c[other, other] - 2 * c[month, other] for c in (fitted.covariance, drawn))
        assert ours == pytest.approx(theirs, rel=0.2)


def test_later_sales_are_not_seen() -> None:
    sales, as_of = market(36), date(2013, 12, 31)
    before = sales[sales["sale_date"] <= pd.Timestamp(as_of)]
    np.testing.assert_array_equal(time_adjustment.fit(sales, as_of).level, time_adjustment.fit(before, as_of).level)


def test_what_it_does_not_know(fitted: time_adjustment.TimeAdjustment) -> None:
    for day in (date(2011, 12, 31), date(2018, 1, 1)):
        with pytest.raises(ValueError, match="2012-01 to 2017-12"):
            fitted.factor(day, date(2016, 1, 1))
    sales = market(5, 40)
    with pytest.raises(TooFewSales, match="takes 30 valid sales; there are 29"):
        time_adjustment.fit(sales[:29], date(2015, 1, 1))
    with pytest.raises(TooFewSales, match="6 months"):
        time_adjustment.fit(sales, date(2015, 1, 1))


def test_short_and_gappy_histories() -> None:
    sales = market(14, 10)
    gappy = sales[sales["sale_date"].dt.month != 5]
    found = time_adjustment.fit(gappy, date(2013, 2, 28))
    assert np.isfinite(found.level).all()
    assert not found.season.any()  # too short to tell a season from a trend
    assert np.isnan(found.observed[4])
