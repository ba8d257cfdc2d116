"""What the land's part of a value rests on, on the roll and on the record card."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from terrafusion.records.models import County, CountyAccess, PropertyOperational
from tests.conftest import MakeUser
from tests.reporting import pdfs
from tests.reporting.conftest import Make
from tests.valuation import data
from tests.valuation.conftest import certify, decided
from valuation.decisions.asked import DecisionRequest, ValueSelection
from valuation.models import Decision, Step

SOURCES = ("land_sales", "abstraction", "county_share")
WORDS = ["Land sales", "Abstraction", "County share"]


@pytest.fixture
def assessor(transactional_db: None, make_user: MakeUser, county: County) -> Any:
    return make_user("assessor", CountyAccess.Role.ASSESSOR, county)


@pytest.fixture
def parcels(county: County, assessor: Any) -> list[PropertyOperational]:
    """Six homes, the first three of which have certified values with land from three sources."""
    homes = data.homes(county, 6)
    PropertyOperational.objects.update(tax_year=2021)
    run = data.run_of(county)
    for home, source in zip(homes, SOURCES, strict=False):
        data.proposed(run, home, value=300_000, land_source=source)
    certify(run, assessor, "0000", "0001", "0002")
    return homes


def rows_of(make: Make, report: str, block: str, **parameters: Any) -> list[dict[str, Any]]:
    _, path = make(report, "json", **parameters)
    document = json.loads(path.read_text())
    blocks = [one for part in document["blocks"] for one in part.get("blocks", [part])]
    rows_read = []
    for table in (one for one in blocks if one.get("name") == block):
        names = [column["name"] for column in table["columns"]]
        rows_read += [dict(zip(names, row, strict=True)) for row in table["rows"]]
    return rows_read


@pytest.mark.parametrize("parameters", [{}, {"tax_year": 2022}])
def test_the_roll_says_it_of_values_that_were_certified_here(
    make: Make, parcels: list[PropertyOperational], parameters: dict[str, Any]
) -> None:
    rows = rows_of(make, "assessment_roll", "parcels", **parameters)
    loaded = 0 if parameters else 3
    assert [row["land_source"] for row in rows] == [*WORDS, *[None] * loaded]
    assert [row["land"] for row in rows[:3]] == [100_000] * 3
    text = pdfs.text_of(make("assessment_roll", "pdf", **parameters)[1])
    for words in ("Land from", *WORDS):
        assert words in text


def test_a_revoked_value_takes_its_source_along(
    make: Make, county: County, parcels: list[PropertyOperational], assessor: Any
) -> None:
    decision = Decision.objects.get(step=Step.CERTIFY)
    request = DecisionRequest(Step.REVOKE, ValueSelection(parcels=("0001",)), "A mistake.", decision=decision)
    decided(decision.job, assessor, request)
    rows = rows_of(make, "assessment_roll", "parcels")
    assert [row["land_source"] for row in rows][:3] == [WORDS[0], None, WORDS[2]]


def test_a_roll_that_was_loaded_has_no_such_column(make: Make, county: County, transactional_db: None) -> None:
    data.homes(county, 3)
    text = pdfs.text_of(make("assessment_roll", "pdf")[1])
    assert "Land from" not in text


def test_a_value_that_is_not_yet_in_effect_lends_it_to_no_other(
    make: Make, county: County, assessor: Any, parcels: list[PropertyOperational]
) -> None:
    later = data.run_of(county, valuation_date=date(2199, 1, 1))
    data.proposed(later, parcels[3], value=500_000, land_source="land_table")
    certify(later, assessor, "0003", day=date(2199, 1, 1))
    assert [row["land_source"] for row in rows_of(make, "assessment_roll", "parcels")][3] is None


def test_the_card_says_it_of_the_value_on_record_and_of_the_history(
    make: Make, boss: APIClient, parcels: list[PropertyOperational]
) -> None:
    area = {"type": "parcels", "parcels": ["0001"]}
    _, path = make("property_record_card", "pdf", boss, area=area)
    text = " ".join(pdfs.text_of(path).split())
    assert "Land comes from By abstraction: prices of the neighborhood's homes" in text
    history = rows_of(make, "property_record_card", "value_history", area=area)
    assert [row["land_source"] for row in history] == ["Abstraction"]
