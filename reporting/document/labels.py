"""What codes are called in reports: the one dictionary of them. Data files of other plugins keep the codes."""

from __future__ import annotations

from collections.abc import Callable

LABELS = {
    # why a sale is not used: terrafusion.records.sales.screening
    "no_date": "No date",
    "future_date": "Date to come",
    "no_price": "No price",
    "below_lowest_price": "Below the lowest price",
    "above_highest_price": "Above the highest price",
    "multi_parcel": "Several parcels",
    "not_arms_length": "Not at arm's length",
    "deed_not_market": "Deed without a market price",
    "duplicate": "Recorded twice",
    "flip": "Sold again, changed",
    "resale_jump": "Sold again, price jump",
    "built_later": "Built later",
    "outlier": "Far from the others",
    "without_a_value": "Without a value",
    # where a value stands: valuation.models.State
    "proposed": "Proposed",
    "reviewed": "Reviewed",
    "certified": "Certified",
    "rejected": "Rejected",
    "current": "Current",
    # what a value comes with, and why there is none: valuation.flags
    "absurd_characteristic": "Impossible characteristic",
    "missing_characteristics": "Characteristics unknown",
    "unlike_the_sales": "Unlike what sold",
    "no_place": "No location",
    "far_from_sales": "Far from sales",
    "thin_data": "Few sales",
    "old_sales": "Old sales",
    "no_trend": "No market trend",
    "wide_interval": "Wide interval",
    "few_comparables": "Few comparables",
    "large_adjustments": "Large adjustments",
    "vacant": "Vacant",
    "no_evidence": "Not tested",
    "one_approach": "One approach",
    "approaches_differ": "Approaches differ",
    "no_comparables": "No comparables",
    "no_land_value": "No land value",
    "no_cost_rate": "No cost schedule",
    "no_life": "No depreciation schedule",
    "no_year_built": "Year built unknown",
    "no_living_area": "Living area unknown",
    "no_income": "No income known",
    "no_rates": "No capitalization rate",
    "negative_income": "Expenses above income",
    "no_approach": "No approach",
    "example_schedule": "Example table",
    "land_above_total": "Land above the whole",
    # kinds of property: valuation.study_terms.PropertyKind
    "residential_new": "Residential, newer or alike",
    "residential": "Residential, older or varied",
    "residential_other": "Residential, other",
    "income_large": "Income-producing, large area",
    "income_rural": "Income-producing, rural",
    "land_large": "Vacant land, large area",
    "land": "Vacant land",
    "land_rural": "Vacant land, rural",
    # analyses of the market and their methods: `market_analysis.catalogue`
    "price_index": "Price index",
    "price_trend": "Price trend",
    "time_adjustment": "Time adjustment",
    "sales_activity": "Sales activity",
    "hot_spots": "Hot spots",
    "comparable_market_area": "Comparable market area",
    "segments": "Segments",
    "median": "Median",
    "hedonic": "Hedonic",
    "hedonic_robust": "Hedonic, robust",
    "repeat_sales": "Repeat sales",
    "repeat_sales_robust": "Repeat sales, robust",
    "case_shiller": "Case-Shiller",
    "case_shiller_robust": "Case-Shiller, robust",
    "property_class": "Class",
    "use_code": "Use",
    "age_band": "Age",
    "value_tier": "Value tier",
    "hot": "Hot",
    "cold": "Cold",
    # parameters of reports
    "none": "None",
    "postal_code": "Postal code",
    "neighborhood": "Neighborhood",
    "parcel_number": "Parcel number",
    "address": "Address",
    "month": "Month",
    "quarter": "Quarter",
    "year": "Year",
    # kinds of jobs, and reports
    "gis_export": "GIS export",
    "gis_export_part": "GIS export, part",
    "market_analysis": "Market analysis",
    "valuation": "Valuation",
    "reporting": "Report",
    "assessment_roll": "Assessment roll",
    "property_record_card": "Property record card",
    "change_of_value_notice": "Change of value notice",
    "market_summary": "Market summary",
    "neighborhood_profile": "Neighborhood profile",
    "abatement_packet": "Abatement packet",
    "valuation_summary": "Valuation summary",
    "county_comparison": "County comparison",
    "tax_projection": "Tax projection",
    "export_activity": "Export activity",
}


_sources: list[Callable[[str], str | None]] = []


def add_source(find: Callable[[str], str | None]) -> None:
    """Ask a registry of another package for the codes that are not listed here."""
    _sources.append(find)


def known(code: str) -> str | None:
    """What the code is called; None for what is no code."""
    labels = (text for find in _sources if (text := find(code)))
    return LABELS.get(code) or next(labels, None)


def label(code: str) -> str:
    """What the code is called; a text that is no code stays as it is."""
    return known(code) or code


def spelled(name: str) -> str:
    """A name of no fixed list, such as a layer's, in words: ``school_districts`` becomes ``School districts``."""
    return known(name) or name.replace("_", " ").strip().capitalize()
