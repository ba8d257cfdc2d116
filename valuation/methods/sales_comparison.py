"""Sales comparison, as it is declared."""

from terrafusion.jobs.request import Integer
from valuation.feasible import lacks_sales
from valuation.methods.registry import Method
from valuation.parameters import VALUING

SALES_COMPARISON = Method(
    name="sales_comparison",
    label="Sales comparison: adjusted prices of similar homes nearby",
    parameters=(*VALUING, Integer("comparables", 8, "Comparable sales that a value rests on.", 3, 12)),
    lacks=lacks_sales,
    approach="valuation.run.approaches.sales_comparison.prepare",
    beside=("cost",),
    weighed=True,
    effort=1,
    seconds_per_parcel=0.01,
    lines=("comparables", "passed_over", "price_level"),
)
