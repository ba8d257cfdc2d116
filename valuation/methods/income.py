"""The income approach, as it is declared."""

from valuation.feasible import lacks_tables
from valuation.methods.registry import Method
from valuation.parameters import VALUING

INCOME = Method(
    name="income",
    label="Income: net income over a capitalization rate",
    parameters=VALUING,
    lacks=lacks_tables,
    approach="valuation.run.approaches.income.prepare",
    weighed=True,
    seconds_per_parcel=0.002,
    tables=("rents", "rates", "multipliers"),
    needs=(("rents",), ("rates", "multipliers")),
    lines=(
        *("method", "potential_gross_income", "vacancy_loss", "other_income", "effective_gross_income", "expenses"),
        *("reserves", "net_operating_income", "cap_rate_percent", "gross_rent_multiplier", "value_by_multiplier"),
        "value",
    ),
)
