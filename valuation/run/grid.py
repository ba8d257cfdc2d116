"""The adjustment grid of parcels as JSON, in whole dollars that add up."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from terrafusion.money import all_half_up
from valuation.run.figures import Shown, plain

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
_PLACE = "neighborhood"  # what the line of the location compares
_COLUMNS = (
    *("property", "rank", "sale", "parcel_number", "sale_price", "distance_m", "similarity", "time_factor", "weight"),
    "beyond_guideline",
)


def comparables(grid: pd.DataFrame, parcels: pd.DataFrame, sales: pd.DataFrame, rated: Collection[str]) -> Shown:
    """The comparables of each parcel. An adjustment has the two figures that it compares, dollars, and for the lines
    that are ``rated`` dollars a unit with their standard error."""
    names = [name.removeprefix("adjust_") for name in grid.columns if name.startswith("adjust_")]
    start = all_half_up(grid["time_adjusted_price"].to_numpy(dtype=float))
    amounts = all_half_up(grid[[f"adjust_{name}" for name in names]].to_numpy(dtype=float)).astype(np.int64)
    errors = grid[[f"error_{name}" for name in names]].to_numpy(dtype=float)
    adjustments = _adjustments(names, [_pair(name, grid, parcels, sales) for name in names], amounts, errors, rated)
    adjusted = (start + amounts.sum(axis=1)).tolist()
    net, gross = amounts.sum(axis=1).tolist(), np.abs(amounts).sum(axis=1).tolist()
    days = grid["sale_date"].dt.strftime("%Y-%m-%d").tolist()
    result: Shown = {}
    columns = zip(*(grid[name].tolist() for name in _COLUMNS), strict=True)
    for row, (key, rank, sale, number, price, away, alike, factor, weight, beyond) in enumerate(columns):
        result.setdefault(key, []).append(
            {
                "rank": int(rank),
                "sale": int(sale),
                "parcel_number": number,
                "sale_date": days[row],
                "sale_price": int(price),
                "distance_m": int(away) if away >= 0 else None,
                "similarity": round(alike, 1),
                "time_factor": round(factor, 4),
                "time_adjusted_price": int(start[row]),
                "adjustments": adjustments[row],
                "net_adjustment": net[row],
                "gross_adjustment": gross[row],
                "beyond_guideline": beyond,
                "adjusted_price": int(adjusted[row]),
                "weight": round(weight, 4),
            }
        )
    return result


def _adjustments(
    names: list[str],
    pairs: list[tuple[list[Any], list[Any]]],
    amounts: npt.NDArray[np.int64],
    errors: Floats,
    rated: Collection[str],
) -> list[dict[str, list[Any]]]:
    """Of each row by name: of the subject, of the comparable, dollars, rate, its error. What is equal is left out."""
    result: list[dict[str, list[Any]]] = [{} for _ in range(len(amounts))]
    for name, (subjects, others), column, wide in zip(names, pairs, amounts.T.tolist(), errors.T.tolist(), strict=True):
        for line, subject, other, amount, error in zip(result, subjects, others, column, wide, strict=True):
            if amount or subject != other:
                rate = _rate(subject, other, amount, error) if name in rated else (None, None)
                line[name] = [subject, other, amount, *rate]
    return result


def _rate(subject: Any, other: Any, amount: int, error: float) -> tuple[float | None, float | None]:
    """Dollars a unit, which times the difference give the amount, and their standard error."""
    try:
        difference = abs(float(subject) - float(other))
        sign = 1 if float(subject) > float(other) else -1
    except (TypeError, ValueError):  # unknown, or a quality in words
        return None, None
    if not difference:
        return None, None
    return float(f"{sign * amount / difference:.8g}"), float(f"{error / difference:.3g}") if error == error else None


def _pair(name: str, grid: pd.DataFrame, parcels: pd.DataFrame, sales: pd.DataFrame) -> tuple[list[Any], list[Any]]:
    """The characteristic of each row's subject and of its comparable; None where it is not one figure of each."""
    column = _PLACE if name == "location" else name
    if column not in parcels or column not in sales:
        nothing: list[Any] = [None] * len(grid)
        return nothing, nothing
    return (
        [plain(value) for value in parcels[column].astype(object).reindex(grid["property"])],
        [plain(value) for value in sales[column].astype(object).reindex(grid["sale"])],
    )
