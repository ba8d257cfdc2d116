"""What a method's values are judged by on later sales: one row of build/bench/valuation.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from valuation import ratio

Floats = Any
_DECILES = 10


@dataclass(frozen=True)
class Judged:
    """A method's dollars for the test sales, without an interval where it gives none; seconds that it took; whether it
    has learned from the sales of the homes that it values."""

    value: Floats
    low: Floats | None
    high: Floats | None
    train_s: float
    predict_s: float
    own_sales: bool = False


def figures(judged: Judged, price: Floats, sold: Floats | None) -> dict[str, Any]:
    """Ratios are value over ``price``. ``sold``: whether the parcel of each test sale had sold before the cut date,
    where the data names parcels; homes that sold are to be valued as homes that did not."""
    ratios = judged.value / price
    kept = ~ratio.outliers(ratios)
    equity = ratio.vei(judged.value, price)
    return {
        "median": round(ratio.median(judged.value, price), 4),
        "cod": round(ratio.cod(judged.value, price), 2),
        "cod_trimmed": round(ratio.cod(judged.value[kept], price[kept]), 2),
        "prd": round(ratio.prd(judged.value, price), 4),
        "prd_trimmed": round(ratio.prd(judged.value[kept], price[kept]), 4),
        "prb": round(ratio.prb(judged.value, price), 4),
        "mki": round(ratio.mki(judged.value, price), 4),
        "vei": None if equity is None else round(equity.index, 2),
        "mdape": round(float(100 * np.median(np.abs(ratios - 1))), 2),
        "deciles": deciles(judged.value, price),
        "coverage90": _coverage(judged, price),
        "sold_median": None if sold is None else _median(ratios[sold]),
        "unsold_median": None if sold is None else _median(ratios[~sold]),
        "own_sales": judged.own_sales,
    }


def deciles(value: Floats, price: Floats) -> list[float]:
    """Ten median ratios, from the lowest tenth of the method's own values to the highest: unlike groups made by price,
    they are level where values are right, however noisy prices are."""
    order = np.argsort(value, kind="stable")
    return [round(float(np.median(value[part] / price[part])), 4) for part in np.array_split(order, _DECILES)]


def _coverage(judged: Judged, price: Floats) -> float | None:
    if judged.low is None or judged.high is None:
        return None
    return round(float(np.mean((judged.low <= price) & (price <= judged.high))), 4)


def _median(ratios: Floats) -> float | None:
    return round(float(np.median(ratios)), 4) if ratios.size else None
