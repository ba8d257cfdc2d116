"""What a method's values are evaluated by on later sales: one row of build/bench/valuation.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from valuation import ratio

Floats = Any
_DECILES = 10


@dataclass(frozen=True)
class Evaluated:
    """A method's dollars for the test sales, without an interval where it gives none; seconds that it took; whether it
    has learned from the sales of the homes that it values."""

    value: Floats
    low: Floats | None
    high: Floats | None
    train_s: float
    predict_s: float
    own_sales: bool = False


def figures(evaluated: Evaluated, price: Floats, sold: Floats | None) -> dict[str, Any]:
    """Ratios are value over ``price``. ``sold``: whether the parcel of each test sale had sold before the cut date,
    where the data names parcels; homes that sold are to be valued as homes that did not."""
    ratios = evaluated.value / price
    kept = ~ratio.outliers(ratios)
    equity = ratio.vei(evaluated.value, price)
    return {
        "median": round(ratio.median(evaluated.value, price), 4),
        "cod": round(ratio.cod(evaluated.value, price), 2),
        "cod_trimmed": round(ratio.cod(evaluated.value[kept], price[kept]), 2),
        "prd": round(ratio.prd(evaluated.value, price), 4),
        "prd_trimmed": round(ratio.prd(evaluated.value[kept], price[kept]), 4),
        "prb": round(ratio.prb(evaluated.value, price), 4),
        "mki": round(ratio.mki(evaluated.value, price), 4),
        "vei": None if equity is None else round(equity.index, 2),
        "mdape": round(float(100 * np.median(np.abs(ratios - 1))), 2),
        "deciles": deciles(evaluated.value, price),
        "coverage90": _coverage(evaluated, price),
        "sold_median": None if sold is None else _median(ratios[sold]),
        "unsold_median": None if sold is None else _median(ratios[~sold]),
        "own_sales": evaluated.own_sales,
    }


def deciles(value: Floats, price: Floats) -> list[float]:
    """Ten median ratios, from the lowest tenth of the method's own values to the highest: unlike groups made by price,
    they are level where values are right, however noisy prices are."""
    order = np.argsort(value, kind="stable")
    return [round(float(np.median(value[part] / price[part])), 4) for part in np.array_split(order, _DECILES)]


def _coverage(evaluated: Evaluated, price: Floats) -> float | None:
    if evaluated.low is None or evaluated.high is None:
        return None
    return round(float(np.mean((evaluated.low <= price) & (price <= evaluated.high))), 4)


def _median(ratios: Floats) -> float | None:
    return round(float(np.median(ratios)), 4) if ratios.size else None
