"""A sheet of comparables holds up line by line: signs, sizes, sums, and rates times differences."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from valuation import comparables
from valuation.comparables import items
from valuation.mass_appraisal.features import Encoder
from valuation.run import grid

AS_OF = date(2024, 1, 1)
RISING = ("living_area_sqft", "lot_area_sqft", "bathrooms", "garage_spaces", "quality")


def county(seed: int, count: int, per_sqft: float, per_bath: float, rural: float) -> pd.DataFrame:
    """Homes whose lots are larger where land is cheaper; ``rural`` is how much cheaper (logs from east to west)."""
    random = np.random.default_rng(seed)
    x, y = random.uniform(0, 0.2, (2, count))
    area = random.lognormal(7.5, 0.3, count).round()
    baths = np.clip(np.round(area / 900 + random.normal(0, 0.7, count)), 1, 5)
    lot = (5000 * np.exp(8 * rural * x + random.normal(0, 0.4, count))).round()
    garage, quality = random.integers(0, 4, count), random.integers(5, 11, count)
    level = np.exp(-6 * rural * x + 0.3 * np.sin(25 * y))
    worth = level * (80_000 + per_sqft * area + 2.0 * lot + per_bath * baths + 6_000 * garage + 15_000 * (quality - 5))
    known = random.random(count) > 0.03
    return pd.DataFrame(
        {
            "sale": np.arange(count),
            "parcel_number": [f"P{number}" for number in random.integers(0, count, count)],
            "sale_date": pd.Timestamp("2021-01-01") + pd.to_timedelta(random.integers(0, 1090, count), unit="D"),
            "sale_price": (worth * np.exp(random.normal(0, 0.1, count))).round(),
            "living_area_sqft": area,
            "lot_area_sqft": np.where(known, lot, np.nan),
            "bathrooms": baths,
            "garage_spaces": garage.astype(float),
            "quality": quality.astype(str),
            "year_built": random.integers(1950, 2015, count).astype(float),
            "use_code": np.where(random.random(count) < 0.2, "townhouse", "sfr"),
            "neighborhood": [f"N{int(20 * east)}" for east in x],
            "longitude": -100 + x,
            "latitude": 40 + y,
        }
    )


def place(frame: pd.DataFrame, rural: float) -> pd.Series[float]:
    """What a place multiplies the worth by."""
    x, y = frame["longitude"] + 100, frame["latitude"] - 40
    return np.exp(-6 * rural * x + 0.3 * np.sin(25 * y))


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a county takes seconds, and one that fails is small enough to look at
    suppress_health_check=list(HealthCheck),
)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(300, 600),
    per_sqft=st.floats(40, 300),
    per_bath=st.floats(0, 25_000),
    rural=st.floats(0, 0.6),
)
def test_each_line_has_the_sign_and_size_of_what_it_adjusts(
    seed: int, count: int, per_sqft: float, per_bath: float, rural: float
) -> None:
    sales = county(seed, count, per_sqft, per_bath, rural)
    homes = sales[:100].drop(columns=["sale_price", "sale_date"]).assign(parcel_number=range(100))
    prepared = comparables.prepare(sales, AS_OF)
    result = prepared.value(homes)
    sheets = grid.comparables(result.grid, homes, sales.set_index("sale"), prepared.rated)
    assert len(sheets) > 85
    for key, those in sheets.items():
        together = sum(one["adjusted_price"] * one["weight"] for one in those)
        assert abs(together / result.values.values["value"][key] - 1) < 0.001
    lines_of = pd.DataFrame([{"key": key, **one} for key, ones in sheets.items() for one in ones])
    adjustments = lines_of["adjustments"]
    amounts = pd.DataFrame([{name: line[2] for name, line in one.items()} for one in adjustments]).fillna(0)
    price = lines_of["time_adjusted_price"]
    assert (price + amounts.sum(axis=1) == lines_of["adjusted_price"]).all()
    assert (amounts.sum(axis=1) == lines_of["net_adjustment"]).all()
    beyond = (lines_of["net_adjustment"].abs() > 0.15 * price) | (lines_of["gross_adjustment"] > 0.25 * price)
    assert (beyond == lines_of["beyond_guideline"]).mean() > 0.99  # whole dollars at the very limit
    value = result.values.values["value"].loc[lines_of["key"]].to_numpy()
    assert (amounts["combined_effects"].abs() / value).quantile(0.95) < 0.10
    for name in RISING:
        lines = [one[name] for one in adjustments if name in one]
        unknown = [line for line in lines if None in line[:2]]
        assert not any(line[2] for line in unknown), name
        assert all(line[3] is None for line in unknown), name
        rows = np.array([line for line in lines if None not in line[:2]], dtype=float)
        difference, amount, rate, error = rows[:, 0] - rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4]
        assert (amount * difference >= 0).all(), name
        assert (np.abs(rate * difference - amount) <= 1).all(), name
        assert (error >= 0).all(), name
    # What a square foot is worth, the law of this county says too.
    area = pd.DataFrame([one.get("living_area_sqft", [1, 1, 0, 0, 0]) for one in adjustments], dtype=float)
    some = (area[0] - area[1]).abs() > 50
    truth = per_sqft * place(homes, rural).loc[lines_of["key"]].to_numpy()
    assert 0.6 < np.median(area[3][some] / truth[some]) < 1.5


def test_more_of_what_is_worth_having_is_named() -> None:
    assert all(items.direction(name) == 1 for name in (*RISING, "bedrooms", "frontage", "effective_year_built"))
    assert items.direction("effective_age") == -1
    assert items.direction("year_built") == items.direction("stories") == 0


def test_a_place_does_not_pass_for_a_rate() -> None:
    """Large lots are where land is cheap: without comparing homes with those around them a lot would cost."""
    sales = county(5, 1500, 120, 8_000, 0.6)
    bands = next(one for one in comparables.prepare(sales, AS_OF).schedule() if one["name"] == "lot_area_sqft")["bands"]
    assert bands[1]["percent"] > 2 * bands[1]["error"]


def test_a_sale_that_cannot_be_explained_is_passed_over_and_counted() -> None:
    sales = county(7, 800, 120, 8_000, 0.3)
    odd = sales["use_code"] == "townhouse"
    # Garages of townhouses are worth a third of the price, which no sum of rates can say.
    sales.loc[odd, "sale_price"] *= np.exp(0.35 * (sales.loc[odd, "garage_spaces"] - 1.5))
    result = comparables.prepare(sales, AS_OF).value(sales)
    assert result.about["passed_over"].sum() > 0
    value = result.values.values["value"].loc[result.grid["property"]].to_numpy()
    assert (result.grid["adjust_combined_effects"].abs() / value).quantile(0.95) < 0.10


def _seattle() -> Path:
    folder = os.environ.get("TERRAFUSION_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data"
    return Path(folder) / "seattle_wa_sales_2010_2016.csv.gz"


@pytest.mark.skipif(not _seattle().exists(), reason="Seattle's sales are not there")
def test_on_seattle() -> None:
    names = {"pinx": "parcel_number", "tot_sf": "living_area_sqft", "lot_sf": "lot_area_sqft", "baths": "bathrooms"}
    names |= {"beds": "bedrooms", "bldg_grade": "quality", "use_type": "use_code", "area": "neighborhood"}
    sales = pd.read_csv(_seattle()).rename(columns=names)
    sales["sale_date"] = pd.to_datetime(sales["sale_date"])
    kept = [*names.values(), "sale_price", "sale_date", "longitude", "latitude", "age"]
    known = sales[sales["sale_date"].between("2014-01-01", "2014-12-31")][kept]
    prepared = comparables.prepare(known, date(2015, 1, 1))
    later = sales[sales["sale_date"] > "2015-06-01"][kept].drop(columns=["sale_price", "sale_date"])[:200]
    result = prepared.value(later)
    value = result.values.values["value"].loc[result.grid["property"]].to_numpy()
    assert (result.grid["adjust_combined_effects"].abs() / value).quantile(0.95) < 0.10
    here = later["living_area_sqft"].loc[result.grid["property"]].to_numpy()
    more = here - known["living_area_sqft"].loc[result.grid["sale"]].to_numpy()
    some = np.abs(more) > 50
    rate = (result.grid["adjust_living_area_sqft"] / more)[some]
    assert rate.min() >= 0
    assert 60 < rate.median() < 250
    assert rate.quantile(0.05) > 30


def test_the_encoder_is_the_sales_own() -> None:
    """Names of lines come from what the sales have."""
    prepared = comparables.prepare(county(9, 300, 100, 5_000, 0.2), AS_OF)
    assert isinstance(prepared.adjuster.encoder, Encoder)
    assert prepared.adjuster.names[-2:] == ["location", "combined_effects"]
    assert "neighborhood" not in prepared.adjuster.names
