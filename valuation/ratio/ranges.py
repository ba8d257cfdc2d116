"""What the IAAO Standard on Ratio Studies (2013, part 1, section 9 and table 1-3) holds acceptable."""

from __future__ import annotations

from valuation.study_terms import PropertyKind

_COD = {
    PropertyKind.RESIDENTIAL_NEW: 10.0,
    PropertyKind.RESIDENTIAL: 15.0,
    PropertyKind.RESIDENTIAL_OTHER: 20.0,
    PropertyKind.INCOME_LARGE: 15.0,
    PropertyKind.INCOME: 20.0,
    PropertyKind.LAND: 25.0,
}
_FEWEST_COD = 5.0  # less is a sign of chased sales rather than of good values
_SAME = {
    "median": (0.90, 1.10),
    "mean": (0.90, 1.10),
    "weighted_mean": (0.90, 1.10),
    "prd": (0.98, 1.03),
    "prb": (-0.05, 0.05),
    "mki": (0.95, 1.05),  # not of the standard: Quintos (2020)
    "vei": (-10.0, 10.0),  # the exposure draft that brings the index
}


def acceptable(measure: str, kind: PropertyKind) -> tuple[float, float] | None:
    """The lowest and the highest acceptable figure; None where nobody sets any."""
    if measure == "cod":
        return _FEWEST_COD, _COD[kind]
    return _SAME.get(measure)
