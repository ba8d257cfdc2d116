"""Mass appraisal in a run: a model that is trained, or a stored one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from valuation import mass_appraisal, monotone
from valuation.errors import UnreadableModel
from valuation.labels import label
from valuation.mass_appraisal.features import Encoder
from valuation.methods.mass_appraisal import MASS_APPRAISAL
from valuation.models import ValuationJob, ValuationModel
from valuation.run.approaches import Approach, ApproachResult, Progress
from valuation.run.errors import ModelUnusable
from valuation.run.prepared import PreparedRun
from valuation.run.records import RunSales

if TYPE_CHECKING:
    import pandas as pd


class MassAppraisalApproach:
    name = MASS_APPRAISAL.name

    def __init__(self, trained: mass_appraisal.MassAppraisal) -> None:
        self.trained = trained
        self.calibration_sales: pd.DataFrame | None = trained.calibration_sales
        self.trial = trained.trial

    def value(self, parcels: pd.DataFrame) -> ApproachResult:
        values, reasons = self.trained.appraise(parcels)
        return ApproachResult(values, reasons=reasons)


def prepare(job: ValuationJob, market: RunSales, ready: PreparedRun, progress: Progress) -> Approach:
    wanted = job.resolved
    if stored := wanted.get("model"):
        ready.stored = ValuationModel.objects.filter(pk=stored, county=job.county_id).first()
        if ready.stored is None:
            raise ModelUnusable("The model that the run was to use is gone.")
        try:
            return MassAppraisalApproach(mass_appraisal.load(bytes(ready.stored.artefact)))
        except UnreadableModel as unreadable:
            raise ModelUnusable(f"The stored model cannot be used any more: {unreadable}") from unreadable
    directions = monotone.directions_of(job.county_id)
    options = mass_appraisal.TrainingOptions(
        confidence=wanted["confidence"], seed=wanted["seed"], directions=directions
    )
    ready.trained = mass_appraisal.train(market.sales, job.valuation_date, options, progress)
    ready.notes += _without_order(directions, ready.trained.trees.encoder)
    return MassAppraisalApproach(ready.trained)


def _without_order(directions: Mapping[str, int], encoder: Encoder) -> list[str]:
    """Which of the county's monotone characteristics are words in its records, whose order nobody has given."""
    words = [label(name).lower() for name in directions if name in encoder.levels]
    return [f"The records have {name} in words, which have no order: values are not held to one." for name in words]
