"""Sales comparison: comparables with adjustments line by line. Pure; ``valuation.frames`` says what the frames are."""

from valuation.comparables.compared import ComparisonOptions
from valuation.comparables.sales_comparison import Comparison, SalesComparison, prepare

__all__ = ["Comparison", "ComparisonOptions", "SalesComparison", "prepare"]
