"""Sales screening: each exclusion with its reason, and the frame that is read from the database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from django.contrib.gis.geos import Point, Polygon

from terrafusion.records.errors import InvalidRules
from terrafusion.records.models import County, CountySettings, PropertyOperational, Sale
from terrafusion.records.sales import frame
from terrafusion.records.sales.frame import SalesQuery
from terrafusion.records.sales.rules import Rules
from terrafusion.records.sales.screening import REASONS, screen
from terrafusion.records.settings_validators import faults

AS_OF = date(2020, 12, 31)


def sales(*rows: dict[str, Any]) -> pd.DataFrame:
    plain = {
        "sale_date": "2020-05-01",
        "sale_price": 300_000,
        "deed_code": "WD",
        "validity_code": "1",
        "multi_parcel": False,
        "property_class": "R",
        "living_area_sqft": 1500.0,
        "year_built": 1950.0,
        "effective_year_built": 1950.0,
    }
    frame = pd.DataFrame([{**plain, "parcel_number": f"P{number}", **row} for number, row in enumerate(rows)])
    return frame.assign(sale_date=pd.to_datetime(frame["sale_date"]))


@pytest.mark.parametrize(
    ("row", "rules", "reason"),
    [
        ({}, {}, ""),
        ({"sale_date": None}, {}, "no_date"),
        ({"sale_date": "2021-01-01"}, {}, "future_date"),
        ({"sale_date": "2020-12-31"}, {}, ""),
        ({"sale_price": -5}, {}, "no_price"),
        ({"sale_price": 0}, {}, "no_price"),
        ({"sale_price": 9_999}, {}, "below_lowest_price"),
        ({"sale_price": 9_999}, {"min_price": 9_999}, ""),
        ({"sale_price": 2_000_000}, {"max_price": 1_000_000}, "above_highest_price"),
        ({"multi_parcel": True}, {}, "multi_parcel"),
        ({"multi_parcel": True}, {"multi_parcel": True}, ""),
        ({"validity_code": "2"}, {"valid_codes": ["1"]}, "not_arms_length"),
        ({"validity_code": ""}, {"valid_codes": ["1"]}, "not_arms_length"),
        ({"validity_code": " f1 "}, {"invalid_codes": ["F1"]}, "not_arms_length"),
        ({"deed_code": "qcd"}, {}, "deed_not_market"),
        ({"deed_code": "qcd"}, {"excluded_deeds": []}, ""),
        ({"year_built": 2021.0}, {}, "built_later"),
        ({"year_built": float("nan")}, {}, ""),
    ],
)
def test_a_sale_and_its_reason(row: dict[str, Any], rules: dict[str, Any], reason: str) -> None:
    screened = screen(sales(row), Rules.parse(rules), AS_OF)
    assert screened.reasons.tolist() == [reason]
    assert len(screened.kept) == (reason == "")
    assert screened.counts == ({reason: 1} if reason else {})


def test_duplicates_and_flips() -> None:
    def pair(number: str, first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
        early = {"parcel_number": number, "sale_date": "2020-01-10", **first}
        return [early, {"parcel_number": number, "sale_date": "2020-09-10", "sale_price": 500_000, **second}]

    rows = [
        *pair("renewed", {"effective_year_built": 2020.0}, {"effective_year_built": 2020.0}),
        *pair("enlarged", {}, {"living_area_sqft": 2500.0}),
        *pair("unchanged", {}, {}),
        *pair("late", {"sale_date": "2018-01-10"}, {"living_area_sqft": 2500.0}),
        {"parcel_number": "twice"},
        {"parcel_number": "twice"},
    ]
    screened = screen(sales(*rows), Rules(), AS_OF)
    assert screened.reasons.tolist() == ["flip", "", "flip", "", "resale_jump", "resale_jump", "", "", "", "duplicate"]
    assert screen(sales(*rows), Rules(flip_rise=0), AS_OF).reasons.tolist()[4:6] == ["", ""]
    assert screen(sales(*rows), Rules(flip_rise=0.7), AS_OF).reasons.tolist()[4:6] == ["", ""]
    assert screen(sales(*rows), Rules(flip_days=0), AS_OF).counts == {"duplicate": 1}


def test_outliers_by_class_and_year() -> None:
    steady = [{"sale_price": 300_000 + 1_000 * step} for step in range(30)]
    dear = {"sale_price": 3_000_000}
    few = [{"property_class": "C", "sale_price": 10**step * 20_000} for step in range(4)]  # too few to compare
    screened = screen(sales(*steady, dear, {"sale_price": 20_000}, *few), Rules(), AS_OF)
    assert screened.counts == {"outlier": 2}
    assert screened.reasons.tolist()[30:32] == ["outlier", "outlier"]
    assert screen(sales(*steady, dear), Rules(outlier_iqr=0), AS_OF).counts == {}


def test_every_exclusion_adds_up_and_is_explained() -> None:
    summary = screen(sales({}, {"sale_price": -1}, {"multi_parcel": True, "sale_price": -1}), Rules(), AS_OF).summary()
    assert (summary["sales"], summary["kept"]) == (3, 1)
    assert summary["excluded"] == [{"reason": "no_price", "sales": 2, "meaning": REASONS["no_price"]}]
    empty = screen(sales({})[:0], Rules(), AS_OF)
    assert (len(empty.kept), empty.counts) == (0, {})


def test_faulty_rules_are_all_named(db: None, county: County) -> None:
    given = {"valid_codes": "1", "min_price": -1, "flip_days": True, "outlier_iqr": "x", "colour": 1}
    with pytest.raises(InvalidRules) as refused:
        Rules.parse(given)
    assert set(refused.value.faults) == set(given)
    with pytest.raises(InvalidRules, match="below the lowest"):
        Rules.parse({"min_price": 5, "max_price": 4})
    assert "min_price" in faults(CountySettings(county=county, sales_screening={"min_price": 1.5}))["sales_screening"]
    CountySettings.objects.create(county=county, sales_screening={"valid_codes": ["1"]})
    assert frame.rules_of(county.pk) == Rules(valid_codes=("1",))
    assert Rules.parse(Rules(max_price=7_000_000).as_dict()) == Rules(max_price=7_000_000)


def test_frame(county: County, other_county: County) -> None:
    text = 'N"1,\n2'
    home = PropertyOperational.objects.create(
        county=county, parcel_number="1", neighborhood=text, living_area_sqft=1500.5, year_built=1950,
        property_class="R", point=Point(-122, 47),
    )  # fmt: skip
    for number, (where, day, price) in enumerate(
        [(county, "2020-03-02", 5), (county, "2019-03-02", 4), (other_county, "2020-01-01", 3)]
    ):
        Sale.objects.create(
            county=where,
            sale_id=str(number),
            parcel_number="1",
            sale_date=day,
            sale_price=price,
            multi_parcel=number == 0,
        )
    Sale.objects.filter(sale_id="0").update(property=home)

    sales = frame.read(SalesQuery(county.pk))
    assert sales["sale_price"].tolist() == [4, 5]
    assert sales["neighborhood"].tolist() == ["", text]
    assert sales["multi_parcel"].tolist() == [False, True]
    assert sales["sale_date"].dt.year.tolist() == [2019, 2020]
    assert sales["living_area_sqft"].isna().tolist() == [True, False]
    assert sales["longitude"].tolist()[1] == -122
    assert screen(sales, Rules(min_price=0), AS_OF).counts == {"multi_parcel": 1}

    assert len(frame.read(SalesQuery(county.pk, start=date(2019, 3, 2), end=date(2019, 3, 2)))) == 1
    assert frame.read(SalesQuery(county.pk, property_classes=["R"]))["inside"].tolist() == [False, True]
    square = Polygon.from_bbox((-122.1, 46.9, -121.9, 47.1))
    square.srid = 4326
    assert frame.read(SalesQuery(county.pk, area=square))["inside"].tolist() == [False, True]
    nothing = frame.read(SalesQuery("NOWHERE"))
    assert len(nothing) == 0
    assert screen(nothing, Rules(), AS_OF).summary() == {"sales": 0, "kept": 0, "excluded": []}
