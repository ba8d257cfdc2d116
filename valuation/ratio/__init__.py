"""Ratio studies: how close values are to prices, and how evenly. Pure: arrays in, dataclasses out.

A ratio is a value over the price that the property sold for. Each statistic follows the IAAO Standard on Ratio
Studies; ``docs/user/ratio-studies.md`` says in plain words what each means.
"""

from valuation.ratio.chasing import Balance, SalesChasing, sales_chasing, sold_unsold_balance
from valuation.ratio.equity import Tier, VerticalEquity, medians_by_group, value_deciles, vei
from valuation.ratio.measures import cod, ki, mean, median, mki, prb, prd, weighted_mean
from valuation.ratio.study import Measure, RatioStudy, study, study_by_group
from valuation.ratio.trim import outliers
from valuation.study_terms import PropertyKind

__all__ = [
    "Balance",
    "Measure",
    "PropertyKind",
    "RatioStudy",
    "SalesChasing",
    "Tier",
    "VerticalEquity",
    "cod",
    "ki",
    "mean",
    "median",
    "medians_by_group",
    "mki",
    "outliers",
    "prb",
    "prd",
    "sales_chasing",
    "sold_unsold_balance",
    "study",
    "study_by_group",
    "value_deciles",
    "vei",
    "weighted_mean",
]
