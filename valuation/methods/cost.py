"""The cost approach, as it is declared."""

from valuation.feasible import lacks_tables
from valuation.methods.registry import Method
from valuation.parameters import CALIBRATE, VALUING

COST = Method(
    name="cost",
    label="Cost: land, and the building new less depreciation",
    parameters=(*VALUING, CALIBRATE),
    lacks=lacks_tables,
    approach="valuation.run.approaches.cost.prepare",
    weighed=True,
    seconds_per_parcel=0.002,
    tables=("cost", "life", "land"),
    needs=(("land",),),
    lines=(
        *("land_value", "living_area_sqft", "rate_per_sqft", "replacement_cost_new", "effective_age_years"),
        *("economic_life_years", "depreciation_percent", "depreciation", "rcnld", "market_factor"),
        *("improvement_value", "value"),
    ),
)
