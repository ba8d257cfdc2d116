"""The words in which a ratio study is asked for; the statistics themselves, with scipy, are ``valuation.ratio``."""

from __future__ import annotations

from enum import StrEnum

CURRENT, CERTIFIED = "current", "certified"
"""Whose values are studied, if not a run's."""


class PropertyKind(StrEnum):
    """The standard's kinds of property, which differ in the COD that can be asked of them: tables 1-3 and 2-3."""

    RESIDENTIAL_NEW = "residential_new"  # single-family; newer, more alike, or of a very large jurisdiction
    RESIDENTIAL = "residential"  # single-family, older or more varied
    RESIDENTIAL_OTHER = (
        "residential_other"  # rural, seasonal, manufactured, two to four units; small or depressed areas
    )
    INCOME_LARGE = "income_large"  # income property of large areas with large samples
    INCOME = "income"
    INCOME_RURAL = "income_rural"  # of rural or small jurisdictions, or a depressed market
    LAND_LARGE = "land_large"  # vacant land of very large jurisdictions with active markets
    LAND = "land"
    LAND_RURAL = "land_rural"
