"""Sales comparison in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valuation import comparables, monotone
from valuation.methods.sales_comparison import SALES_COMPARISON
from valuation.models import ValuationJob
from valuation.run import grid
from valuation.run.approaches import Approach, ApproachResult, Progress, shown_lines
from valuation.run.prepared import PreparedRun
from valuation.run.records import RunSales

if TYPE_CHECKING:
    import pandas as pd


class SalesComparisonApproach:
    name = SALES_COMPARISON.name

    def __init__(self, prepared: comparables.SalesComparison, sales: pd.DataFrame) -> None:
        self.prepared = prepared
        self.calibration_sales: pd.DataFrame | None = prepared.calibration_sales
        self.trial = prepared.trial
        self._sales = sales.set_index("sale")

    def value(self, parcels: pd.DataFrame) -> ApproachResult:
        compared = self.prepared.value(parcels)
        shown = grid.comparables(compared.grid, parcels, self._sales, self.prepared.rated)
        return ApproachResult(compared.values, lines=shown_lines(compared.about), comparables=shown)


def prepare(job: ValuationJob, market: RunSales, ready: PreparedRun, progress: Progress) -> Approach | None:
    """None where the run is to show no comparables."""
    wanted = job.resolved
    if wanted["comparables"] == 0:
        return None
    options = comparables.ComparisonOptions(
        count=wanted["comparables"],
        confidence=wanted["confidence"],
        seed=wanted["seed"],
        directions=monotone.directions_of(job.county_id),
    )
    prepared = comparables.prepare(market.sales, job.valuation_date, options, progress)
    ready.adjustment_sources = {name.removeprefix("adjust_"): source for name, source in prepared.sources.items()}
    ready.adjustment_rates = prepared.schedule()
    return SalesComparisonApproach(prepared, market.sales)
