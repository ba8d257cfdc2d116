"""The income approach in a run."""

from __future__ import annotations

from valuation import income
from valuation.methods.income import INCOME
from valuation.models import ValuationJob
from valuation.run.approaches import Approach, Progress
from valuation.run.approaches.calculated import Calculated
from valuation.run.prepared import PreparedRun, read_tables
from valuation.run.records import RunSales


def prepare(job: ValuationJob, market: RunSales, ready: PreparedRun, progress: Progress) -> Approach:
    tables = income.IncomeTables.of(**read_tables(job, ready, INCOME), as_of=job.valuation_date)
    confidence = job.resolved.get("confidence", 0.9)
    return Calculated(INCOME.name, income.prepare(market.sales, tables, job.valuation_date, confidence=confidence))
