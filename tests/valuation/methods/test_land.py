"""What part of a value is land: its sources in their order, and never above the whole."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.cost import Schedules
from valuation.land import allocation, sources

AS_OF = date(2024, 1, 1)


def county(seed: int = 1, count: int = 600, vacant: float = 0.0, neighborhoods: int = 4) -> pd.DataFrame:
    """Sales of homes and lots; land is 40,000 dollars times the root of its size in 1,000 sq ft, a tenth more each
    neighborhood on."""
    random = np.random.default_rng(seed)
    where = random.integers(0, neighborhoods, count)
    lot = random.uniform(3_000, 12_000, count).round()
    area = random.uniform(900, 2_500, count).round()
    worth = 40_000 * np.sqrt(lot / 1_000) * 1.1**where
    bare = random.random(count) < vacant
    building = np.where(bare, 0, 100 * area)
    return pd.DataFrame(
        {
            "sale_date": pd.Timestamp("2022-01-01") + pd.to_timedelta(random.integers(0, 700, count), unit="D"),
            "sale_price": ((worth + building) * np.exp(random.normal(0, 0.05, count))).round(),
            "lot_area_sqft": lot,
            "living_area_sqft": np.where(bare, np.nan, area),
            "year_built": np.where(bare, np.nan, 2023.0),
            "neighborhood": [f"N{number}" for number in where],
            "property_class": "Residential",
            "use_code": "sfr",
            "quality": "",
            "condition": "",
            "zoning": "",
            "worth": worth,
        }
    )


def tables(*, land_rate: float | None = None) -> Schedules:
    key = {"property_class": "", "use_code": "", "quality": "", "condition": "", "neighborhood": "", "zoning": ""}
    day = {"effective_from": date(2020, 1, 1)}
    rates = [] if land_rate is None else [{**key, **day, "base_lot_sqft": 1.0, "base_value": 0.0}]
    more = {"excess_rate_per_sqft": land_rate, "short_rate_per_sqft": 0.0}
    return Schedules.of(
        pd.DataFrame([{**key, **day, "size_sqft": 1_000.0, "rate_per_sqft": 100.0, "local_multiplier": 1.0}]),
        pd.DataFrame([{**key, **day, "economic_life_years": 60.0, "residual_percent": 0.0}]),
        pd.DataFrame([{**one, **more} for one in rates]),
        AS_OF,
    )


def split(sales: pd.DataFrame, schedules: Schedules | None, homes: pd.DataFrame) -> allocation.Allocated:
    return allocation.prepare(sales, schedules, AS_OF).split(homes, homes["sale_price"].to_numpy(dtype=float))


def test_by_sales_of_land_in_the_neighborhood() -> None:
    sales = county(vacant=0.2)
    homes = sales[sales["living_area_sqft"] > 0]
    result = split(sales, None, homes)
    assert set(result.source) == {"land_sales"}
    assert np.median(np.abs(result.land / homes["worth"] - 1)) < 0.05
    lots = split(sales, None, sales[~(sales["living_area_sqft"] > 0)])
    assert set(lots.source) == {"vacant"}


def test_by_abstraction_where_no_land_sells() -> None:
    sales = county()
    result = split(sales, tables(), sales)
    assert set(result.source) == {"abstraction"}
    assert abs(np.median(result.land / sales["worth"]) - 1) < 0.1


def test_by_allocation_where_land_sells_elsewhere() -> None:
    sales = county(vacant=0.2)
    elsewhere = sales[sales["living_area_sqft"] > 0].assign(neighborhood="new")
    result = split(sales, None, elsewhere)
    assert set(result.source) == {"allocation"}
    assert 0.8 < np.median(result.land / elsewhere["worth"]) < 1.2


def test_the_countys_own_table_comes_first() -> None:
    sales = county(vacant=0.2)
    homes = sales[sales["living_area_sqft"] > 0]
    result = split(sales, tables(land_rate=10.0), homes)
    assert set(result.source) == {"land_table"}
    assert np.allclose(result.land, 10 * (homes["lot_area_sqft"] - 1))


def test_nothing_is_made_up() -> None:
    sales = county()
    result = split(sales, None, sales)
    assert set(result.source) == {"no_evidence"}
    assert np.isnan(result.land).all()
    few = split(sales[:50], None, sales)
    assert np.isnan(few.land).all()


def test_records_without_buildings_make_no_lots() -> None:
    sales = county().assign(living_area_sqft=np.nan, year_built=np.nan)
    assert set(split(sales, None, sales).source) == {"no_evidence"}


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 1_000),
    vacant=st.sampled_from([0.0, 0.1, 0.5]),
    rate=st.sampled_from([None, 1.0, 500.0]),
    with_tables=st.booleans(),
)
def test_land_is_never_above_the_whole(seed: int, vacant: float, rate: float | None, with_tables: bool) -> None:
    sales = county(seed, 150, vacant, neighborhoods=6)
    sales.loc[::7, "lot_area_sqft"] = np.nan
    value = np.random.default_rng(seed).choice([np.nan, 1_000.0, 90_000.0, 800_000.0], len(sales))
    result = allocation.prepare(sales, tables(land_rate=rate) if with_tables else None, AS_OF).split(sales, value)
    known = np.isfinite(result.land)
    assert (result.land[known] <= value[known]).all()
    assert (result.land[known] >= 0).all()
    assert not known[~np.isfinite(value)].any()
    assert (known == ~np.isin(result.source, ["", "no_evidence"])).all()
    assert set(result.source) - {""} <= set(sources.MEANINGS)
