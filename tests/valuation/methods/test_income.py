"""The income approach by hand."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from valuation.income import IncomeApproach, IncomeTables, prepare

DAY = datetime.date(2022, 1, 1)
HOME: dict[str, Any] = {"property_class": "Commercial", "use_code": "office", "neighborhood": "", "quality": ""}
NOTHING = pd.DataFrame({"sale_price": [], "sale_date": pd.to_datetime([])})


def table(figures: dict[str, float], **key: str) -> dict[str, Any]:
    return {"effective_from": "2020-01-01", "property_class": "", "use_code": "", "neighborhood": "", **key, **figures}


RENT = {"rent_per_sqft_year": 20.0, "other_income_per_sqft_year": 1.0}
RATE = {
    "vacancy_percent": 10.0,
    "expense_percent": 30.0,
    "reserves_per_sqft_year": 0.3,
    "cap_rate_percent": 7.0,
    "tax_rate_percent": 1.0,
}


def approach(
    rates: list[dict[str, Any]] | None = None, multipliers: list[dict[str, Any]] | None = None
) -> IncomeApproach:
    columns = ["effective_from", "property_class", "use_code", "neighborhood"]
    tables = IncomeTables.of(
        pd.DataFrame([table(RENT, quality="")]),
        pd.DataFrame([table(RATE)] if rates is None else rates, columns=[*columns, *RATE]),
        pd.DataFrame(multipliers or [], columns=[*columns, "gross_rent_multiplier"]),
        DAY,
    )
    return prepare(NOTHING, tables, DAY)


def homes(*areas: float) -> pd.DataFrame:
    return pd.DataFrame([{**HOME, "living_area_sqft": area, "parcel_number": str(n)} for n, area in enumerate(areas)])


def test_direct_capitalization_line_by_line() -> None:
    valued = approach().value(homes(1000.0))
    line = valued.lines.loc[0]
    assert line["potential_gross_income"] == 20_000
    assert line["effective_gross_income"] == 20_000 - 2_000 + 1_000
    assert line["expenses"] == pytest.approx(5_700)
    assert line["net_operating_income"] == pytest.approx(19_000 - 5_700 - 300)
    assert line["cap_rate_percent"] == 8
    assert valued.values.values.loc[0, "value"] == pytest.approx(13_000 / 0.08)
    assert line["method"] == "direct_capitalisation"


def test_the_multiplier_where_there_is_no_rate() -> None:
    multipliers = [table({"gross_rent_multiplier": 9.0}), table({"gross_rent_multiplier": 11.0}, use_code="office")]
    valued = approach(rates=[], multipliers=multipliers).value(homes(1000.0))
    assert valued.values.values.loc[0, "value"] == 220_000
    assert valued.lines.loc[0, "method"] == "gross_rent_multiplier"
    both = approach(multipliers=multipliers).value(homes(1000.0)).lines.loc[0]
    assert (both["method"], both["value_by_multiplier"]) == ("direct_capitalisation", 220_000)


def test_what_is_missing_is_said() -> None:
    valued = approach().value(homes(1000.0, np.nan, -5.0))
    assert valued.values.refused.to_dict() == {1: "no_income", 2: "no_income"}
    assert approach(rates=[]).value(homes(1000.0)).values.refused.to_dict() == {0: "no_rates"}
    losing = [table({**RATE, "expense_percent": 100.0})]
    assert approach(rates=losing).value(homes(1000.0)).values.refused.to_dict() == {0: "negative_income"}
    assert len(approach().value(homes()).values.values) == 0
