"""The approaches to value, each made ready once for a run and then asked a chunk of parcels at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from valuation import comparables, cost, income, model
from valuation.frames import Values
from valuation.models import Method
from valuation.run.rounding import lines

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[float], None]
Told = dict[int, Any]
"""By the parcel's key, what a sheet shows."""


@dataclass(frozen=True)
class Result:
    """Values of a chunk, and how each came about: ``lines`` of the calculation, ``comparables``, and ``reasons``, which
    are dollars of unrounded values. ``land`` is the land's value alone, ``land_share`` its part of the whole."""

    values: Values
    lines: Told = field(default_factory=dict)
    comparables: Told = field(default_factory=dict)
    reasons: pd.DataFrame | None = None
    land: pd.Series[Any] | None = None
    land_share: pd.Series[Any] | None = None


class Approach(Protocol):
    """``held_back``: later sales that it was judged on without having seen them (value, low, high, price ...).
    ``coverage``: the share of their prices inside intervals that were not made from them; None where nobody knows."""

    name: str
    held_back: pd.DataFrame | None
    coverage: float | None

    def value(self, parcels: pd.DataFrame) -> Result: ...


class MassAppraisal:
    name = Method.MASS_APPRAISAL.value

    def __init__(self, trained: model.MassAppraisal) -> None:
        self.trained = trained
        self.held_back: pd.DataFrame | None = trained.held_back
        self.coverage: float | None = model.evaluation(trained).get("coverage")

    def value(self, parcels: pd.DataFrame) -> Result:
        values, reasons = self.trained.appraise(parcels)
        return Result(values, reasons=reasons)


class SalesComparison:
    name = Method.SALES_COMPARISON.value
    coverage: float | None = None

    def __init__(self, prepared: comparables.SalesComparison, sales: pd.DataFrame) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.held_back
        self._sales = sales.set_index("sale")

    def value(self, parcels: pd.DataFrame) -> Result:
        found = self.prepared.value(parcels)
        return Result(found.values, comparables=_comparables(found.grid, parcels, self._sales))


class Cost:
    name = Method.COST.value
    coverage: float | None = None

    def __init__(self, prepared: cost.CostApproach) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.evidence.held_back if prepared.evidence else None

    def value(self, parcels: pd.DataFrame) -> Result:
        found = self.prepared.value(parcels)
        land = found.lines["land_value"]
        share = land / found.lines["value"].where(found.lines["value"] > 0)
        return Result(found.values, lines=_lines(found.lines), land=land, land_share=share)


class Income:
    name = Method.INCOME.value
    coverage: float | None = None

    def __init__(self, prepared: income.IncomeApproach) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.evidence.held_back if prepared.evidence else None

    def value(self, parcels: pd.DataFrame) -> Result:
        found = self.prepared.value(parcels)
        return Result(found.values, lines=_lines(found.lines))


def _lines(frame: pd.DataFrame) -> Told:
    """The lines of each parcel, without those that do not apply to it."""
    return {
        key: {name: _figure(value) for name, value in row.items() if _applies(value)}
        for key, row in frame.to_dict("index").items()
    }


def _applies(value: Any) -> bool:
    return value is not None and value != "" and value == value  # a NaN is not itself


def _figure(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 2 if abs(value) < 1000 else 0)
    return value


def _comparables(grid: pd.DataFrame, parcels: pd.DataFrame, sales: pd.DataFrame) -> Told:
    """The grid by parcel, in whole dollars that add up, with the two figures that each adjustment compares."""
    named = [name for name in grid.columns if name.startswith("adjust_")]
    start = np.rint(grid["time_adjusted_price"].to_numpy(dtype=float))
    adjusted = np.rint(grid["adjusted_price"].to_numpy(dtype=float))
    amounts = lines(grid[named].to_numpy(dtype=float), adjusted - start).astype(np.int64)
    net, gross = amounts.sum(axis=1).tolist(), np.abs(amounts).sum(axis=1).tolist()
    names = [name.removeprefix("adjust_") for name in named]
    pairs = [_pair(name, grid, parcels, sales) for name in names]
    days = grid["sale_date"].dt.strftime("%Y-%m-%d").tolist()
    compared = _compared(names, pairs, amounts)
    found: Told = {}
    for row, (key, rank, sale, number, price, away, alike, factor, weight) in enumerate(
        zip(
            grid["property"].tolist(),
            grid["rank"].tolist(),
            grid["sale"].tolist(),
            grid["parcel_number"].tolist(),
            grid["sale_price"].tolist(),
            grid["distance_m"].tolist(),
            grid["similarity"].tolist(),
            grid["time_factor"].tolist(),
            grid["weight"].tolist(),
            strict=True,
        )
    ):
        found.setdefault(key, []).append(
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
                "adjustments": compared[row],
                "net_adjustment": net[row],
                "gross_adjustment": gross[row],
                "adjusted_price": int(adjusted[row]),
                "weight": round(weight, 4),
            }
        )
    return found


def _compared(names: list[str], pairs: list[tuple[list[Any], list[Any]]], amounts: Any) -> list[dict[str, list[Any]]]:
    """The adjustments of each row by name: of the subject, of the comparable, dollars; what is the same is left out."""
    found: list[dict[str, list[Any]]] = [{} for _ in range(len(amounts))]
    for name, (subjects, others), column in zip(names, pairs, amounts.T.tolist(), strict=True):
        for told, subject, other, amount in zip(found, subjects, others, column, strict=True):
            if amount or subject != other:
                told[name] = [subject, other, amount]
    return found


def _pair(name: str, grid: pd.DataFrame, parcels: pd.DataFrame, sales: pd.DataFrame) -> tuple[list[Any], list[Any]]:
    """The characteristic of each row's subject and of its comparable; None where it is not one figure of each."""
    if name not in parcels or name not in sales:
        nothing: list[Any] = [None] * len(grid)
        return nothing, nothing
    return (
        [_plain(value) for value in parcels[name].astype(object).reindex(grid["property"])],
        [_plain(value) for value in sales[name].astype(object).reindex(grid["sale"])],
    )


def _plain(value: Any) -> Any:
    if not _applies(value):
        return None
    return (int(value) if value == int(value) else float(value)) if isinstance(value, int | float) else str(value)
