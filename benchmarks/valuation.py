"""``make bench-valuation``: a plain LightGBM and our methods on later sales of two real counties, in one run.

Writes build/bench/valuation.json. Values are for the cut date; ratios are to later prices as paid and as brought to the
cut date by a hedonic index of all sales, the same for every method.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from benchmarks import platform
from market_analysis.stats import time_adjustment
from terrafusion import env
from valuation import comparables, model, ratio, reconcile

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


def sales_of(name: str) -> pd.DataFrame | None:
    """The sales of one of the two counties with the platform's column names; None where the file is not there."""
    folder = Path(env.text("TERRAFUSION_SHARED_DATA", str(_FOLDER)))
    _, file, columns, _ = next(one for one in _DATA if one[0] == name)
    if not (folder / file).exists():
        print(f"{name}: there is no {folder / file}")
        return None
    sales = pd.read_csv(folder / file)[list(columns)].rename(columns=columns)
    sales["sale_date"] = pd.to_datetime(sales["sale_date"])
    return sales


def run() -> None:
    results: list[dict[str, Any]] = []
    for name, _, _, cut in _DATA:
        sales = sales_of(name)
        if sales is not None:
            results += _judge(name, sales, cut)
    platform.save("valuation", results)


def _judge(name: str, sales: pd.DataFrame, cut: date) -> list[dict[str, Any]]:
    test = sales[sales["sale_date"] >= pd.Timestamp(cut)]
    price = test["sale_price"].to_numpy(dtype=float)
    index = time_adjustment.fit(sales, sales["sale_date"].max().date())
    adjusted = price * index.factors(test["sale_date"], cut).value
    results = []
    for method, values in _METHODS.items():
        found = values(sales, test, cut)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        for is_adjusted, paid in ((True, adjusted), (False, price)):
            figures = {"data": name, "split": str(cut), "n_test": len(test), "method": method, "adjusted": is_adjusted}
            figures |= _figures(found, paid)
            figures |= {"train_s": found.train_s, "predict_s": found.predict_s, "peak_rss_mb": round(peak)}
            print(figures, flush=True)
            results.append(figures)
    return results


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


def _plain(sales: pd.DataFrame, test: pd.DataFrame, cut: date) -> _Found:
    """LightGBM as it comes, 600 trees, on the raw columns and the date; asked for the cut date."""
    raw = sales.drop(columns=["sale_price", "sale_date", "parcel_number"], errors="ignore")
    raw = raw.apply(lambda column: column if pd.api.types.is_numeric_dtype(column) else pd.factorize(column)[0])
    raw["years"] = (sales["sale_date"] - pd.Timestamp(cut)).dt.days / 365.25
    known = sales["sale_date"] < pd.Timestamp(cut)
    begun = time.perf_counter()
    data = lightgbm.Dataset(raw[known].to_numpy(dtype=float), np.log(sales["sale_price"][known].to_numpy(dtype=float)))
    trees = lightgbm.train({"num_threads": 1, "verbosity": -1}, data, 600)
    trained = time.perf_counter()
    value = np.exp(np.asarray(trees.predict(raw.loc[test.index].assign(years=0.0).to_numpy(dtype=float))))
    return _Found(value, None, None, round(trained - begun, 2), round(time.perf_counter() - trained, 2))


def _sales_comparison(sales: pd.DataFrame, test: pd.DataFrame, cut: date) -> _Found:
    begun = time.perf_counter()
    prepared = comparables.prepare(sales[sales["sale_date"] < pd.Timestamp(cut)], cut)
    middle = time.perf_counter()
    found = prepared.value(test.drop(columns=["sale_price", "sale_date"])).values.values
    return _of(found.reindex(test.index), begun, middle)


def _reconciled(sales: pd.DataFrame, test: pd.DataFrame, cut: date) -> _Found:
    known, homes = sales[sales["sale_date"] < pd.Timestamp(cut)], test.drop(columns=["sale_price", "sale_date"])
    begun = time.perf_counter()
    trained, prepared = model.train(known, cut), comparables.prepare(known, cut)
    weights = reconcile.weigh({"mass_appraisal": trained.held_back, "sales_comparison": prepared.held_back})
    middle = time.perf_counter()
    values = {"mass_appraisal": trained.value(homes), "sales_comparison": prepared.value(homes).values}
    return _of(weights.apply(values, homes).values.values, begun, middle)


def _of(found: pd.DataFrame, begun: float, middle: float) -> _Found:
    value, low, high = (found[name].to_numpy() for name in ("value", "low", "high"))
    return _Found(value, low, high, round(middle - begun, 2), round(time.perf_counter() - middle, 2))


def _mass_appraisal(sales: pd.DataFrame, test: pd.DataFrame, cut: date) -> _Found:
    begun = time.perf_counter()
    trained = model.train(sales[sales["sale_date"] < pd.Timestamp(cut)], cut)
    middle = time.perf_counter()
    found = trained.value(test.drop(columns=["sale_price", "sale_date"])).values
    return _of(found, begun, middle)


_METHODS: dict[str, Callable[[pd.DataFrame, pd.DataFrame, date], _Found]] = {
    "plain_lightgbm": _plain,
    "mass_appraisal": _mass_appraisal,
    "sales_comparison": _sales_comparison,
    "reconciled": _reconciled,
}


if __name__ == "__main__":
    platform.main(run)
