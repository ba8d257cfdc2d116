"""Mass appraisal, as it is declared."""

from valuation.feasible import lacks_sales
from valuation.methods.registry import Method
from valuation.parameters import MODELED

MASS_APPRAISAL = Method(
    name="mass_appraisal",
    label="Mass appraisal: a model trained on the county's sales",
    parameters=MODELED,
    lacks=lacks_sales,
    approach="valuation.run.approaches.mass_appraisal.prepare",
    beside=("sales_comparison", "cost", "income"),
    weighed=True,
    effort=4,
    seconds_per_parcel=0.005,
    trains=True,
    explains=True,
)
