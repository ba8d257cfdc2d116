"""What a run has made ready before it values parcels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from valuation import mass_appraisal, methods, reconcile
from valuation.errors import NoEffectiveRates
from valuation.feasible import lacking_tables
from valuation.land.allocation import Allocation
from valuation.methods import Method
from valuation.models import ValuationJob, ValuationModel
from valuation.run.approaches import Approach
from valuation.schedules import reading

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class PreparedRun:
    """``approaches`` by name, the run's own first. ``weights`` is set where several make the value; ``tried`` are those
    of the trial, one step earlier. ``trained`` is a new model, to be kept. ``notes`` say what is left out and why."""

    approaches: dict[str, Approach] = field(default_factory=dict)
    weights: reconcile.Weights | None = None
    tried: reconcile.Weights | None = None
    trained: mass_appraisal.MassAppraisal | None = None
    stored: ValuationModel | None = None
    notes: list[str] = field(default_factory=list)
    schedules: dict[str, Any] = field(default_factory=dict)
    adjustment_sources: dict[str, str] = field(default_factory=dict)
    adjustment_rates: list[dict[str, Any]] = field(default_factory=list)

    land: Allocation = field(default_factory=Allocation)

    @property
    def examples(self) -> frozenset[str]:
        """The approaches whose tables hold examples."""
        held = {kind for kind, table in self.schedules.items() if table["examples"]}
        return frozenset(method.name for method in methods.all_methods() if held.intersection(method.tables))


def read_tables(job: ValuationJob, ready: PreparedRun, method: Method) -> dict[str, pd.DataFrame]:
    """The rows of the method's tables that are effective on the valuation date, by kind; ``ready`` names their sources.

    Raises ``NoEffectiveRates`` where a table that the method needs has none.
    """
    if lacking := lacking_tables(job.county_id, method, job.valuation_date):
        raise NoEffectiveRates(lacking)
    tables = {kind: reading.read(kind, job.county_id, job.valuation_date) for kind in method.tables}
    ready.schedules |= {kind: table.as_json() for kind, table in tables.items()}
    return {kind: table.rows for kind, table in tables.items()}
