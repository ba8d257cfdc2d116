"""What characteristics explain of log price: the design of hedonic regressions.

log price = characteristics + place + period. The period's coefficients are the index: the time dummy method of the
Handbook on Residential Property Price Indices (Eurostat 2013, chapter 5). Nothing is asked of the records: a
characteristic that is missing for some sales gets an indicator, one that is missing for all is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

Floats = npt.NDArray[np.float64]

_LOGS = ("living_area_sqft", "lot_area_sqft")
_NUMBERS = ("bedrooms", "bathrooms", "stories")
_GROUPS = ("neighborhood", "use_code", "property_class", "quality", "condition")
_MIN_OF_A_GROUP = 10  # a level with fewer sales is taken together with the other small ones
_OLDEST = 250.0  # years; more is an error of the record


@dataclass(frozen=True)
class Characteristics:
    """How a frame becomes columns, learned from one frame and used on others: medians and levels are kept."""

    centers: dict[str, tuple[float, float]]
    levels: dict[str, tuple[str, ...]]

    def design(self, sales: pd.DataFrame) -> sparse.csr_matrix:
        """A sparse matrix, one row a sale; without an intercept."""
        parts = [sparse.csc_matrix((len(sales), 0))]
        numbers = numeric(sales)
        for name, (center, spread) in self.centers.items():
            column = numbers.pop(name)
            missing = ~np.isfinite(column)
            # One by one, for a dense block of them all would take more memory than anything else.
            parts.append(_column(np.where(missing, 0.0, (column - center) / spread)))
            parts.append(_column(missing.astype(float)))
        for name, levels in self.levels.items():
            codes = pd.Index(levels).get_indexer(sales[name].astype(object))
            known = np.flatnonzero(codes >= 0)
            shape = (len(sales), len(levels))
            parts.append(sparse.csc_matrix((np.ones(len(known)), (known, codes[known])), shape=shape))
        return sparse.hstack(parts, format="csr")


def _column(values: Floats) -> sparse.csc_matrix:
    rows = np.flatnonzero(values).astype(np.int32)
    return sparse.csc_matrix((values[rows], rows, np.array([0, len(rows)], dtype=np.int32)), shape=(len(values), 1))


def learn(sales: pd.DataFrame) -> Characteristics:
    """The columns that these sales support."""
    centers = {}
    for name, column in numeric(sales).items():
        known = column[np.isfinite(column)]
        if len(known) and (spread := float(np.std(known))) > 0:
            centers[name] = (float(np.median(known)), spread)
    levels = {}
    for name in _GROUPS:
        if name in sales:
            counts = sales[name].astype(object).value_counts()
            # The largest level is the base; small ones share it with no column of their own.
            frequent = [str(level) for level in counts.index[1:] if level != "" and counts[level] >= _MIN_OF_A_GROUP]
            if frequent:
                levels[name] = tuple(sorted(frequent))
    return Characteristics(centers, levels)


def numeric(sales: pd.DataFrame) -> dict[str, Floats]:
    """The numbers that may explain a price; NaN where the record has none or an impossible one."""
    measures: dict[str, Floats] = {}
    for name in _LOGS:
        if name in sales:
            size = sales[name].to_numpy(dtype=float)
            measures[name] = np.log(np.where(size > 0, size, np.nan))
    for name in _NUMBERS:
        if name in sales:
            measures[name] = sales[name].to_numpy(dtype=float)
    year = sales["sale_date"].dt.year.to_numpy(dtype=float)
    for name in ("year_built", "effective_year_built"):
        if name in sales:
            age = year - sales[name].to_numpy(dtype=float)
            age = np.where((age >= -1) & (age <= _OLDEST), np.maximum(age, 0), np.nan)
            measures[name] = age
            measures[f"{name}_squared"] = age**2
    return measures
