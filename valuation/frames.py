"""What every method of valuation gives, and why it may give nothing. Pure.

A frame of properties has a row a parcel and a unique index. Its columns are characteristics by the names of the
records (``living_area_sqft``, ``year_built``...) and any others; ``longitude`` and ``latitude`` are EPSG:4326. A frame
of sales has ``sale_date`` and ``sale_price`` (dollars) besides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Progress = Callable[[float], None]
"""Told the share that is done, 0 to 1; what it raises (a cancel) goes through."""

MEANINGS = {
    # flags: there is a value, and this to know about it
    "absurd_characteristic": "A characteristic is impossible or far from any that sold; it is taken as unknown.",
    "missing_characteristics": "Characteristics that the value depends on are unknown.",
    "unlike_the_sales": "The property is larger, smaller, older or newer than nearly all that sold.",
    "no_place": "The property has no usable location; its value is that of the whole county's market.",
    "far_from_sales": "Few sales are near the property.",
    "thin_data": "The model has few sales to learn from.",
    "old_sales": "The last sale is more than a year before the valuation date.",
    "no_trend": "The sales tell no market trend: prices are not adjusted for time.",
    "wide_interval": "The interval is wide: the market says little about this property.",
    "few_comparables": "There are fewer comparables than asked for.",
    "large_adjustments": "The comparables needed adjustments of more than half of their prices.",
    "vacant": "There is no building on record: this is the value of the land.",
    "no_evidence": "The approach was not tested on held-back sales.",
    "one_approach": "One approach alone values this property.",
    "approaches_differ": "The approaches that have a part in the value differ by more than a quarter.",
    # refusals: there is no value
    "no_comparables": "No sale is comparable enough.",
    "no_land_value": "Neither a land schedule nor land sales tell the value of the land.",
    "no_cost_rate": "No cost schedule in force covers the building.",
    "no_life": "No depreciation schedule in force covers the building.",
    "no_year_built": "The year built is unknown, and with it the depreciation.",
    "no_living_area": "The area of the building is unknown.",
    "no_income": "Neither a rent of its own nor a rent table in force tells the income.",
    "no_rates": "Neither a capitalisation rate nor a gross rent multiplier in force covers the property.",
    "negative_income": "The expenses are not below the income.",
    "no_approach": "No approach values this property.",
}
"""What each flag and each refusal means, in words for an owner."""


class UnusableInput(ValueError):
    """A frame that cannot be valued; ``faults`` are all of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class NoSchedule(ValueError):
    """No row of a schedule is in force at the valuation date."""


@dataclass(frozen=True)
class Values:
    """Dollars at the valuation date, never NaN.

    ``values`` has a row for each property that has one: ``value``, ``low``, ``high`` with low <= value <= high, by the
    index of the properties. ``flags``: a tuple of codes each, by the same index. ``refused``: a code for each of the
    other properties. ``MEANINGS`` tells the codes.
    """

    values: pd.DataFrame
    flags: pd.Series[Any]
    refused: pd.Series[Any]


def values_of(
    index: Any, value: Floats, low: Floats, high: Floats, flags: dict[str, Any], refused: dict[str, Any] | None = None
) -> Values:
    """From arrays of all properties; ``flags`` and ``refused`` are codes with masks, the first refusal counts."""
    size = len(value)
    reason = np.full(size, "", dtype=object)
    for code, mask in reversed((refused or {}).items()):
        reason[np.asarray(mask)] = code
    has = reason == ""
    numbers = np.column_stack([value, low, high])[has]
    if not np.isfinite(numbers).all():
        raise AssertionError("a method gave a value that is not finite")
    told: list[list[str]] = [[] for _ in range(size)]
    for code, mask in flags.items():
        for row in np.flatnonzero(mask):
            told[row].append(code)
    codes = np.empty(size, dtype=object)
    codes[:] = [tuple(one) for one in told]
    index = pd.Index(index)
    frame = pd.DataFrame({"value": numbers[:, 0], "low": numbers[:, 1], "high": numbers[:, 2]}, index=index[has])
    return Values(frame, pd.Series(codes[has], index=index[has]), pd.Series(reason[~has], index=index[~has]))


def checked(frame: pd.DataFrame, needed: tuple[str, ...] = ()) -> pd.DataFrame:
    """The frame itself. Raises ``UnusableInput`` for columns that lack or an index that repeats."""
    faults = [f"The frame has no column {name}." for name in needed if name not in frame]
    if not frame.index.is_unique:
        faults.append("The frame's index repeats: give each property one row.")
    if not frame.columns.is_unique:
        faults.append("Columns of the frame have the same name.")
    if faults:
        raise UnusableInput(faults)
    return frame
