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

from valuation.errors import UnusableInput

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1; what it raises (a cancel) goes through."""


@dataclass(frozen=True)
class Values:
    """Dollars at the valuation date, never NaN.

    ``values`` has a row for each property that has one: ``value``, ``low``, ``high`` with low <= value <= high, by the
    index of the properties. ``flags``: a tuple of codes each, by the same index. ``refused``: a code for each of the
    other properties. ``flags.MEANINGS`` explains the codes.
    """

    values: pd.DataFrame
    flags: pd.Series[Any]
    refused: pd.Series[Any]


def values_of(
    index: pd.Index,
    value: Floats,
    low: Floats,
    high: Floats,
    flags: dict[str, Any],
    refused: dict[str, Any] | None = None,
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
    codes_of_rows: list[list[str]] = [[] for _ in range(size)]
    for code, mask in flags.items():
        for row in np.flatnonzero(mask):
            codes_of_rows[row].append(code)
    codes = np.empty(size, dtype=object)
    codes[:] = [tuple(one) for one in codes_of_rows]
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
