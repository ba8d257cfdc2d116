"""The approaches to value, each made ready once for a run and then asked a chunk of parcels at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from valuation import cost, income, model
from valuation.frames import Values
from valuation.models import Method

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[float], None]
Told = dict[int, Any]
"""By the parcel's key, what a sheet shows."""


@dataclass(frozen=True)
class Result:
    """Values of a chunk, and how each came about: ``lines`` of the calculation, ``comparables``, and ``reasons``, which
    are dollars of unrounded values."""

    values: Values
    lines: Told = field(default_factory=dict)
    comparables: Told = field(default_factory=dict)
    reasons: pd.DataFrame | None = None
    land: pd.Series[Any] | None = None


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


class Cost:
    name = Method.COST.value
    coverage: float | None = None

    def __init__(self, prepared: cost.CostApproach) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.evidence.held_back if prepared.evidence else None

    def value(self, parcels: pd.DataFrame) -> Result:
        found = self.prepared.value(parcels)
        return Result(found.values, lines=_lines(found.lines), land=found.lines["land_value"])


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
