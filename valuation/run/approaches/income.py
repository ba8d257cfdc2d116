"""The income approach in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valuation import income
from valuation.methods.income import INCOME
from valuation.models import ValuationJob
from valuation.run.approaches import Approach, ApproachResult, Progress, shown_lines
from valuation.run.prepared import Prepared, read_tables
from valuation.run.records import Market

if TYPE_CHECKING:
    import pandas as pd


class Income:
    name = INCOME.name

    def __init__(self, prepared: income.IncomeApproach) -> None:
        self.prepared = prepared
        self.held_back: pd.DataFrame | None = prepared.evidence.held_back if prepared.evidence else None
        self.trial = prepared.evidence.trial if prepared.evidence else None

    def value(self, parcels: pd.DataFrame) -> ApproachResult:
        found = self.prepared.value(parcels)
        return ApproachResult(found.values, lines=shown_lines(found.lines))


def prepare(job: ValuationJob, market: Market, ready: Prepared, progress: Progress) -> Approach:
    tables = income.Tables.of(**read_tables(job, ready, INCOME), as_of=job.valuation_date)
    confidence = job.resolved.get("confidence", 0.9)
    return Income(income.prepare(market.sales, tables, job.valuation_date, confidence=confidence))
