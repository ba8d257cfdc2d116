"""``make bench-valuation-scale``: a generated county, valued in chunks; writes build/bench/valuation_scale.json.

PARCELS=100000 homes sampled from Seattle's sales with some noise, and a model of up to 25,000 of these. Values,
intervals, reasons and comparables; storing is the jobs' part.
"""

from __future__ import annotations

import os
import resource
import time
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import platform
from benchmarks.valuation_data import sales_of
from valuation import comparables, mass_appraisal

_CUT = date(2017, 1, 1)
_MAX_SALES = 25_000
_CHUNK = 20_000


def run() -> None:
    real = sales_of("seattle")
    if real is None:
        return
    rows = int(os.environ.get("PARCELS", "100000"))
    random = np.random.default_rng(1)
    known = real.sample(min(_MAX_SALES, rows // 4), random_state=1).sort_values("sale_date").reset_index(drop=True)
    begun = time.perf_counter()
    trained = mass_appraisal.train(known, _CUT)
    prepared = comparables.prepare(known, _CUT)
    trained_at = time.perf_counter()
    memory = []
    for begin in range(0, rows, _CHUNK):
        homes = _homes(real, min(_CHUNK, rows - begin), begin, random)
        trained.appraise(homes)
        prepared.value(homes)
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    result = {
        "parcels": rows,
        "sales": len(known),
        "train_s": round(trained_at - begun, 1),
        "value_s": round(time.perf_counter() - trained_at, 1),
        "peak_rss_mb_first_chunk": round(memory[0]),
        "peak_rss_mb": round(memory[-1]),
    }
    print(result)
    platform.save("valuation_scale", result)


def _homes(real: pd.DataFrame, count: int, begin: int, random: Any) -> pd.DataFrame:
    """Homes sampled from those that sold, moved up to some 50 meters and with areas some percent off."""
    homes = real.iloc[random.integers(0, len(real), count)].drop(columns=["sale_price", "sale_date"])
    return homes.assign(
        parcel_number=[f"G{number}" for number in range(begin, begin + count)],
        living_area_sqft=homes["living_area_sqft"] * random.lognormal(0, 0.05, count),
        longitude=homes["longitude"] + random.normal(0, 0.0005, count),
        latitude=homes["latitude"] + random.normal(0, 0.0003, count),
    ).set_axis(range(begin, begin + count))


if __name__ == "__main__":
    platform.main(run)
