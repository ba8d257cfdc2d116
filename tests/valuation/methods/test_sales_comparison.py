"""The sales comparison approach on a market whose law is known."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from market_analysis.stats.errors import InsufficientSales
from tests.valuation.methods.conftest import AS_OF
from valuation import comparables, ratio


@pytest.fixture(scope="module")
def comparison(sales: pd.DataFrame) -> comparables.SalesComparison:
    return comparables.prepare(sales, AS_OF)


@pytest.fixture(scope="module")
def result(comparison: comparables.SalesComparison, sales: pd.DataFrame) -> comparables.Comparison:
    return comparison.value(sales.drop(columns=["sale_price", "sale_date"]))


def test_values_are_those_of_the_market(comparison: comparables.SalesComparison) -> None:
    sales = comparison.calibration_sales
    assert ratio.cod(sales["value"], sales["price"]) < 9.5
    assert 0.97 < ratio.median(sales["value"], sales["price"]) < 1.03
    assert len(sales) > 250


def test_the_grid_adds_up_line_by_line(result: comparables.Comparison) -> None:
    grid = result.grid
    lines = [name for name in grid if name.startswith("adjust_")]
    assert "adjust_living_area_sqft" in lines
    assert "adjust_location" in lines
    assert np.allclose(grid["sale_price"] * grid["time_factor"], grid["time_adjusted_price"])
    assert np.allclose(grid["time_adjusted_price"] + grid[lines].sum(axis=1), grid["adjusted_price"])
    assert np.allclose(grid[lines].abs().sum(axis=1), grid["gross_adjustment"])
    by_property = (grid["weight"] * grid["adjusted_price"]).groupby(grid["property"]).sum()
    assert np.allclose(by_property, result.values.values["value"].loc[by_property.index])
    assert np.allclose(grid.groupby("property")["weight"].sum(), 1)
    rated = [name for name in grid if not name.startswith("error_")]
    assert np.isfinite(grid[rated].select_dtypes("number").to_numpy()).all()


def test_comparables_are_earlier_sales_of_other_properties(result: comparables.Comparison, sales: pd.DataFrame) -> None:
    grid = result.grid
    assert (grid["sale_date"] <= pd.Timestamp(AS_OF)).all()
    assert (grid["parcel_number"] != sales.loc[grid["property"], "parcel_number"].to_numpy()).all()
    assert not grid.duplicated(["property", "parcel_number"]).any()
    assert grid.groupby("property")["rank"].max().eq(8).all()


def test_a_larger_comparable_is_adjusted_down(result: comparables.Comparison, sales: pd.DataFrame) -> None:
    subject = sales.loc[result.grid["property"], "living_area_sqft"].to_numpy()
    comparable = sales.set_index("sale").loc[result.grid["sale"], "living_area_sqft"].to_numpy()
    larger = comparable > subject
    assert (result.grid.loc[larger, "adjust_living_area_sqft"] <= 0).all()
    assert (result.grid.loc[larger, "adjust_living_area_sqft"] < 0).mean() > 0.8


def test_each_figure_has_its_source_and_each_rate_its_schedule(comparison: comparables.SalesComparison) -> None:
    assert all(f"adjust_{name}" in comparison.sources for name in comparison.adjuster.names)
    schedule = json.loads(json.dumps(comparison.schedule(), allow_nan=False))
    area = next(entry for entry in schedule if entry["name"] == "living_area_sqft")
    assert all(band["percent"] > 3 * band["error"] > 0 for band in area["bands"])
    assert comparison.sources["adjust_living_area_sqft"].startswith("The market's rate for a unit")


def test_sizes_of_a_grade_in_words_are_its_words(sales: pd.DataFrame) -> None:
    words = np.array(["poor", "fair", "good"])
    grade = np.random.default_rng(1).integers(0, 3, len(sales))
    graded = sales.assign(quality=words[grade], sale_price=(sales["sale_price"] * 1.1**grade).round())
    schedule = {entry["name"]: entry["bands"] for entry in comparables.prepare(graded, AS_OF).schedule()}
    assert [(band["from"], band["to"]) for band in schedule["quality"]] == [("poor", "fair"), ("fair", "good")]
    assert all(7 < band["percent"] < 13 for band in schedule["quality"])


def test_the_same_seed_gives_the_same(comparison: comparables.SalesComparison, sales: pd.DataFrame) -> None:
    again = comparables.prepare(sales, AS_OF)
    assert again.value(sales[:50]).grid.equals(comparison.value(sales[:50]).grid)


def test_what_has_no_comparables_is_refused_and_what_is_unknown_is_flagged(
    comparison: comparables.SalesComparison, sales: pd.DataFrame
) -> None:
    homes = sales.iloc[:2].copy()
    homes.loc[homes.index[0], ["longitude", "living_area_sqft"]] = np.nan
    valued = comparison.value(homes)
    assert "no_place" in valued.values.flags.iloc[0]
    narrow = comparables.prepare(sales, AS_OF, comparables.ComparisonOptions(max_km=0.001)).value(homes[1:])
    assert list(narrow.values.refused) == ["no_comparables"]
    assert not len(narrow.grid)
    assert not len(comparison.value(sales[:0]).grid)
    with pytest.raises(InsufficientSales):
        comparables.prepare(sales[:50], AS_OF)
