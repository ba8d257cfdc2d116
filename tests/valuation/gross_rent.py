"""A valuation method of another app: yearly rent times a multiplier. All that TerraFusion knows of it is ``METHOD``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from terrafusion.jobs.request import Number
from terrafusion.records.models import PropertyOperational
from valuation.frames import values_of
from valuation.methods import Method
from valuation.models import ValuationJob
from valuation.parameters import VALUING
from valuation.run.approaches import ApproachResult, Progress

if TYPE_CHECKING:
    from valuation.mass_appraisal.holdout import Trial
    from valuation.run.prepared import PreparedRun
    from valuation.run.records import RunSales

RENT = 12.0
"""US dollars a square foot and year."""


class GrossRent:
    name = "gross_rent"
    calibration_sales: pd.DataFrame | None = None
    trial: Trial | None = None

    def __init__(self, multiplier: float) -> None:
        self.multiplier = multiplier

    def value(self, parcels: pd.DataFrame) -> ApproachResult:
        rent = RENT * parcels["living_area_sqft"].to_numpy(dtype=float)
        value, every = rent * self.multiplier, np.ones(len(parcels), dtype=bool)
        flags = {"rent_assumed": every, "no_evidence": every}
        values = values_of(parcels.index, value, value, value, flags, {"no_living_area": ~np.isfinite(value)})
        lines = {
            key: {"value": each * self.multiplier, "rent": each}
            for key, each in zip(parcels.index.tolist(), rent.tolist(), strict=True)
        }
        return ApproachResult(values, lines=lines)


def prepare(job: ValuationJob, market: RunSales, ready: PreparedRun, progress: Progress) -> GrossRent:
    return GrossRent(job.resolved["multiplier"])


def lacks(job: ValuationJob, method: Method) -> list[str]:
    parcels = PropertyOperational.objects.filter(county=job.county_id, living_area_sqft__gt=0)
    return [] if parcels.exists() else ["Load parcels with a living area."]


METHOD = Method(
    name="gross_rent",
    label="Gross rent: yearly rent times a multiplier",
    parameters=(*VALUING, Number("multiplier", 10.0, "Value over yearly rent.", 1, 30)),
    lacks=lacks,
    approach="tests.valuation.gross_rent.prepare",
    beside=("cost",),
    seconds_per_parcel=0.001,
    lines=("rent", "value"),
    flags={"rent_assumed": "The rent is the county's usual one, not the parcel's own."},
)
