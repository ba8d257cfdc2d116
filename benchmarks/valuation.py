"""``make bench-valuation``: a plain LightGBM and our methods on later sales of two real counties, in one run.

Writes build/bench/valuation.json, and build/bench/valuation_limits.json: what stands in the way of less. Values are for
the cut date; ratios are to later prices as paid and as brought to the cut date by a hedonic index of all sales, the
same for every method.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from benchmarks import platform
from benchmarks import valuation_limits as limits_of
from market_analysis.stats import time_adjustment
from terrafusion import env
from valuation import comparables, model, ratio, reconcile
from valuation.frames import Values

_FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
_LUCAS = {
    "price": "sale_price",
    "sale_date": "sale_date",
    "lon": "longitude",
    "lat": "latitude",
    "yrbuilt": "year_built",
    "TLA": "living_area_sqft",
    "lotsize": "lot_area_sqft",
    "beds": "bedrooms",
    "baths": "bathrooms",
    "stories": "structure",
    **{name: name for name in ("wall", "halfbaths", "frontage", "depth", "garage", "garagesqft", "rooms")},
}
_SEATTLE = {
    "pinx": "parcel_number",
    "tot_sf": "living_area_sqft",
    "lot_sf": "lot_area_sqft",
    "beds": "bedrooms",
    "baths": "bathrooms",
    "bldg_grade": "quality",
    "use_type": "use_code",
    "area": "neighborhood",
    **{name: name for name in ("sale_price", "sale_date", "longitude", "latitude", "wfnt", "age", "eff_age")},
}
_DATA: tuple[tuple[str, str, dict[str, str], date], ...] = (
    ("lucas", "lucas_county_oh_house.csv.gz", _LUCAS, date(1998, 1, 1)),
    ("seattle", "seattle_wa_sales_2010_2016.csv.gz", _SEATTLE, date(2016, 1, 1)),
)
Floats = Any


@dataclass(frozen=True)
class _Found:
    """A method's dollars for the test sales, without an interval where it gives none; seconds that it took."""

    value: Floats
    low: Floats | None
    high: Floats | None
    train_s: float
    predict_s: float


def _values_of_the_county(name: str) -> Floats | None:
    """The assessor's own values, in the order of ``sales_of``, where the file has them: never shown to a model."""
    if name != "lucas":
        return None
    return pd.read_csv(_path(name))["avalue"].to_numpy(dtype=float)


def sales_of(name: str) -> pd.DataFrame | None:
    """The sales of one of the two counties with the platform's column names; None where the file is not there."""
    if not _path(name).exists():
        print(f"{name}: there is no {_path(name)}")
        return None
    columns = next(columns for one, _, columns, _ in _DATA if one == name)
    sales = pd.read_csv(_path(name))[list(columns)].rename(columns=columns)
    sales["sale_date"] = pd.to_datetime(sales["sale_date"])
    return sales


def _path(name: str) -> Path:
    file = next(file for one, file, _, _ in _DATA if one == name)
    return Path(env.text("TERRAFUSION_SHARED_DATA", str(_FOLDER))) / file


def run() -> None:
    """Each county whose file is there; what is known is saved after each method, so that a cut run leaves its rows."""
    results: list[dict[str, Any]] = []
    limits: dict[str, Any] = {}
    for name, _, _, cut in _DATA:
        sales = sales_of(name)
        if sales is None:
            continue
        market = _Market(sales, cut)
        for method, values in _METHODS.items():
            results += _judge(name, market, method, values(market))
            platform.save("valuation", results)
        limits[name] = _limits(name, market)
        platform.save("valuation_limits", limits)


def _limits(name: str, market: _Market) -> dict[str, Any]:
    value = market.trained[0].value(market.homes).values["value"].to_numpy()
    found: dict[str, Any] = {"neighbours_known": limits_of.neighbours_known(market.test, value, market.adjusted)}
    if "parcel_number" in market.sales:
        found["resales"] = limits_of.resales(market.sales, market.brought)
        sold = market.test["parcel_number"].isin(market.known["parcel_number"]).to_numpy()
        found["sold_before"] = limits_of.by_group(sold, value, market.adjusted)
    county = _values_of_the_county(name)
    if county is not None:
        paid = market.sales["sale_price"].to_numpy(dtype=float)
        found["county_by_year"] = limits_of.by_year(county, paid, market.sales["sale_date"])
        theirs = county[market.sales.index.get_indexer(market.test.index)]
        found["beside_the_county"] = limits_of.beside_the_county(value, market.adjusted, market.price, theirs)
    print(found, flush=True)
    return found


class _Market:
    """The sales of a county, cut at a day; models of it are trained once."""

    def __init__(self, sales: pd.DataFrame, cut: date) -> None:
        self.sales, self.cut = sales, cut
        self.known = sales[sales["sale_date"] < pd.Timestamp(cut)]
        self.test = sales[sales["sale_date"] >= pd.Timestamp(cut)]
        self.homes = self.test.drop(columns=["sale_price", "sale_date"])
        self.price = self.test["sale_price"].to_numpy(dtype=float)
        index = time_adjustment.fit(sales, sales["sale_date"].max().date())
        self.brought = sales["sale_price"].to_numpy(dtype=float) * index.factors(sales["sale_date"], cut).value
        self.adjusted = self.brought[sales["sale_date"] >= pd.Timestamp(cut)]

    @cached_property
    def trained(self) -> tuple[model.MassAppraisal, float]:
        """And the seconds that it took."""
        begun = time.perf_counter()
        return model.train(self.known, self.cut), time.perf_counter() - begun

    @cached_property
    def prepared(self) -> tuple[comparables.SalesComparison, float]:
        """And the seconds that it took."""
        begun = time.perf_counter()
        return comparables.prepare(self.known, self.cut), time.perf_counter() - begun


def _judge(name: str, market: _Market, method: str, found: _Found) -> list[dict[str, Any]]:
    about = {"data": name, "split": str(market.cut), "n_test": len(market.test), "method": method}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    cost = {"train_s": found.train_s, "predict_s": found.predict_s, "peak_rss_mb": round(peak)}
    rows = [
        about | {"adjusted": is_adjusted} | _figures(found, paid) | cost
        for is_adjusted, paid in ((True, market.adjusted), (False, market.price))
    ]
    print(*rows, sep="\n", flush=True)
    return rows


def _figures(found: _Found, price: Floats) -> dict[str, Any]:
    ratios = found.value / price
    kept = ~ratio.outliers(ratios)
    covered = None
    if found.low is not None and found.high is not None:
        covered = round(float(np.mean((found.low <= price) & (price <= found.high))), 4)
    return {
        "median": round(ratio.median(found.value, price), 4),
        "cod": round(ratio.cod(found.value, price), 2),
        "cod_trimmed": round(ratio.cod(found.value[kept], price[kept]), 2),
        "prd": round(ratio.prd(found.value, price), 4),
        "prb": round(ratio.prb(found.value, price), 4),
        "mki": round(ratio.mki(found.value, price), 4),
        "mdape": round(float(100 * np.median(np.abs(ratios - 1))), 2),
        "coverage90": covered,
    }


def _plain(market: _Market) -> _Found:
    """LightGBM as it comes, 600 trees, on the raw columns and the date; asked for the cut date."""
    sales, cut = market.sales, pd.Timestamp(market.cut)
    raw = sales.drop(columns=["sale_price", "sale_date", "parcel_number"], errors="ignore")
    raw = raw.apply(lambda column: column if pd.api.types.is_numeric_dtype(column) else pd.factorize(column)[0])
    raw["years"] = (sales["sale_date"] - cut).dt.days / 365.25
    begun = time.perf_counter()
    price = np.log(market.known["sale_price"].to_numpy(dtype=float))
    data = lightgbm.Dataset(raw.loc[market.known.index].to_numpy(dtype=float), price)
    trees = lightgbm.train({"num_threads": 1, "verbosity": -1}, data, 600)
    trained = time.perf_counter()
    asked = raw.loc[market.test.index].assign(years=0.0).to_numpy(dtype=float)
    value = np.exp(np.asarray(trees.predict(asked)))
    return _Found(value, None, None, round(trained - begun, 2), round(time.perf_counter() - trained, 2))


def _mass_appraisal(market: _Market) -> _Found:
    trained, seconds = market.trained
    return _timed(market, seconds, lambda: trained.value(market.homes))


def _sales_comparison(market: _Market) -> _Found:
    prepared, seconds = market.prepared
    return _timed(market, seconds, lambda: prepared.value(market.homes).values)


def _reconciled(market: _Market) -> _Found:
    """Of the two approaches that need no county tables; its seconds are those of both."""
    (trained, first), (prepared, second) = market.trained, market.prepared
    weights = reconcile.weigh({"mass_appraisal": trained.held_back, "sales_comparison": prepared.held_back})

    def values() -> Values:
        both = {
            "mass_appraisal": trained.value(market.homes),
            "sales_comparison": prepared.value(market.homes).values,
        }
        return weights.apply(both, market.homes).values

    return _timed(market, first + second, values)


def _timed(market: _Market, trained: float, values: Callable[[], Values]) -> _Found:
    begun = time.perf_counter()
    found = values().values.reindex(market.test.index)
    value, low, high = (found[name].to_numpy() for name in ("value", "low", "high"))
    return _Found(value, low, high, round(trained, 2), round(time.perf_counter() - begun, 2))


_METHODS: dict[str, Callable[[_Market], _Found]] = {
    "plain_lightgbm": _plain,
    "mass_appraisal": _mass_appraisal,
    "sales_comparison": _sales_comparison,
    "reconciled": _reconciled,
}


if __name__ == "__main__":
    platform.main(run)
