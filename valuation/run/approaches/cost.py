"""The cost approach in a run."""

from __future__ import annotations

from valuation import cost
from valuation.methods.cost import COST
from valuation.models import ValuationJob
from valuation.run.approaches import Approach, Progress
from valuation.run.approaches.calculated import Calculated
from valuation.run.prepared import PreparedRun, read_tables
from valuation.run.records import RunSales


def prepare(job: ValuationJob, market: RunSales, ready: PreparedRun, progress: Progress) -> Approach:
    schedules = cost.Schedules.of(**read_tables(job, ready, COST), as_of=job.valuation_date)
    wanted = job.resolved
    calibrate, confidence = bool(wanted.get("calibrate")), wanted.get("confidence", 0.9)
    prepared = cost.prepare(market.sales, schedules, job.valuation_date, calibrate=calibrate, confidence=confidence)
    return Calculated(COST.name, prepared)
