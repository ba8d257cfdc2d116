"""No sale of a parcel enters its own value: sold and unsold parcels are valued alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from market_analysis.stats.errors import InsufficientSales
from tests.market_analysis.data import market
from valuation import comparables, mass_appraisal
from valuation.mass_appraisal import encodings, features, parts
from valuation.mass_appraisal.surroundings import keys_of

AS_OF = date(2015, 1, 1)


@pytest.fixture(scope="module")
def homes() -> pd.DataFrame:
    """240 homes. A fifth of what moves their prices is in no record and stays with the home."""
    random = np.random.default_rng(3)
    area = random.lognormal(7.4, 0.3, 240).round(-1)
    return pd.DataFrame(
        {
            "parcel_number": [f"P{number}" for number in range(240)],
            "living_area_sqft": area,
            "neighborhood": pd.Categorical([f"N{number % 4}" for number in range(240)]),
            "longitude": -122 + random.uniform(0, 0.04, 240),
            "latitude": 47 + random.uniform(0, 0.04, 240),
            "unseen": random.normal(0, 0.2, 240),
        }
    )


@pytest.fixture(scope="module")
def sales(homes: pd.DataFrame) -> pd.DataFrame:
    """Three years in which each home sells twice on average, the first 24 of them never."""
    random = np.random.default_rng(4)
    sold = homes.iloc[random.integers(24, 240, 480)].reset_index(drop=True)
    days = np.sort(random.integers(0, 1090, 480))
    price = np.exp(5.5 + 0.9 * np.log(sold["living_area_sqft"]) + sold["unseen"] + random.normal(0, 0.05, 480))
    return sold.drop(columns="unseen").assign(
        sale=range(480), sale_date=pd.Timestamp(2012, 1, 1) + pd.to_timedelta(days, "D"), sale_price=price.round()
    )


def _values(method: str, sales: pd.DataFrame, homes: pd.DataFrame) -> pd.Series[float]:
    asked = homes.drop(columns="unseen").set_index("parcel_number", drop=False)
    if method == "mass_appraisal":
        return np.log(mass_appraisal.train(sales, AS_OF).value(asked).values["value"])
    return np.log(comparables.prepare(sales, AS_OF).value(asked).values.values["value"])


Changes = list[tuple[np.ndarray, np.ndarray]]
"""Of each refit: by how much the values of homes change that lose their sales, and of homes that sold and keep them."""


def _own_and_kept(
    change: pd.Series[float], lost: pd.Series[Any], kept: pd.Series[Any]
) -> tuple[np.ndarray, np.ndarray]:
    size = change.abs().dropna()
    return size[size.index.isin(lost)].to_numpy(), size[size.index.isin(kept)].to_numpy()


def _own(changes: Changes) -> float:
    """The median change of homes that lose their sales, where 1 is that of the others in the same refit."""
    return float(np.median(np.concatenate([own / np.median(kept) for own, kept in changes])))


def _bound(changes: Changes) -> float:
    """What that median stays below, 99 times of 100, where losing their own sales is nothing to homes: then they are a
    random draw of the homes that the refit changes."""
    random = np.random.default_rng(7)
    sampled = [
        _own([(random.choice(kept, len(own), replace=False), kept) for own, kept in changes]) for _ in range(2_000)
    ]
    return float(np.quantile(sampled, 0.99))


@pytest.mark.parametrize("method", ["mass_appraisal", "sales_comparison"])
def test_without_its_own_sales_a_value_changes_as_the_others_do(
    method: str, sales: pd.DataFrame, homes: pd.DataFrame
) -> None:
    """Sevenths of the homes lose their sales, which are of every neighborhood: removing those of one would rightly
    change its values more than others. Where a third of a home's own price were in its value, the bound would show
    it."""
    number = sales["parcel_number"].str.removeprefix("P").astype(int)
    with_all = _values(method, sales, homes)
    prices = np.log(sales.groupby("parcel_number")["sale_price"].mean())
    into = (prices.reindex(with_all.index) - with_all) / 3
    honest: Changes = []
    leaking: Changes = []
    for part in range(3):
        some = number % 7 == part
        lost, kept = sales.loc[some, "parcel_number"], sales.loc[~some, "parcel_number"]
        change = _values(method, sales[~some], homes) - with_all
        honest.append(_own_and_kept(change, lost, kept))
        leaking.append(_own_and_kept(change - into.where(into.index.isin(lost), 0.0), lost, kept))
    assert sum(len(own) for own, _ in honest) > 60
    assert _own(honest) < _bound(honest)
    assert _own(leaking) > _bound(leaking)


def test_what_no_record_shows_of_a_home_is_not_in_its_value(sales: pd.DataFrame, homes: pd.DataFrame) -> None:
    """A home whose sales were dear is valued as the records say."""
    sold = homes["parcel_number"].isin(sales["parcel_number"]).to_numpy()
    away = _values("mass_appraisal", sales, homes).to_numpy() - 0.9 * np.log(homes["living_area_sqft"].to_numpy())
    assert abs(np.corrcoef(away[sold], homes["unseen"].to_numpy()[sold])[0, 1]) < 0.25


def test_a_category_is_read_without_the_parcels_own_prices(sales: pd.DataFrame) -> None:
    sales = sales[:-1]  # an odd number: the median is one of them
    encoder = features.learn(sales, AS_OF)
    part = parts.of(keys_of(sales, encoder))
    away = np.log(sales["sale_price"].to_numpy())
    away = np.clip(away - np.median(away), -0.4, 0.4)
    mine = part == part[0]
    changed = np.where(mine, 2 * away, away)  # the median stays 0
    read = [encodings.learn(encoder, sales, one, part).matrix(encoder, sales, part) for one in (away, changed)]
    assert np.allclose(read[0][mine], read[1][mine], rtol=0, atol=1e-9)
    assert not np.allclose(read[0][~mine], read[1][~mine], rtol=0, atol=1e-4)


def test_a_text_of_digits_is_a_number_and_a_category() -> None:
    sales = market(sales=12)
    zips = np.array(["98101", "98102", "98103", "98104"])[np.arange(len(sales)) % 4]
    sales["zip"] = pd.Series(zips, dtype=object)
    sales["bedrooms"] = pd.Series((np.arange(len(sales)) % 4).astype(str), dtype=object)
    sales["address_number"] = pd.Series(np.arange(len(sales)).astype(str), dtype=object)
    encoder = features.learn(sales, AS_OF)
    assert {"zip", "bedrooms", "address_number"} <= set(encoder.numbers)
    assert set(encoder.levels["zip"]) == set(zips)
    assert not {"bedrooms", "address_number"} & set(encoder.levels)


def test_sales_of_one_parcel_only_are_too_few(sales: pd.DataFrame) -> None:
    with pytest.raises(InsufficientSales, match="same few parcels"):
        mass_appraisal.train(sales.assign(parcel_number="P1"), AS_OF)
