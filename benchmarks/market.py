"""Price indices and time adjustment on Seattle's sales: accuracy, seconds and memory. Writes build/bench/market.json.

Cost: each index of Seattle's sales in memory, and the county's job on ROWS (1,000,000) sales of the database.

Accuracy: each quarter of 2014 to 2016 the index is fitted on earlier sales, carried one month ahead by its mean growth
over the last year, and the second prices of the next month's resales are predicted from their first. Time adjustment:
each month of 2014 to 2016, beside no change and a straight line through the last 24 months' levels.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import market_records, memory, platform
from market_analysis.stats import price_index, quality, time_adjustment
from market_analysis.stats.pairs import pairs as pairs_of
from terrafusion import env

ROOT = Path(__file__).resolve().parent.parent
FILE = Path(env.text("TERRAFUSION_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
FILE /= "seattle_wa_sales_2010_2016.csv.gz"
ROWS = env.integer("ROWS", 1_000_000, minimum=1_000)


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


def in_memory(name: str) -> dict[str, float]:
    """Seconds of one method on Seattle's sales, and the peak memory of a process that did only this."""
    sales = seattle()
    began = time.perf_counter()
    price_index.by_method(name, sales)
    return {"seconds": round(time.perf_counter() - began, 2), "peak_mb": round(memory.peak_mb(os.getpid()))}


def as_job(work: tuple[str, str]) -> dict[str, float]:
    """The same of a county's job, from the request over the read in SQL to the files; less the start of Django."""
    import django

    django.setup()
    from django.contrib.auth.models import AnonymousUser

    from market_analysis import jobs, request
    from terrafusion.jobs.context import JobContext
    from terrafusion.records.models import County

    name, county = work
    given: dict[str, Any] = {"analysis_type": "price_index", "parameters": {"methods": [name]}}
    wanted = request.check({"county_id": County.objects.get(pk=county), **given}, AnonymousUser())
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        outcome = jobs.execute(wanted.job(), JobContext(Path(folder)))
        seconds = time.perf_counter() - began
    return {
        "seconds": round(seconds, 2),
        "peak_mb": round(memory.peak_mb(os.getpid())),
        "sales": outcome.summary["screening"]["sales"],
    }


def accuracy(sales: pd.DataFrame, name: str) -> dict[str, float]:
    errors: list[float] = []
    series = []
    for start in pd.date_range("2014-01-01", "2016-12-01", freq="3MS"):
        index = price_index.by_method(name, sales[sales["sale_date"] < start])
        series.append(index.value)
        known = sales[sales["sale_date"] < start + pd.DateOffset(months=1)]
        pairs = pairs_of(known)
        growth = (index.log[-1] - index.log[-13]) / 12
        level = np.append(index.log, index.log[-1] + growth)
        later = pairs.first - index.first  # periods, where the index begins after the first resale
        new = (pairs.later + later == len(level) - 1) & (pairs.earlier + later >= 0)
        predicted = np.exp(level[-1] - level[pairs.earlier[new] + later] - pairs.log_ratio[new])
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
        for ahead, by_method in errors.items():
            at = begin + ahead - 1
            later = sales[month == at]
            if len(later):
                part = fitted.characteristics.design(later) @ fitted.coefficients
                actual = np.median(np.log(later["sale_price"].to_numpy(dtype=float)) - part)
                levels = {"no_change": known[-1], "straight_line": intercept + slope * (23 + ahead)}
                ours = float(np.median(fitted.predict(later) / later["sale_price"])) - 1
                by_method.setdefault("ours", []).append(ours)
                for name, value in levels.items():
                    by_method.setdefault(name, []).append(float(np.exp(value - actual)) - 1)
    return {
        str(ahead): {
            name: {
                "median_size": round(float(np.median(np.abs(values))), 4),
                "mean_size": round(float(np.mean(np.abs(values))), 4),
                "origins": len(values),
            }
            for name, values in by_method.items()
        }
        for ahead, by_method in errors.items()
    }


def main() -> None:
    sales = seattle()
    result: dict[str, Any] = {"accuracy": {name: accuracy(sales, name) for name in price_index.METHODS}}
    result["time_adjustment_level_error"] = rolled(sales)
    platform.use_benchmark_database()
    county = market_records.county_of(sales, ROWS)
    names = list(price_index.METHODS)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        small = pool.map(in_memory, names, chunksize=1)
        large = pool.map(as_job, [(name, county) for name in names], chunksize=1)
    result["cost"] = {f"{name}_{len(sales)}": cost for name, cost in zip(names, small, strict=True)}
    result["cost"] |= {f"{name}_{ROWS}_job": cost for name, cost in zip(names, large, strict=True)}
    print(json.dumps(result, indent=2, allow_nan=False))
    platform.save("market", result)


if __name__ == "__main__":
    platform.main(main)
