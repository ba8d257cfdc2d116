"""What a county says may never count against a home does not: in the model, in its start, and in the grid's rates."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from valuation import comparables, mass_appraisal
from valuation.mass_appraisal import features, linear
from valuation.run import grid

AS_OF = date(2016, 1, 1)
HELD = {"year_built": 1, "condition": 1, "stories": -1}


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    """Where old homes are the dear ones, homes in good condition the cheap ones, and a further story is worth more."""
    random = np.random.default_rng(5)
    count = 900
    x, y = random.uniform(0, 0.03, (2, count))
    area, built = random.lognormal(7.4, 0.3, count).round(), random.integers(1900, 2010, count)
    condition, stories = random.integers(1, 6, count), random.integers(1, 4, count)
    log = 5.5 + 0.9 * np.log(area) - 0.004 * (built - 1955) + 4 * x - 0.03 * condition + 0.03 * stories
    return pd.DataFrame(
        {
            "sale": np.arange(count),
            "parcel_number": [f"P{number}" for number in random.integers(0, count, count)],
            "sale_date": pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 1090, count), unit="D"),
            "sale_price": np.exp(log + random.normal(0, 0.08, count)).round(),
            "living_area_sqft": area,
            "year_built": built.astype(float),
            "condition": condition.astype(str),
            "stories": stories.astype(float),
            "neighborhood": [f"N{int(100 * east)}" for east in x],
            "longitude": -122 + x,
            "latitude": 47 + y,
        }
    )


def swept(sales: pd.DataFrame, name: str, values: list[float]) -> pd.DataFrame:
    """Forty homes, none of which sold, each with every value of the characteristic."""
    homes = sales[:40].assign(parcel_number=[f"H{number}" for number in range(40)])
    frames = [homes.assign(**{name: str(value) if name == "condition" else value}) for value in values]
    return pd.concat(frames, ignore_index=True)


SWEEPS: dict[str, list[float]] = {
    "year_built": [1905.0, 1920.0, 1935.0, 1950.0, 1965.0, 1980.0, 1995.0, 2008.0],
    "condition": [1, 2, 3, 4, 5],
    "stories": [3.0, 2.0, 1.0],
}


@pytest.fixture(scope="module")
def held(sales: pd.DataFrame) -> mass_appraisal.MassAppraisal:
    return mass_appraisal.train(sales, AS_OF, mass_appraisal.TrainingOptions(directions=HELD))


def steps(by: mass_appraisal.MassAppraisal, sales: pd.DataFrame, name: str) -> np.ndarray:
    """What each home's value changes by from one value of the characteristic to the next, as a share."""
    value = by.value(swept(sales, name, SWEEPS[name])).values["value"].to_numpy().reshape(-1, 40)
    return np.asarray(value[1:] / value[:-1] - 1)


@pytest.mark.parametrize("name", SWEEPS)
def test_a_value_never_goes_the_other_way(held: mass_appraisal.MassAppraisal, sales: pd.DataFrame, name: str) -> None:
    assert steps(held, sales, name).min() > -1e-9
    assert held.trees.encoder.directions == HELD


def test_without_the_setting_it_does(sales: pd.DataFrame) -> None:
    free = mass_appraisal.train(sales, AS_OF)
    assert steps(free, sales, "year_built").min() < -0.02
    assert free.trees.encoder.directions == {}


def test_a_kept_model_is_held_as_it_was_trained(held: mass_appraisal.MassAppraisal, sales: pd.DataFrame) -> None:
    again = mass_appraisal.load(mass_appraisal.save(held))
    assert again.trees.encoder == held.trees.encoder
    assert again.options == held.options
    assert (again.value(sales[:50]).values == held.value(sales[:50]).values).all(axis=None)
    card = mass_appraisal.model_card(again)
    assert card["values_only"] == {"year_built": "rise", "stories": "fall", "condition": "rise"}


def test_reasons_keep_to_it(held: mass_appraisal.MassAppraisal, sales: pd.DataFrame) -> None:
    homes = swept(sales, "year_built", SWEEPS["year_built"])
    dollars, values = held.reasons(homes), held.value(homes).values["value"]
    of_the_year = (dollars["year_built"] / values).to_numpy().reshape(-1, 40)
    assert np.diff(of_the_year, axis=0).min() > -0.02
    assert np.allclose(dollars.sum(axis=1), values)


@pytest.mark.parametrize("directions", [{}, HELD])
def test_rates_of_the_grid(sales: pd.DataFrame, directions: dict[str, int]) -> None:
    prepared = comparables.prepare(sales, AS_OF, comparables.ComparisonOptions(directions=directions))
    rates = {one["name"]: [band["percent"] for band in one["bands"]] for one in prepared.schedule()}
    if not directions:
        assert min(rates["year_built"]) < 0
        assert "condition" not in rates
        return
    for name, way in HELD.items():
        assert min(way * rate for rate in rates[name]) >= 0, name
    homes = sales[:60].drop(columns=["sale_price", "sale_date"]).assign(parcel_number=range(60))
    sheets = grid.comparables(prepared.value(homes).grid, homes, sales.set_index("sale"), prepared.rated)
    shown = [one for those in sheets.values() for one in those]
    assert len(shown) > 200
    for one in shown:
        lines = one["adjustments"]
        assert one["time_adjusted_price"] + sum(line[2] for line in lines.values()) == one["adjusted_price"]
        for name, way in HELD.items():
            if name in lines:
                subject, other, amount = lines[name][:3]
                assert way * amount * (float(subject) - float(other)) >= 0, name


def test_the_start_of_the_trees_does_not_turn_back() -> None:
    """A parabola through a hump is held to its rising side; the other column is fitted as it was."""
    random = np.random.default_rng(1)
    own = random.uniform(0, 10, (2_000, 2))
    log_price = -((own[:, 0] - 4) ** 2) / 50 + 0.05 * own[:, 1] + random.normal(0, 0.02, 2_000)
    line = np.column_stack([np.linspace(0, 10, 50), np.full(50, 5.0)])
    free, rising, falling = (linear.fit(own, log_price, [way, 0]) for way in (0, 1, -1))
    assert np.diff(free.predict(line)).min() < -0.01
    assert np.diff(rising.predict(line)).min() > -1e-9
    assert np.diff(falling.predict(line)).max() < 1e-9
    across = line[:, ::-1]
    for held in (rising, falling):
        assert np.allclose(np.diff(held.predict(across)), np.diff(free.predict(across)), atol=0.003)


def test_a_characteristic_in_words_has_no_order(sales: pd.DataFrame) -> None:
    words = sales.assign(condition=np.where(sales["condition"] > "3", "good", "poor"))
    encoder = features.learn(words, AS_OF, directions=HELD)
    assert "condition" in encoder.levels
    assert "condition" not in encoder.directions
    assert "condition" not in features.learn(sales, AS_OF, directions=HELD).levels
