"""Warnings that come with a value, and reasons why there is none, in words."""

from __future__ import annotations

from collections.abc import Iterable

from valuation import methods

MEANINGS = {
    # flags: there is a value, and this to know about it
    "absurd_characteristic": "A characteristic is impossible or far from any that sold; it is taken as unknown.",
    "missing_characteristics": "Characteristics that the value depends on are unknown.",
    "unlike_the_sales": "The property is larger, smaller, older or newer than nearly all that sold.",
    "no_place": "The property has no usable location; its value is that of the whole county's market.",
    "far_from_sales": "Few sales are near the property.",
    "thin_data": "The model has few sales to learn from.",
    "old_sales": "The last sale is more than half a year before the valuation date.",
    "no_trend": "The sales show no market trend: prices are not adjusted for time.",
    "wide_interval": "The interval is wide: the market says little about this property.",
    "few_comparables": "There are fewer comparables than asked for.",
    "large_adjustments": "Most comparables need adjustments above the usual limits: net 15 %, gross 25 % of the price.",
    "vacant": "There is no building on record: this is the value of the land.",
    "no_evidence": "The approach was not tested on holdout sales.",
    "one_approach": "One approach alone values this property.",
    "approaches_differ": "The approaches that have a part in the value differ by more than a quarter.",
    # refusals: there is no value
    "no_comparables": "No sale is comparable enough.",
    "no_land_value": "Neither a land schedule nor land sales show the value of the land.",
    "no_cost_rate": "No cost schedule in force covers the building.",
    "no_life": "No depreciation schedule in force covers the building.",
    "no_year_built": "The year built is unknown, and with it the depreciation.",
    "no_living_area": "The area of the building is unknown.",
    "no_income": "Neither a rent of its own nor a rent table in force shows the income.",
    "no_rates": "Neither a capitalization rate nor a gross rent multiplier in force covers the property.",
    "negative_income": "The expenses are not below the income.",
    "no_approach": "No approach values this property.",
}
"""What each flag and each refusal of the methods means, in words for an owner."""
OWN = {
    "example_schedule": "A figure rests on a table that is an example, not the county's own.",
    "land_above_total": "The land alone comes to more than the whole is worth; it is held to the whole. Review both.",
}
"""The same of the runs themselves."""


def meaning(code: str) -> str:
    """What a flag says; the code in words for one of an earlier version."""
    return OWN.get(code) or MEANINGS.get(code) or _of_methods(code) or f"{code.replace('_', ' ').capitalize()}."


def _of_methods(code: str) -> str:
    """Of a flag that one method alone sets."""
    return next((method.flags[code] for method in methods.all_methods() if code in method.flags), "")


def described(codes: Iterable[str]) -> list[dict[str, str]]:
    return [{"code": code, "meaning": meaning(code)} for code in codes]
