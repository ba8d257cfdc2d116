"""Price indices and time adjustment on Seattle's sales: accuracy, seconds and memory. Writes build/bench/market.json.

Accuracy: each quarter of 2014 to 2016 the index is fitted on earlier sales, carried one month ahead by its mean growth
over the last year, and the second prices of the next month's resales are predicted from their first. Time adjustment:
each month of 2014 to 2016, beside no change and a straight line through the last 24 months' levels.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from market_analysis.stats import price_index, quality, time_adjustment
from terrafusion import env

ROOT = Path(__file__).resolve().parent.parent
FILE = Path(env.text("TERRAFUSION_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
FILE /= "seattle_wa_sales_2010_2016.csv.gz"


def seattle() -> pd.DataFrame:
    raw = pd.read_csv(FILE, parse_dates=["sale_date"])
    year = raw["sale_date"].dt.year
    names = {"pinx": "parcel_number", "tot_sf": "living_area_sqft", "lot_sf": "lot_area_sqft", "use_type": "use_code"}
    return raw.rename(columns={**names, "beds": "bedrooms", "baths": "bathrooms"}).assign(
        year_built=year - raw["age"],
        effective_year_built=year - raw["eff_age"],
        neighborhood=raw["area"].astype(str).astype("category"),
        quality=raw["bldg_grade"].astype(str).astype("category"),
    )


def generated(sales: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Seattle's sales drawn again and again, of copies of its parcels, with some noise in the price."""
    random = np.random.default_rng(1)
    copies = -(-rows // len(sales))
    many = pd.concat([sales] * copies, ignore_index=True)[:rows]
    codes = sales["parcel_number"].astype("category").cat.codes.to_numpy()
    copy = np.repeat(np.arange(copies), len(sales))[:rows]
    parcel = np.tile(codes, copies)[:rows] + copy * (codes.max() + 1)
    return many.assign(parcel_number=parcel, sale_price=many["sale_price"] * random.lognormal(0, 0.05, rows))


def timed(job: tuple[str, int]) -> dict[str, float]:
    """Seconds of one method, and the peak memory of a process that did only this."""
    name, rows = job
    sales = seattle()
    if rows:
        sales = generated(sales, rows)
    began = time.perf_counter()
    price_index.by_method(name, sales)
    seconds = time.perf_counter() - began
    return {"seconds": round(seconds, 2), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def accuracy(sales: pd.DataFrame, name: str) -> dict[str, float]:
    errors: list[float] = []
    series = []
    for start in pd.date_range("2014-01-01", "2016-12-01", freq="3MS"):
        index = price_index.by_method(name, sales[sales["sale_date"] < start])
        series.append(index.value)
        known = sales[sales["sale_date"] < start + pd.DateOffset(months=1)]
        pairs = price_index.pairs(known)
        growth = (index.log[-1] - index.log[-13]) / 12
        level = np.append(index.log, index.log[-1] + growth)
        new = pairs.later == len(level) - 1
        predicted = np.exp(level[-1] - level[pairs.earlier[new]] - pairs.log_ratio[new])
        errors.extend(np.abs(predicted - 1))
    return {
        "next_month_mdape": round(float(np.nanmedian(errors)), 4),
        "resales": len(errors),
        "revision_points": round(quality.revision(series), 3),
        "volatility": round(quality.volatility(series[-1]), 4),
        "index_2016_12": round(float(price_index.by_method(name, sales).value[-1]), 2),
    }


def rolled(sales: pd.DataFrame) -> dict[str, Any]:
    """Level error, the median of predicted / actual less one, by months ahead and forecast: its median size."""
    month = (sales["sale_date"].dt.year - 2010) * 12 + sales["sale_date"].dt.month - 1
    errors: dict[int, dict[str, list[float]]] = {ahead: {} for ahead in (1, 3, 6, 12)}
    for begin in range(48, 84):
        as_of = pd.Timestamp(2010, 1, 1) + pd.DateOffset(months=begin) - pd.Timedelta(days=1)
        fitted = time_adjustment.fit(sales, as_of.date())
        known = fitted.observed[:begin]
        slope, intercept = np.polyfit(np.arange(24), known[-24:], 1)
        for ahead, found in errors.items():
            at = begin + ahead - 1
            later = sales[month == at]
            if len(later):
                part = fitted.characteristics.design(later) @ fitted.coefficients
                actual = np.median(np.log(later["sale_price"].to_numpy(dtype=float)) - part)
                levels = {"no_change": known[-1], "straight_line": intercept + slope * (23 + ahead)}
                ours = float(np.median(fitted.predict(later) / later["sale_price"])) - 1
                found.setdefault("ours", []).append(ours)
                for name, value in levels.items():
                    found.setdefault(name, []).append(float(np.exp(value - actual)) - 1)
    return {
        str(ahead): {
            name: {
                "median_size": round(float(np.median(np.abs(values))), 4),
                "mean_size": round(float(np.mean(np.abs(values))), 4),
                "origins": len(values),
            }
            for name, values in found.items()
        }
        for ahead, found in errors.items()
    }


def main() -> None:
    sales = seattle()
    result: dict[str, Any] = {"accuracy": {name: accuracy(sales, name) for name in price_index.METHODS}}
    result["time_adjustment_level_error"] = rolled(sales)
    jobs = [(name, rows) for name in price_index.METHODS for rows in (0, 1_000_000)]
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        cost = pool.map(timed, jobs, chunksize=1)
    result["cost"] = {f"{name}_{rows or len(sales)}": value for (name, rows), value in zip(jobs, cost, strict=True)}
    target = ROOT / "build" / "bench" / "market.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
