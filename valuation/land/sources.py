"""Where a land value comes from, in words for an owner."""

from __future__ import annotations

TABLE = "land_table"
SALES = "land_sales"
ABSTRACTION = "abstraction"
ALLOCATION = "allocation"
COUNTY_SHARE = "county_share"
VACANT = "vacant"
NONE = "no_evidence"

MEANINGS = {
    TABLE: "From the county's land table.",
    SALES: "From sales of vacant land in the neighborhood, by lot area.",
    ABSTRACTION: "By abstraction: prices of the neighborhood's homes less the depreciated cost of their buildings.",
    ALLOCATION: "By allocation: the share of land in the price of such homes, where sales of vacant land show it.",
    COUNTY_SHARE: "By allocation: the share of land in such values that the county has set for the class.",
    VACANT: "There is no building on record: the whole value is land.",
    NONE: "No land value: there is no land table for the parcel, and too few sales show what land is worth.",
}

SHORT = {
    TABLE: "Land table",
    SALES: "Land sales",
    ABSTRACTION: "Abstraction",
    ALLOCATION: "Allocation",
    COUNTY_SHARE: "County share",
    VACANT: "No building",
    NONE: "Not known",
}
"""The same for the columns of tables."""
