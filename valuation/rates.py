"""Finding the row of a county's table for each property. Pure; the tables are ``valuation.models.schedules``' columns.

An empty text in a row stands for any. The row that names most of what the property is wins, then the latest that is in
force on the valuation date.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from valuation.mass_appraisal.features import texts

Rows = npt.NDArray[np.intp]


def effective_on(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The rows effective on the day or before, with a fresh index, the latest last."""
    if not len(table):
        return table
    effective = pd.to_datetime(table["effective_from"])
    return table.assign(effective_from=effective)[effective <= pd.Timestamp(as_of)].sort_values(
        "effective_from", kind="stable", ignore_index=True
    )


def pick(properties: pd.DataFrame, table: pd.DataFrame, keys: Sequence[str]) -> Rows:
    """The position in ``table`` (as ``effective_on`` gives it) of each property's row; -1 where none is for it."""
    picked = np.full(len(properties), -1, dtype=np.intp)
    if not len(table) or not len(properties):
        return picked
    named = pd.DataFrame({key: texts(properties, key).to_numpy() for key in keys})
    kinds, kind_of = np.unique(named.astype(str).agg("\x1f".join, axis=1).to_numpy(), return_inverse=True)
    parts = [kind.split("\x1f") for kind in kinds]
    columns = {key: np.array([part[place] for part in parts], dtype=object) for place, key in enumerate(keys)}
    wanted = {key: texts(table, key).to_numpy() for key in keys}
    named_by_row = sum((wanted[key] != "").astype(int) for key in keys)
    best = np.full(len(kinds), -1, dtype=np.intp)
    for row in np.lexsort((np.arange(len(table)), named_by_row)):  # what names more, and is later, overwrites
        fits = np.ones(len(kinds), dtype=bool)
        for key in keys:
            if wanted[key][row]:
                fits &= columns[key] == wanted[key][row]
        best[fits] = row
    return best[kind_of]


def taken(table: pd.DataFrame, column: str, rows: Rows) -> npt.NDArray[np.float64]:
    """The figures of the picked rows; NaN where there is none."""
    if not len(table):
        return np.full(len(rows), np.nan)
    figures = table[column].to_numpy(dtype=float)
    return np.where(rows >= 0, figures[rows], np.nan)
