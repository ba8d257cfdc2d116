"""The tables: runs, trained models, values and what was decided about them, and the counties' schedules."""

from valuation.models.artefact import ValuationModel
from valuation.models.decision import DecidedValue, Decision, Step
from valuation.models.job import ValuationJob
from valuation.models.schedules import (
    SCHEDULES,
    BuildingLife,
    CostRate,
    IncomeRate,
    LandRate,
    RentMultiplier,
    RentRate,
    ScheduleRow,
)
from valuation.models.value import EvaluationSale, PropertyValuation, State

__all__ = [
    "SCHEDULES",
    "BuildingLife",
    "CostRate",
    "DecidedValue",
    "Decision",
    "EvaluationSale",
    "IncomeRate",
    "LandRate",
    "PropertyValuation",
    "RentMultiplier",
    "RentRate",
    "ScheduleRow",
    "State",
    "Step",
    "ValuationJob",
    "ValuationModel",
]
