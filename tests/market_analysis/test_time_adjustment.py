"""Time adjustment: a market whose level is known is found again, and nothing after the date is looked at."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.tsa.statespace.structural import UnobservedComponents

from market_analysis.stats import market_level, time_adjustment
from market_analysis.stats.errors import InsufficientSales
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
    factors = np.column_stack([together.value, together.low, together.high])
    assert factors == pytest.approx(np.array([fitted.factor(day, to) for day in days]))


def test_a_day_to_itself_and_back(fitted: time_adjustment.TimeAdjustment) -> None:
    day, other = date(2015, 3, 9), date(2016, 6, 1)
    assert fitted.factor(day, day) == pytest.approx((1, 1, 1))
    assert fitted.factor(day, other)[0] * fitted.factor(other, day)[0] == pytest.approx(1)
    near, far = (fitted.factor(date(2015, 12, 15), to) for to in (date(2016, 1, 15), date(2016, 12, 15)))
    assert far[2] / far[1] > near[2] / near[1]  # the farther ahead, the less is known


def test_level_of_known_variances_is_that_of_the_kalman_smoother(monkeypatch: pytest.MonkeyPatch) -> None:
    """Months of unlike numbers of sales, one of them empty, against statsmodels with the same variances."""
    level_sd, slope_sd, month_sd, noise = 0.008, 0.001, 0.004, 0.05
    for name, value in (("_LEVEL", [level_sd]), ("_SLOPE", [slope_sd])):
        monkeypatch.setattr(market_level, name, np.array(value))
    monkeypatch.setattr(market_level, "_MONTH", {month_sd: 1.0})
    random = np.random.default_rng(4)
    sales = random.integers(1, 60, 42)
    observed = level(np.arange(42)) + random.normal(0, 0.03, 42)
    observed[30:], observed[7] = np.nan, np.nan
    ours = market_level.infer(observed, sales, noise, seasonal=True)

    season = {"freq_seasonal": [{"period": 12, "harmonics": 1}], "stochastic_freq_seasonal": [False]}
    model = UnobservedComponents(observed, level="lltrend", **season)
    model.update([0.0, level_sd**2, slope_sd**2])
    model.ssm["obs_cov"] = (noise / sales + month_sd**2)[None, None, :]
    model.ssm.initialize_approximate_diffuse(1e3)
    smoothed = model.ssm.smooth()
    theirs = smoothed.smoothed_state[0] + smoothed.smoothed_state[2]
    np.testing.assert_allclose(ours.level, theirs, rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours.season, smoothed.smoothed_state[2], rtol=0, atol=1e-5)
    read = np.array([1.0, 0, 1, 0])
    variance = np.einsum("i,ijt,j->t", read, smoothed.smoothed_state_cov, read)
    np.testing.assert_allclose(np.diag(ours.covariance), variance, rtol=1e-3)
    ahead = np.einsum("i,ijt,j->t", read, smoothed.smoothed_state_autocovariance(12), read)[12:]
    np.testing.assert_allclose(np.diag(ours.covariance, -12), ahead, rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize(("level_sd", "slope_sd"), [(0.006, 0.001), (0.012, 0.003)])
def test_intervals_cover_markets_that_drift(level_sd: float, slope_sd: float) -> None:
    """Levels and slopes that walk at random for three years: 3 to 12 months ahead of the last sale, and from a year
    before it. With estimated variances taken for the truth 0.8 of the factors were covered; with priors of usual
    markets, 0.83 in those that turn."""
    covered = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        growth = 0.003 + np.cumsum(random.normal(0, slope_sd, 60))
        walk = np.cumsum(growth + random.normal(0, level_sd, 60))
        fitted = time_adjustment.fit(of_level(walk[:36], random), date(2014, 12, 31))
        for begin, end in ((35, 38), (35, 41), (35, 47), (23, 47)):
            days = [(pd.Timestamp(2012, 1, 16) + pd.DateOffset(months=month)).date() for month in (begin, end)]
            _, low, high = fitted.factor(*days)
            covered.append(low <= np.exp(walk[end] - walk[begin]) <= high)
    assert np.mean(covered) >= 0.91


def test_intervals_have_the_exact_quantiles_of_the_mixture() -> None:
    """A calm part and a wild one, which lie apart: a normal with their variance would be too wide in the middle."""
    covariance = np.array([[[4e-4, 1e-4], [1e-4, 9e-4]], [[0.01, 0.002], [0.002, 0.04]]])
    mixture = market_level.Mixture(np.array([0.7, 0.3]), np.array([[0.0, 0.02], [0.0, 0.1]]), covariance)
    months, weights = np.array([[0, 1], [1, 1]]), np.array([[-1.0, 1.0], [-1.0, 1.0]])
    mean, spread = np.array([0.02, 0.1]), np.sqrt([11e-4, 0.046])
    for confidence in (0.5, 0.95, 0.999):
        low, high = mixture.interval(months, weights, confidence)
        for end, chance in ((low[0], 0.5 - confidence / 2), (high[0], 0.5 + confidence / 2)):
            below = np.array([0.7, 0.3]) @ stats.norm.cdf((end - mean) / spread)
            assert below == pytest.approx(chance, rel=1e-6)
        assert (low[1], high[1]) == pytest.approx((0, 0), abs=1e-12)  # a month to itself


def test_variances_that_a_sample_resolves_are_those_of_its_score() -> None:
    """The prior's units: one over the standard deviation of the derivative of the likelihood, were there no shocks."""
    random, noise, known = np.random.default_rng(6), np.full(30, 0.002), np.arange(30)
    scores = []
    for _ in range(400):
        process = market_level._Process(random.normal(0, np.sqrt(0.002), 30), noise, known, 32, False)
        at_none = process.log_likelihood(market_level._Variances(0, 0, 0))
        level = process.log_likelihood(market_level._Variances(1e-8, 0, 0))
        slope = process.log_likelihood(market_level._Variances(0, 1e-10, 0))
        scores.append([(level - at_none) / 1e-8, (slope - at_none) / 1e-10])
    assert process.resolved(0) == pytest.approx(1 / np.std(scores, axis=0), rel=0.15)
    fewer_sales = market_level._Process(np.zeros(30), 4 * noise, known, 32, False)
    assert fewer_sales.resolved(0) == pytest.approx(4 * np.array(process.resolved(0)))


def of_level(walk: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """12 sales a month of homes that differ by their living area, at a known log level."""
    month = np.repeat(np.arange(len(walk)), 12)
    area = random.lognormal(7.4, 0.3, len(month))
    log = 5.5 + 0.9 * np.log(area) + walk[month] + random.normal(0, 0.2, len(month))
    days = pd.to_datetime({"year": 2012 + month // 12, "month": month % 12 + 1, "day": 15})
    return pd.DataFrame({"sale_date": days, "sale_price": np.exp(log), "living_area_sqft": area})


def test_error_grows_with_the_horizon_and_is_never_zero() -> None:
    """A short, even history shows no drift, which is no reason to be sure of the years to come."""
    month = np.repeat(np.arange(12), 40)
    days = pd.to_datetime({"year": 2012, "month": month % 12 + 1, "day": 15})
    sales = pd.DataFrame({"sale_date": days, "sale_price": np.exp(12 + np.resize(np.linspace(-0.3, 0.3, 40), 480))})
    fitted = time_adjustment.fit(sales, date(2017, 12, 31))
    ends = [date(2012, 12, 16), date(2013, 6, 15), date(2013, 12, 15), date(2015, 12, 15), date(2017, 12, 15)]
    error = [float(fitted.factors(pd.Series([pd.Timestamp(2012, 11, 15)]), end).error[0]) for end in ends]
    assert error[0] > 0.002
    assert all(near * 1.3 < far for near, far in pairwise(error))


def test_months_weigh_by_their_sales() -> None:
    """The same rise of one month moves the level less where fewer sales show it."""
    risen = []
    for sales_of_june in (2, 200):
        counts = np.full(36, 40)
        counts[18] = sales_of_june
        observed = np.zeros(36)
        observed[18] = 0.1
        risen.append(market_level.infer(observed, counts, 0.06, seasonal=False).level[18])
    assert 0 < risen[0] < risen[1] / 2


def test_small_county_with_a_sale_or_two_a_month() -> None:
    """110 sales over five years: an index, and an interval that holds the truth, instead of none."""
    sales = market(55, 2, noise=0.15, seed=3)
    fitted = time_adjustment.fit(sales, date(2016, 7, 31))
    _, low, high = fitted.factor(date(2012, 7, 15), date(2016, 7, 15))
    true = float(np.exp(level(np.array(54.5)) - level(np.array(6.5))))
    assert low < true < high
    assert 1.05 < high / low < 2


def test_later_sales_are_not_seen() -> None:
    sales, as_of = market(36), date(2013, 12, 31)
    before = sales[sales["sale_date"] <= pd.Timestamp(as_of)]
    np.testing.assert_array_equal(time_adjustment.fit(sales, as_of).level, time_adjustment.fit(before, as_of).level)


def test_what_it_does_not_know(fitted: time_adjustment.TimeAdjustment) -> None:
    for day in (date(2011, 12, 31), date(2018, 1, 1)):
        with pytest.raises(ValueError, match="2012-01 to 2017-12"):
            fitted.factor(day, date(2016, 1, 1))
    sales = market(5, 40)
    with pytest.raises(InsufficientSales, match="At least 30 valid sales are needed to adjust for time; found 29"):
        time_adjustment.fit(sales[:29], date(2015, 1, 1))
    with pytest.raises(InsufficientSales, match="6 months"):
        time_adjustment.fit(sales, date(2015, 1, 1))


def test_short_and_gappy_histories() -> None:
    sales = market(14, 10)
    gappy = sales[sales["sale_date"].dt.month != 5]
    adjustment = time_adjustment.fit(gappy, date(2013, 2, 28))
    assert np.isfinite(adjustment.level).all()
    assert not adjustment.season.any()  # too short to tell a season from a trend
    assert np.isnan(adjustment.observed[4])


def test_age_that_says_the_same_as_another_characteristic_moves_no_market() -> None:
    """Of 30 homes the newer have the larger lots: every home's age grows with the years, its lot does not."""
    random = np.random.default_rng(2)
    home = random.integers(0, 30, 200)
    months = np.arange(200) * 24 / 200
    sales = pd.DataFrame(
        {
            "sale_date": pd.Timestamp("2020-01-01") + pd.to_timedelta((months * 30.4).astype(int), unit="D"),
            "sale_price": 400_000 * 1.005**months * np.exp(random.normal(0, 0.08, 200)),
            "year_built": 1950 + home,
            "lot_area_sqft": 4_000.0 + 10 * home,
        }
    )
    factors = time_adjustment.fit(sales, date(2021, 12, 31)).factors(sales["sale_date"], date(2021, 12, 31))
    truth = 1.005 ** (24 - months)
    assert np.abs(np.log(factors.value / truth)).max() < 0.08
