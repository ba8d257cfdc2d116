"""What the approaches share whose values are calculated line by line from a county's tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from valuation.run.approaches import ApproachResult, shown_lines

if TYPE_CHECKING:
    import pandas as pd

    from valuation.cost import CostApproach
    from valuation.income import IncomeApproach
    from valuation.mass_appraisal.holdout import Trial


@dataclass(frozen=True)
class Calculated:
    name: str
    prepared: CostApproach | IncomeApproach

    @property
    def calibration_sales(self) -> pd.DataFrame | None:
        return self.prepared.evidence.calibration_sales if self.prepared.evidence else None

    @property
    def trial(self) -> Trial | None:
        return self.prepared.evidence.trial if self.prepared.evidence else None

    def value(self, parcels: pd.DataFrame) -> ApproachResult:
        valued = self.prepared.value(parcels)
        return ApproachResult(valued.values, lines=shown_lines(valued.lines))
