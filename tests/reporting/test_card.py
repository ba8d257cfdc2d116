"""The grid of comparables, as an appeal board reads it."""

from __future__ import annotations

from typing import Any

from reporting.reports.parcel import card


def comparable(**more: Any) -> dict[str, Any]:
    source = "The effect of this characteristic in 8,456 sales."
    adjustments: list[dict[str, Any]] = [
        {"name": "year_built", "label": "Year built", "subject": 1915, "comparable": 1922, "amount": 2_320},
        {"name": "living_area_sqft", "label": "Living area", "subject": 2560, "comparable": 2010, "amount": 20_117},
        {"name": "location", "label": "Location", "subject": None, "comparable": None, "amount": -2_316},
    ]
    for one in adjustments[:2]:
        one["source"] = source
    return {
        "parcel_number": "5141000720",
        "situs_address": "",
        "sale_date": "2011-08-16",
        "sale_price": 315_000,
        "distance_m": 291.0,
        "time_adjusted_price": 304_898,
        "adjustments": adjustments,
        "net_adjustment": 20_121,
        "adjusted_price": 325_019,
        "weight": 1.0,
        **more,
    }


def sheet(**more: Any) -> dict[str, Any]:
    return {
        "parcel_number": "0001800010",
        "parcel": {"situs_address": ""},
        "value": 370_900,
        "approaches": [
            {"approach": "mass_appraisal", "value": 354_300},
            {"approach": "sales_comparison", "value": 316_900},
        ],
        "comparables": [comparable()],
        **more,
    }


def lines(told: dict[str, Any]) -> dict[str, list[Any]]:
    return {str(row[0]): list(row[1:3]) for row in card.comparables(told).rows}


def test_years_are_no_amounts() -> None:
    found = lines(sheet())
    assert found["Year built"] == ["1915", "1922 (+2,320)"]
    assert found["Living area"] == ["2,560", "2,010 (+20,117)"]
    assert found["Location"][1] == "\N{EN DASH} (-2,316)"


def test_the_subject_has_the_value_that_the_comparables_give_and_not_the_one_that_stands() -> None:
    assert lines(sheet())["Adjusted price"] == ["$316,900", "$325,019"]
    assert lines(sheet(approaches=[]))["Adjusted price"][0] == "$370,900"


def test_an_address_only_where_one_is_known() -> None:
    assert "Address" not in lines(sheet())
    known = sheet(comparables=[comparable(situs_address="1 Main St")])
    assert lines(known)["Address"] == ["", "1 Main St"]


def test_what_rests_on_the_same_source_is_told_once() -> None:
    note = card.comparables(sheet()).note
    assert note.endswith("Year built, Living area: The effect of this characteristic in 8,456 sales.")
