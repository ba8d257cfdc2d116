"""The cost approach: land, and the building new less depreciation, from the county's tables. Pure."""

from valuation.cost.approach import CostApproach, CostValues, depreciated, prepare
from valuation.cost.schedules import Schedules

__all__ = ["CostApproach", "CostValues", "Schedules", "depreciated", "prepare"]
