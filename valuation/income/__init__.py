"""The income approach: direct capitalization, or a multiple of the rent, from the county's tables. Pure."""

from valuation.income.approach import IncomeApproach, IncomeTables, IncomeValues, prepare

__all__ = ["IncomeApproach", "IncomeTables", "IncomeValues", "prepare"]
