"""The words in which a ratio study is asked for; the statistics themselves, with scipy, are ``valuation.ratio``."""

from __future__ import annotations

from enum import StrEnum

CURRENT, CERTIFIED = "current", "certified"
"""Whose values are studied, if not a run's."""


class PropertyKind(StrEnum):
    """The standard's kinds of property, which differ in the COD that can be asked of them."""

    RESIDENTIAL_NEW = "residential_new"  # single-family, newer or more alike
    RESIDENTIAL = "residential"  # single-family, older or more varied
    RESIDENTIAL_OTHER = "residential_other"  # rural, seasonal, manufactured, two to four units
    INCOME_LARGE = "income_large"  # income property in large places
    INCOME = "income"
    LAND = "land"
