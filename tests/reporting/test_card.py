"""The grid of comparables, as an appeal board reads it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from reporting.reports.parcel import comparables


def comparable(**more: Any) -> dict[str, Any]:
    source = "The effect of this characteristic in 8,456 sales, 2010-01-02 to 2011-12-30."
    adjustments: list[dict[str, Any]] = [
        {"name": "year_built", "label": "Year built", "subject": 1915, "comparable": 1922, "amount": 2_320},
        {"name": "living_area_sqft", "label": "Living area", "subject": 2560, "comparable": 2010, "amount": 20_117},
        {"name": "location", "label": "Location", "subject": None, "comparable": None, "amount": -2_316},
    ]
    for one in adjustments[:2]:
        one["source"] = source
    adjustments[1] |= {"rate": 36.576364, "rate_error": 1.234, "per": "sq ft"}
    return {
        "parcel_number": "5141000720",
        "situs_address": "",
        "sale_date": "2011-08-16",
        "sale_price": 315_000,
        "distance_m": 291.0,
        "time_adjusted_price": 304_898,
        "adjustments": adjustments,
        "net_adjustment": 20_121,
        "gross_adjustment": 24_753,
        "beyond_guideline": False,
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
            {
                "approach": "sales_comparison",
                "value": 316_900,
                "lines": {"comparables": 1, "passed_over": 3, "price_level": 310_000},
            },
        ],
        "comparables": [comparable()],
        **more,
    }


def lines(whole: dict[str, Any]) -> dict[str, list[Any]]:
    """The rows by their label; an adjustment by that of the row above it."""
    rows: dict[str, list[Any]] = {}
    above = ""
    for row in comparables.grid(whole).rows:
        label = str(row[0])
        above, name = (
            (above, f"{above} adjustment") if "adjustment" in label and label[0] == "\u2003" else (label, label)
        )
        rows[name] = list(row[1:3])
    return rows


def test_years_are_no_amounts_and_an_adjustment_is_its_rate_times_the_difference() -> None:
    rows = lines(sheet())
    assert rows["Year built"] == ["1915", "1922"]
    assert rows["Year built adjustment"] == ["", "+2,320"]
    assert rows["Living area"] == ["2,560", "2,010"]
    assert rows["Living area adjustment"] == ["\u00b1 $1.23 per sq ft", "+550 \u00d7 $36.58 = +20,117"]
    assert rows["Location"] == ["", "-2,316"]
    assert rows["Net adjustment"][1] == "+20,121 (+6.6%)"
    assert rows["Gross adjustment"][1] == "24,753 (8.1%)"
    assert "Usual limits" not in rows
    large = sheet(comparables=[comparable(beyond_guideline=True)])
    assert lines(large)["Usual limits"][1] == "above"


def test_sales_that_were_passed_over_are_counted() -> None:
    note = comparables.grid(sheet()).note
    assert "Rates are for homes at $310,000." in note
    assert "3 other similar sales were not used" in note


def test_the_subject_has_the_value_that_the_comparables_give_and_not_the_one_that_stands() -> None:
    assert lines(sheet())["Adjusted price"] == ["$316,900", "$325,019"]
    assert lines(sheet(approaches=[]))["Adjusted price"][0] == "$370,900"


def test_an_address_only_where_one_is_known() -> None:
    assert "Address" not in lines(sheet())
    known = sheet(comparables=[comparable(situs_address="1 Main St")])
    assert lines(known)["Address"] == ["", "1 Main St"]


def test_one_source_is_named_once() -> None:
    note = comparables.grid(sheet()).note
    assert note.endswith(
        "Year built, Living area: The effect of this characteristic in 8,456 sales, Jan 2, 2010 to Dec 30, 2011."
    )


RATES = [
    {
        "name": "living_area_sqft",
        "label": "Living area (sq ft)",
        "per": "sq ft",
        "bands": [
            {"from": 499.7, "to": 1250.2, "percent": 0.04, "error": 0.001, "rate": 124.0, "rate_error": 3.1},
            *[
                {
                    "from": 1250 * n,
                    "to": 1250 * n + 1250,
                    "percent": 0.0,
                    "error": 0.001,
                    "rate": 0.0,
                    "rate_error": 3.1,
                }
                for n in range(1, 7)
            ],
        ],
    },
    {
        "name": "bedrooms",
        "label": "Bedrooms",
        "per": "bedroom",
        "bands": [{"from": 1, "to": 6, "percent": 0.0, "error": 0.01, "rate": 0.0, "rate_error": 31.0}],
    },
    {
        "name": "year_built",
        "label": "Year built",
        "per": "year",
        "bands": [{"from": 1905, "to": 2010, "percent": -0.2, "error": 0.01, "rate": -620.0, "rate_error": 31.0}],
    },
    {
        "name": "quality",
        "label": "Quality",
        "per": "grade",
        "bands": [{"from": "fair", "to": "good", "percent": 5.0, "error": 0.1, "rate": 15_500.0, "rate_error": 310.0}],
    },
]


def test_rates_by_size_are_a_table_of_their_own() -> None:
    table = comparables.rates(sheet(rates=RATES))
    assert table is not None
    assert [list(row) for row in table.rows] == [
        ["Living area (sq ft)", "sq ft", "500 to 1,250\n$124.00 \u00b1 3.10"]
        + [f"{1250 * n:,} to {1250 * n + 1250:,}\n$0" for n in range(1, 6)],
        ["\u2003", "", "7,500 to 8,750\n$0", *[None] * 5],
        ["Year built", "year", "1905 to 2010\n-$620.00 \u00b1 31.00", *[None] * 5],
        ["Quality", "grade", "fair to good\n$15,500 \u00b1 310.00", *[None] * 5],
    ]
    assert "for homes at $310,000" in table.note
    assert comparables.rates(sheet()) is None
    assert comparables.rates(sheet(rates=RATES[1:2])) is None


def test_what_differs_without_a_difference_in_dollars_is_named_once() -> None:
    one = comparable()
    nothing = {"subject": 3, "comparable": 2, "amount": 0, "rate": 0.0, "rate_error": 31.0, "per": "bedroom"}
    one["adjustments"].append({"name": "bedrooms", "label": "Bedrooms", "source": "Sales.", **nothing})
    unknown = {"subject": None, "comparable": 5_000, "amount": 0}
    one["adjustments"].append({"name": "lot_area_sqft", "label": "Lot area", "source": "Sales.", **unknown})
    other = comparable(weight=0.5)
    other["adjustments"] = one["adjustments"][:2]
    rows, note = lines(sheet(comparables=[one, other])), comparables.grid(sheet(comparables=[one, other])).note
    assert "Bedrooms" not in rows
    assert "Differs, but makes no difference to the price: Bedrooms." in note
    assert rows["Lot area"] == ["\u2013", "5,000"]
    other["adjustments"] = [{**one["adjustments"][3], "comparable": 5, "amount": -900, "rate": 450.0}]
    mixed = comparables.grid(sheet(comparables=[one, other]))
    cells = next(row for before, row in pairwise(mixed.rows) if before[0] == "Bedrooms")
    assert list(cells[2:4]) == ["0", "-2 \u00d7 $450.00 = -900"]
    assert "no difference" not in mixed.note


def test_the_comparables_that_weigh_most_are_shown_and_how_much_they_weigh() -> None:
    weights = [0.05, 0.0, 0.3, 0.0, 0.2, 0.1, 0.15, 0.2]
    whole = sheet(comparables=[comparable(weight=weight, distance_m=-1) for weight in weights])
    table = comparables.grid(whole)
    assert next(row for row in table.rows if row[0] == "Weight")[2:] == ["30%", "20%", "20%", "15%", "10%"]
    assert "The 5 of 8 comparables that weigh most are shown: 95% of the value." in table.note
    assert "comparables that weigh most" not in comparables.grid(sheet()).note
