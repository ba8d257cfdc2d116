"""The methods of TerraFusion itself."""

from valuation.methods.cost import COST
from valuation.methods.income import INCOME
from valuation.methods.mass_appraisal import MASS_APPRAISAL
from valuation.methods.ratio_study import RATIO_STUDY
from valuation.methods.reconciled import RECONCILED
from valuation.methods.registry import register
from valuation.methods.sales_comparison import SALES_COMPARISON


def register_all() -> None:
    for method in (MASS_APPRAISAL, SALES_COMPARISON, COST, INCOME, RECONCILED, RATIO_STUDY):
        register(method)
