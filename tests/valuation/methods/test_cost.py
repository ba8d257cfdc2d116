"""The cost approach by hand: one figure at a time, as an appraiser would check it."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from valuation.cost import Schedules, prepare

DAY = datetime.date(2022, 1, 1)
COST = [  # property_class, use_code, quality, size, rate, multiplier, effective_from
    ("", "", "", 1000, 100.0, 1.0, "2020-01-01"),
    ("", "", "", 2000, 80.0, 1.0, "2020-01-01"),
    ("Residential", "", "8", 1000, 150.0, 1.1, "2020-01-01"),
    ("Residential", "", "8", 1000, 170.0, 1.1, "2021-01-01"),
    ("Residential", "", "8", 1000, 999.0, 1.1, "2023-01-01"),  # not in force yet
]
LIFE = [("", "", "", "", 50.0, 20.0, "2020-01-01"), ("", "", "8", "", 100.0, 0.0, "2020-01-01")]
LAND = [
    ("", "", "", "", 5000.0, 100_000.0, 4.0, 10.0, "2020-01-01"),
    ("North", "", "", "", 5000.0, 200_000.0, 4.0, 10.0, "2020-01-01"),
]
HOME: dict[str, Any] = {
    "parcel_number": "1",
    "property_class": "Residential",
    "use_code": "sfr",
    "neighborhood": "South",
    "quality": "7",
    "condition": "",
    "zoning": "",
    "lot_area_sqft": 6000.0,
    "living_area_sqft": 1500.0,
    "year_built": 2002.0,
    "effective_year_built": np.nan,
}


def schedules() -> Schedules:
    return Schedules.of(
        pd.DataFrame(
            COST,
            columns=[
                "property_class",
                "use_code",
                "quality",
                "size_sqft",
                "rate_per_sqft",
                "local_multiplier",
                "effective_from",
            ],
        ),
        pd.DataFrame(
            LIFE,
            columns=[
                "property_class",
                "use_code",
                "quality",
                "condition",
                "economic_life_years",
                "residual_percent",
                "effective_from",
            ],
        ),
        pd.DataFrame(
            LAND,
            columns=[
                "neighborhood",
                "property_class",
                "use_code",
                "zoning",
                "base_lot_sqft",
                "base_value",
                "excess_rate_per_sqft",
                "short_rate_per_sqft",
                "effective_from",
            ],
        ),
        DAY,
    )


def homes(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**HOME, **change} for change in changes], index=range(10, 10 + len(changes)))


NOTHING = homes().assign(sale_price=[], sale_date=pd.to_datetime([]))


def test_line_by_line() -> None:
    valued = prepare(NOTHING, schedules(), DAY).value(homes({}))
    line = valued.lines.loc[10]
    assert line["land_value"] == 104_000  # 1,000 sq ft more than the base lot, at 4 dollars
    assert line["rate_per_sqft"] == 90  # halfway between two sizes
    assert line["replacement_cost_new"] == 135_000
    assert (line["effective_age_years"], line["depreciation_percent"]) == (20, 40)
    assert line["rcnld"] == 81_000
    assert valued.values.values.loc[10, "value"] == line["value"] == 185_000
    assert valued.values.flags[10] == ("no_evidence",)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quality": "8"}, {"rate_per_sqft": 187.0, "depreciation_percent": 20.0}),  # the latest in force, multiplied
        ({"quality": "8", "property_class": "Farm"}, {"rate_per_sqft": 90.0}),
        ({"living_area_sqft": 500.0}, {"rate_per_sqft": 100.0}),
        ({"living_area_sqft": 9000.0}, {"rate_per_sqft": 80.0}),
        ({"neighborhood": "North"}, {"land_value": 204_000.0}),
        ({"lot_area_sqft": 4000.0}, {"land_value": 90_000.0}),
        ({"lot_area_sqft": -5.0}, {"land_value": 100_000.0}),
        ({"year_built": 1900.0}, {"depreciation_percent": 80.0}),  # a fifth is never lost
        ({"year_built": 1900.0, "effective_year_built": 2012.0}, {"depreciation_percent": 20.0}),
        ({"year_built": 2023.0}, {"depreciation_percent": 0.0}),
        ({"living_area_sqft": np.nan, "year_built": np.nan}, {"improvement_value": 0.0, "value": 104_000.0}),
    ],
)
def test_what_changes_it(change: dict[str, Any], expected: dict[str, float]) -> None:
    valued = prepare(NOTHING, schedules(), DAY).value(homes(change))
    assert valued.lines.loc[10, list(expected)].to_dict() == pytest.approx(expected)
    line = valued.lines.loc[10]
    assert line["land_value"] + line["improvement_value"] == pytest.approx(line["value"])
    assert ("vacant" in valued.values.flags[10]) == (line["improvement_value"] == 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"living_area_sqft": 0.0}, "no_living_area"),
        ({"year_built": 0.0}, "no_year_built"),
        ({"year_built": 9999.0}, "no_year_built"),
    ],
)
def test_what_is_missing_is_said(change: dict[str, Any], reason: str) -> None:
    valued = prepare(NOTHING, schedules(), DAY).value(homes(change, {}))
    assert valued.values.refused.to_dict() == {10: reason}
    assert list(valued.values.values.index) == [11]


def test_without_effective_rows() -> None:
    empty = schedules()
    none = Schedules(empty.cost.iloc[:0], empty.life.iloc[:0], empty.land.iloc[:0])
    assert prepare(NOTHING, none, DAY).value(homes({})).values.refused.to_dict() == {10: "no_land_value"}
    rest = Schedules(none.cost, empty.life, empty.land)
    assert prepare(NOTHING, rest, DAY).value(homes({})).values.refused.to_dict() == {10: "no_cost_rate"}
    rest = Schedules(empty.cost, none.life, empty.land)
    assert prepare(NOTHING, rest, DAY).value(homes({})).values.refused.to_dict() == {10: "no_life"}


def sales(count: int = 400, factor: float = 1.5) -> pd.DataFrame:
    """Sales at land + RCNLD times ``factor`` in the South, twice that in the North, give or take 5%."""
    random = np.random.default_rng(1)
    changes = [
        {
            "neighborhood": "North" if n % 2 else "South",
            "living_area_sqft": float(random.integers(900, 2500)),
            "year_built": float(1980 + n % 40),
            "parcel_number": str(n),
        }
        for n in range(count)
    ]
    frame = homes(*changes)
    lines = prepare(NOTHING, schedules(), DAY).value(frame).lines
    times = np.where(frame["neighborhood"] == "North", 2 * factor, factor)
    price = (lines["land_value"] + lines["rcnld"] * times) * np.exp(random.normal(0, 0.05, count))
    days = pd.to_datetime("2019-01-01") + pd.to_timedelta(np.arange(count) * 1090 // count, unit="D")
    return frame.assign(sale_price=price.round(), sale_date=days)


def test_brought_to_the_market_and_evaluated_on_later_sales() -> None:
    plain = prepare(sales(), schedules(), DAY)
    level = prepare(sales(), schedules(), DAY, calibrate=True)
    for approach in (plain, level):
        assert approach.evidence is not None
        held = approach.evidence.calibration_sales
        assert held["sale_date"].min() >= pd.Timestamp("2020-12-01")
    assert plain.evidence is not None
    assert level.evidence is not None
    inside = (held["low"] <= held["price"]) & (held["price"] <= held["high"])
    assert 0.87 < inside.mean() < 0.93
    ratio = (level.evidence.calibration_sales["value"] / level.evidence.calibration_sales["price"]).median()
    assert ratio == pytest.approx(1.0, abs=0.04)
    assert (plain.evidence.calibration_sales["value"] / plain.evidence.calibration_sales["price"]).median() < 0.85
    assert level.factors["Residential", "South"] < level.factors["Residential", "North"]
    valued = level.value(homes({}))
    assert valued.lines.loc[10, "market_factor"] == level.factors["Residential", "South"]
    assert valued.values.flags[10] == ()
    row = valued.values.values.loc[10]
    assert row["low"] < row["value"] < row["high"]


def test_any_chunking_gives_the_same() -> None:
    approach = prepare(sales(), schedules(), DAY, calibrate=True)
    whole = approach.value(sales()).values.values
    parts = [approach.value(sales().iloc[begin : begin + 90]).values.values for begin in range(0, 400, 90)]
    pd.testing.assert_frame_equal(whole, pd.concat(parts))
    assert len(approach.value(homes()).values.values) == 0
