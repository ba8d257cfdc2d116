"""What the IAAO Standard on Ratio Studies holds acceptable, and to how many decimals it gives each figure."""

from __future__ import annotations

from valuation.study_terms import PropertyKind

EDITION = "IAAO Standard on Ratio Studies (April 2013)"
"""The edition that ranges and formulas are of; its sections 9.1 and 9.2, and tables 1-2, 1-3 and 2-3."""
_COD = {
    PropertyKind.RESIDENTIAL_NEW: 10.0,
    PropertyKind.RESIDENTIAL: 15.0,
    PropertyKind.RESIDENTIAL_OTHER: 20.0,
    PropertyKind.INCOME_LARGE: 15.0,
    PropertyKind.INCOME: 20.0,
    PropertyKind.INCOME_RURAL: 25.0,
    PropertyKind.LAND_LARGE: 20.0,
    PropertyKind.LAND: 25.0,
    PropertyKind.LAND_RURAL: 30.0,
}
LOWEST_COD = 5.0
"""A lower COD is a sign of chased sales, or of sales that do not stand for all, rather than of good values."""
_LEVEL = (0.90, 1.10)  # of the level that the law asks for
_SAME = {
    "prd": (0.98, 1.03),
    "prb": (-0.05, 0.05),
    "mki": (0.95, 1.05),  # not of the standard: Quintos (2020)
    "vei": (-10.0, 10.0),  # the exposure draft that brings the index
}
LEVELS = ("median", "mean", "weighted_mean")
BETWEEN_CLASSES = 0.05
"""The median of a class should lie within this share of the median of all (section 9.1)."""
PLACES = {"median": 3, "mean": 3, "weighted_mean": 3, "cod": 1, "prd": 2, "prb": 3, "mki": 3, "ki": 3, "vei": 2}
"""Decimals of the standard's tables 1-1 and 1-4; of the MKI and KI, of Quintos; of the VEI, of the exposure draft. A
figure is assessed as it is printed."""


def acceptable(measure: str, kind: PropertyKind | None, level: float = 1.0) -> tuple[float, float] | None:
    """The lowest and the highest acceptable figure; None where nobody sets any.

    ``level`` is the share of the market value that the law asks for; ``kind`` None stands for several kinds together,
    whose COD has no range.
    """
    if measure == "cod":
        return None if kind is None else (LOWEST_COD, _COD[kind])
    if measure in LEVELS:
        low, high = _LEVEL
        return round(low * level, 6), round(high * level, 6)
    return _SAME.get(measure)


def rounded(measure: str, figure: float) -> float:
    """The figure as it is printed."""
    return round(figure, PLACES[measure])
