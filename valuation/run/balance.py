"""Whether a run valued parcels that sold as it valued the others: part of its evaluation.

Two figures that a sale should not change: the value over that of unsold parcels of the same characteristics and place
(``alike``), and over the value before (``change``).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from terrafusion.words import counted
from valuation import ratio
from valuation.frames import Floats, Mask
from valuation.mass_appraisal import boosting, features
from valuation.ratio.chasing import MIN_RATIOS

if TYPE_CHECKING:
    from valuation.frames import Values

_DAYS = 365
_MAXIMUM = 20_000  # parcels that are compared
_HALVES = 2


class BalanceSample:
    """A run's parcels, a share of them, even over the run. Sales from ``sold_from`` on make a parcel a sold one."""

    def __init__(self, sales: pd.DataFrame, as_of: date, parcels: int) -> None:
        self.as_of, self.sold_from = as_of, as_of - timedelta(days=_DAYS)
        recent = sales["sale_date"] >= pd.Timestamp(self.sold_from)
        self._sold = set(sales.loc[recent.to_numpy(), "parcel_number"].astype(str))
        self._each = max(-(-parcels // _MAXIMUM), 1)
        self._passed = 0
        self._parts: list[pd.DataFrame] = []

    def add(self, parcels: pd.DataFrame, values: Values) -> None:
        """A chunk of parcels, in the order of the run."""
        sampled = parcels.iloc[-self._passed % self._each :: self._each]
        self._passed += len(parcels)
        self._parts.append(sampled.assign(sale_price=values.values["value"].reindex(sampled.index)))

    def figures(self, seed: int) -> dict[str, Any]:
        """As JSON: both figures with counts, medians, probability and a verdict in words; None where too few parcels
        are on a side or nothing was valued before."""
        valued = pd.concat(self._parts) if self._parts else pd.DataFrame({"sale_price": [], "parcel_number": []})
        valued = valued[(valued["sale_price"] > 0).to_numpy()].reset_index(drop=True)
        sold = valued["parcel_number"].astype(str).isin(self._sold).to_numpy()
        balance: dict[str, Any] = {"sold_from": str(self.sold_from), "alike": None, "change": None}
        if min(sold.sum(), (~sold).sum()) < MIN_RATIOS:
            return balance
        value = valued["sale_price"].to_numpy(dtype=float)
        balance["alike"] = _compared(value / _expected(valued, sold, self.as_of, seed), sold)
        before = valued["total_value"].to_numpy(dtype=float)
        had = before > 0
        balance["change"] = _compared(value[had] / before[had], sold[had])
        return balance


def words(balance: dict[str, Any]) -> list[str]:
    """The figures as sentences, for a model's card and reports."""
    if lines := [_sentence(name, balance) for name in _WORDS if balance.get(name)]:
        return lines
    return [f"Sold and unsold parcels were not compared: there are fewer than {MIN_RATIOS} on a side."]


def unbalanced(balance: dict[str, Any]) -> list[str]:
    """The sentences that a person must see: of figures that differ."""
    return [_sentence(name, balance) for name in _WORDS if balance.get(name) and not balance[name]["balanced"]]


def _sentence(name: str, balance: dict[str, Any]) -> str:
    one = balance[name]
    return (
        f"{_WORDS[name]}: median {one['median_sold']:.3f} of {counted(one['sold'], 'parcel')} sold since "
        f"{balance['sold_from']}, {one['median_unsold']:.3f} of {counted(one['unsold'], 'other')} "
        f"(p = {one['probability']:.2g}). {one['verdict']}"
    )


_WORDS = {
    "alike": "Value over that of unsold parcels of the same characteristics",
    "change": "Value over the value before",
}


def _compared(figure: Floats, sold: Mask) -> dict[str, Any] | None:
    balance = ratio.sold_unsold_balance(figure[sold], figure[~sold])
    if balance is None:
        return None
    verdict = "Sold and unsold parcels are valued alike."
    if not balance.balanced:
        side = "above" if balance.median_sold > balance.median_unsold else "below"
        apart = abs(balance.median_sold / balance.median_unsold - 1)
        verdict = f"Sold parcels are valued {apart:.1%} {side} unsold ones: find out why before values are used."
    return {
        "sold": balance.sold,
        "unsold": balance.unsold,
        "median_sold": round(balance.median_sold, 4),
        "median_unsold": round(balance.median_unsold, 4),
        "probability": balance.probability,
        "balanced": balance.balanced,
        "verdict": verdict,
    }


def _expected(valued: pd.DataFrame, sold: Mask, as_of: date, seed: int) -> Floats:
    """The values of unsold parcels like each, by models of them: each unsold parcel's by the half without it."""
    encoder = features.learn(valued, as_of, ~sold)
    seen = np.column_stack([encoder.static(valued), encoder.places(valued)])
    log_value = np.log(valued["sale_price"].to_numpy(dtype=float))
    half = np.random.default_rng(seed).permutation(len(valued)) % _HALVES
    expected = np.zeros(len(valued))
    for number in range(_HALVES):
        taught = ~sold & (half != number)
        asked = sold | (half == number)
        share = np.where(sold[asked], 1 / _HALVES, 1.0)
        model = boosting.quick(seen[taught], log_value[taught], seed)
        expected[asked] += share * boosting.predict([model], seen[asked])
    return np.asarray(np.exp(expected))
