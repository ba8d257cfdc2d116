"""Price indices beside independent fits, and the published figures of Seattle's sales where the file is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from market_analysis.stats import pairs, price_index, quality, selection, time_adjustment
from market_analysis.stats.errors import InsufficientSales
from terrafusion import env
from tests.conftest import ROOT
from tests.market_analysis.data import level, market

FILE = Path(env.text("TERRAFUSION_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
FILE /= "seattle_wa_sales_2010_2016.csv.gz"
real = pytest.mark.skipif(not FILE.exists(), reason="no folder of real data beside the project")


@pytest.fixture(scope="module")
def seattle() -> pd.DataFrame:
    raw = pd.read_csv(FILE, parse_dates=["sale_date"])
    year = raw["sale_date"].dt.year
    names = {"pinx": "parcel_number", "tot_sf": "living_area_sqft", "lot_sf": "lot_area_sqft", "use_type": "use_code"}
    return raw.rename(columns={**names, "beds": "bedrooms", "baths": "bathrooms"}).assign(
        year_built=year - raw["age"],
        effective_year_built=year - raw["eff_age"],
        neighborhood=raw["area"].astype(str),
        quality=raw["bldg_grade"].astype(str),
    )


@real
def test_seattle(seattle: pd.DataFrame) -> None:
    """2010-01 = 100; December 2016. The counts of pairs, all and those a year apart, are those of hpiR's own tests."""
    every = pairs.pairs(seattle)
    assert len(every.earlier) == 4823
    assert np.sum(every.later - every.earlier >= 12) == 3795
    methods = {"median": 165, "hedonic": 158, "case_shiller": 152, "repeat_sales": 178}
    for name, expected in methods.items():
        index = getattr(price_index, name)(seattle)
        assert index.value[0] == 100
        assert len(index.value) == 84
        assert round(index.value[-1]) == expected, name
        low, high = index.interval()
        assert low[-1] < index.value[-1] < high[-1]


@real
def test_time_adjustment_carried_forward_on_seattle(seattle: pd.DataFrame) -> None:
    """Every third month of 2014 to 2016, fitted on earlier sales: the next month's level is met within 2%."""
    errors = []
    for start in pd.date_range("2014-01-01", "2016-12-01", freq="3MS"):
        fitted = time_adjustment.fit(seattle, (start - pd.Timedelta(days=1)).date())
        month = seattle[(seattle["sale_date"] >= start) & (seattle["sale_date"] < start + pd.DateOffset(months=1))]
        errors.append(abs(np.median(fitted.predict(month) / month["sale_price"]) - 1))
    assert np.median(errors) < 0.02


def test_three_resales_by_hand() -> None:
    """Bailey, Muth and Nourse's normal equations for houses resold in months 0-1, 1-2 and 0-2, solved by hand."""
    days = pd.to_datetime(["2012-01-05", "2012-02-05", "2012-02-07", "2012-03-07", "2012-01-09", "2012-03-09"])
    prices = [100_000, 110_000, 200_000, 210_000, 300_000, 330_000]
    sales = pd.DataFrame({"parcel_number": list("AABBCC"), "sale_date": days, "sale_price": prices})
    a, b, c = np.log([1.10, 1.05, 1.10])
    index = price_index.repeat_sales(sales)
    np.testing.assert_allclose(index.log, [0, (2 * a - b + c) / 3, (a + b + 2 * c) / 3], atol=1e-12)
    off = (a + b - c) / 3  # each pair's residual; one degree of freedom is left
    np.testing.assert_allclose(index.error[1:], np.sqrt(3 * off**2 * 2 / 3), atol=1e-12)
    assert index.sales.tolist() == [2, 2, 2]


def test_pairs_and_weights_equal_statsmodels() -> None:
    sales = market(12, 60)
    resales = pairs.pairs(sales)
    design = np.zeros((len(resales.earlier), 12))
    rows = np.arange(len(design))
    design[rows, resales.earlier], design[rows, resales.later] = -1, 1
    design = design[:, 1:]
    plain = sm.OLS(resales.log_ratio, design).fit()
    ours = price_index.repeat_sales(sales)
    np.testing.assert_allclose(ours.log[1:], plain.params, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.error[1:], plain.bse, rtol=1e-9)
    gap = sm.add_constant((resales.later - resales.earlier).astype(float))
    variance = np.maximum(sm.OLS(plain.resid**2, gap).fit().fittedvalues, 1e-4)
    weighted = sm.WLS(resales.log_ratio, design, 1 / variance).fit(cov_type="HC3")
    theirs = price_index.case_shiller(sales)
    np.testing.assert_allclose(theirs.log[1:], weighted.params, rtol=0, atol=1e-9)
    np.testing.assert_allclose(theirs.error[1:], weighted.bse, rtol=1e-9)


@pytest.mark.parametrize("robust", [False, True])
def test_hedonic_finds_a_known_market(robust: bool) -> None:
    sales = market()
    if robust:
        sales.loc[::25, "sale_price"] *= 4  # which would lift months at random
    index = price_index.hedonic(sales, robust=robust)
    true = level(np.arange(48) + 0.5)
    np.testing.assert_allclose(index.log, true - true[0], atol=0.1)
    assert np.mean(np.abs(index.log - true + true[0]) < 2 * index.error) > 0.8
    assert index.sales.sum() == len(sales)
    assert index.error[0] == pytest.approx(0, abs=1e-9)


@real
def test_sound_resales_agree_with_characteristics_on_seattle(seattle: pd.DataFrame) -> None:
    """158 by characteristics; resales gave 152 and 178 with quick and changed ones among them, 161 and 162 without."""
    for name in ("hedonic", "case_shiller", "repeat_sales"):
        assert price_index.by_method(name, seattle).value[-1] == pytest.approx(160, abs=3)
    assert len(pairs.sound_pairs(seattle).earlier) == 3946


def test_a_year_of_flips_is_no_index() -> None:
    """12 months, 177 pairs, most of them repaired and sold again: no index of resales, and the hedonic one is shown."""
    sales = market(12, 60)
    quick = pd.DataFrame({"parcel_number": [f"F{n}" for n in range(177)] * 2})
    quick["sale_date"] = [pd.Timestamp(2012, 1 + n % 5, 5) for n in range(177)] + [
        pd.Timestamp(2012, 4 + n % 5, 5) for n in range(177)
    ]
    quick["sale_price"] = [200_000.0] * 177 + [300_000.0] * 177
    sales = pd.concat([sales, quick], ignore_index=True)
    assert price_index.case_shiller(sales).value[-1] > 120  # of all pairs
    with pytest.raises(InsufficientSales, match="sound"):
        price_index.by_method("case_shiller", sales)
    choice = selection.select(sales, "month", ["case_shiller", "hedonic", "median"])
    assert choice.method == "hedonic"
    assert "30 are needed" in choice.reason


def test_the_index_that_misses_unseen_resales_least_is_shown() -> None:
    """Ever larger homes are sold, which the median takes for rising prices."""
    sales = market(36, 60, noise=0.05)
    homes = sales.groupby("parcel_number")[["living_area_sqft", "neighborhood", "year_built"]].transform("first")
    growth = np.arange(len(sales)) / len(sales)
    old = 5.5 + 0.9 * np.log(sales["living_area_sqft"])
    sales["sale_price"] *= np.exp(5.5 + 0.9 * np.log(homes["living_area_sqft"]) - old)
    sales[list(homes)] = homes
    larger = sales["living_area_sqft"].rank(pct=True)
    sales = sales[np.random.default_rng(1).random(len(sales)) < np.where(growth < 0.5, 1.2 - larger, larger)]
    choice = selection.select(sales, "quarter", ["median", "hedonic", "case_shiller"])
    assert choice.method in ("hedonic", "case_shiller")
    assert choice.errors["median"] > choice.errors[choice.method]
    assert choice.pairs >= 30


def test_changed_and_quick_resales_are_no_pairs() -> None:
    days = [
        "2012-01-05",
        "2012-04-05",
        "2012-01-05",
        "2013-03-05",
        "2012-01-05",
        "2013-03-05",
        "2012-01-05",
        "2013-03-05",
    ]
    sales = pd.DataFrame(
        {
            "parcel_number": list("AABBCCDD"),
            "sale_date": pd.to_datetime(days),
            "sale_price": [100, 105, 100, 105, 100, 104, 100, 190],
            "living_area_sqft": [900.0, 900, 900, 1200, 900, 900, 900, 900],
        }
    )
    assert pairs.unsound(sales, pairs.pairs(sales)).tolist() == ["short_hold", "changed", "", "extreme_change"]


def test_a_dummy_and_a_characteristic_that_say_the_same() -> None:
    """The only sale of the first month is the only old home: the month stays, the characteristic goes."""
    sales = market(12, 10).iloc[9:].assign(neighborhood="N0", bedrooms=3.0)
    sales.iloc[0, sales.columns.get_loc("bedrooms")] = 9.0
    sales["bathrooms"] = np.where(sales["sale_date"].dt.month == 1, 9.0, 1.0)
    index = price_index.by_method("hedonic", sales)
    assert np.isfinite(index.log).all()
    assert index.first == 2012 * 12


def test_intervals_of_few_degrees_of_freedom_are_students() -> None:
    index = price_index.hedonic(market(3, 8))
    low, high = index.interval()
    assert index.freedom < 20
    np.testing.assert_allclose(np.log(high / low) / 2, index.error * stats.t.ppf(0.975, index.freedom))
    saturated = price_index.PriceIndex(0, "month", np.zeros(2), np.array([0, 0.1]), np.array([1, 1]), 0)
    assert np.isnan(saturated.interval()[0]).all()


def test_levels_that_are_chance_are_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly dependent columns can give a period a level of e^700, which no number holds, or an error as large."""
    logs, errors = np.array([0, 0.1, 700, 0.2]), np.array([0, 0.05, 1, 9])
    made = price_index.PriceIndex(24_000, "month", logs, errors, np.full(4, 5), 40)
    monkeypatch.setattr(price_index, "hedonic", lambda *_, **__: made)
    monkeypatch.setitem(price_index.METHODS, "hedonic", (price_index.hedonic, {}))
    index = price_index.by_method("hedonic", market(4, 5))
    assert np.isfinite(index.value).tolist() == [True, True, False, False]
    assert np.isfinite(index.error).tolist() == [True, True, False, False]


def test_periods_without_a_link_are_withheld() -> None:
    days = pd.to_datetime(["2012-01-05", "2012-02-05", "2012-03-05", "2012-04-05"])
    sales = pd.DataFrame({"parcel_number": list("AABB"), "sale_date": days, "sale_price": [100, 110, 200, 260]})
    index = price_index.repeat_sales(sales)
    assert index.value[1] == pytest.approx(110)
    assert np.isnan(index.value[2:]).all()


def test_too_few() -> None:
    sales = market(2, 5)
    sales["parcel_number"] = range(len(sales))
    with pytest.raises(InsufficientSales, match="no valid sale"):
        price_index.median(sales[:0])
    with pytest.raises(InsufficientSales, match="all are of 2012-01"):
        price_index.hedonic(sales[:1])
    with pytest.raises(InsufficientSales, match="no repeat sales"):
        price_index.repeat_sales(sales)
    with pytest.raises(InsufficientSales, match="At least 30"):
        time_adjustment.fit(sales, date(2012, 12, 31))


def test_quality_as_hpir_defines_it() -> None:
    series = [np.array([100.0, 110.0]), np.array([100.0, 112.0, 120.0]), np.array([100.0, 113.0, 119.0, 125.0])]
    assert quality.revision(series) == pytest.approx(np.mean([0, 1.5, -1]))
    changes = [0.10, 0.10, -0.05, 0.20]
    index = 100 * np.cumprod(np.array([1.0, *(1 + change for change in changes)]))
    expected = np.mean([np.std(changes[:3], ddof=1), np.std(changes[1:], ddof=1)])
    assert quality.volatility(index) == pytest.approx(expected)
