"""The cost approach in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valuation import cost
from valuation.methods.cost import COST
from valuation.models import ValuationJob
from valuation.run.approaches import Approach, ApproachResult, Progress, shown_lines
from valuation.run.prepared import Prepared, read_tables
from valuation.run.records import Market

if TYPE_CHECKING:
    import pandas as pd


class Cost:
    name = COST.name

    def __init__(self, prepared: cost.CostApproach) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.evidence.held_back if prepared.evidence else None
        self.trial = prepared.evidence.trial if prepared.evidence else None

    def value(self, parcels: pd.DataFrame) -> ApproachResult:
        found = self.prepared.value(parcels)
        return ApproachResult(found.values, lines=shown_lines(found.lines))


def prepare(job: ValuationJob, market: Market, ready: Prepared, progress: Progress) -> Approach:
    schedules = cost.Schedules.of(**read_tables(job, ready, COST), as_of=job.valuation_date)
    wanted = job.resolved
    calibrate, confidence = bool(wanted.get("calibrate")), wanted.get("confidence", 0.9)
    return Cost(cost.prepare(market.sales, schedules, job.valuation_date, calibrate=calibrate, confidence=confidence))
