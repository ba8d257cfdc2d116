"""The approaches to value, each made ready once for a run and then asked a chunk of parcels at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from valuation import model
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
        return Result(self.trained.value(parcels), reasons=self.trained.reasons(parcels))
