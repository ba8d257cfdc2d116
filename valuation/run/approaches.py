"""The approaches to value, each made ready once for a run and then asked a chunk of parcels at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from valuation import comparables, cost, income, mass_appraisal
from valuation.frames import Values
from valuation.models import Method
from valuation.run import grid
from valuation.run.figures import Shown, applies, figure

if TYPE_CHECKING:
    import pandas as pd

    from valuation.mass_appraisal.holdout import Trial

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Result:
    """Values of a chunk, and how each came about: ``lines`` of the calculation, ``comparables``, and ``reasons``, which
    are dollars of unrounded values."""

    values: Values
    lines: Shown = field(default_factory=dict)
    comparables: Shown = field(default_factory=dict)
    reasons: pd.DataFrame | None = None


class Approach(Protocol):
    """``held_back``: the later sales that it was calibrated to (value, low, high, price ...), which give its weight.
    ``trial`` is the same one step earlier, judged on later sales that nothing of it has seen; None where there are too
    few sales."""

    name: str
    held_back: pd.DataFrame | None
    trial: Trial | None

    def value(self, parcels: pd.DataFrame) -> Result: ...


class MassAppraisal:
    name = Method.MASS_APPRAISAL.value

    def __init__(self, trained: mass_appraisal.MassAppraisal) -> None:
        self.trained = trained
        self.held_back: pd.DataFrame | None = trained.held_back
        self.trial = trained.trial

    def value(self, parcels: pd.DataFrame) -> Result:
        values, reasons = self.trained.appraise(parcels)
        return Result(values, reasons=reasons)


class SalesComparison:
    name = Method.SALES_COMPARISON.value

    def __init__(self, prepared: comparables.SalesComparison, sales: pd.DataFrame) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.held_back
        self.trial = prepared.trial
        self._sales = sales.set_index("sale")

    def value(self, parcels: pd.DataFrame) -> Result:
        found = self.prepared.value(parcels)
        shown = grid.comparables(found.grid, parcels, self._sales, self.prepared.rated)
        return Result(found.values, lines=_lines(found.about), comparables=shown)


class Cost:
    name = Method.COST.value

    def __init__(self, prepared: cost.CostApproach) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.evidence.held_back if prepared.evidence else None
        self.trial = prepared.evidence.trial if prepared.evidence else None

    def value(self, parcels: pd.DataFrame) -> Result:
        found = self.prepared.value(parcels)
        return Result(found.values, lines=_lines(found.lines))


class Income:
    name = Method.INCOME.value

    def __init__(self, prepared: income.IncomeApproach) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.evidence.held_back if prepared.evidence else None
        self.trial = prepared.evidence.trial if prepared.evidence else None

    def value(self, parcels: pd.DataFrame) -> Result:
        found = self.prepared.value(parcels)
        return Result(found.values, lines=_lines(found.lines))


def _lines(frame: pd.DataFrame) -> Shown:
    """The lines of each parcel, without those that do not apply to it."""
    return {
        key: {name: figure(value) for name, value in row.items() if applies(value)}
        for key, row in frame.to_dict("index").items()
    }
