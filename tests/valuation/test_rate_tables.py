"""A county's tables of rates over REST: read by everyone with a right to the county, edited by its managers."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from terrafusion.records.models import County
from tests.conftest import MakeUser
from valuation.models import SCHEDULES, CostRate

TABLE = "/api/v1/valuation/rate-tables/cost"
FIGURES = {
    "cost": {"size_sqft": 1_000, "rate_per_sqft": 150},
    "life": {"economic_life_years": 60},
    "land": {"base_lot_sqft": 5_000, "base_value": 100_000},
    "rents": {"rent_per_sqft_year": 20},
    "rates": {"vacancy_percent": 5, "expense_percent": 35, "cap_rate_percent": 6},
    "multipliers": {"gross_rent_multiplier": 12},
}


def row(county: County, table: str = "cost", **more: Any) -> dict[str, Any]:
    return {"county_id": county.pk, "effective_from": "2024-01-01", **FIGURES[table], **more}


@pytest.fixture
def sign_in(make_user: MakeUser, county: County) -> Any:
    def signed_in(role: str) -> APIClient:
        client = APIClient()
        client.force_authenticate(make_user(f"the {role}", role, county))
        return client

    return signed_in


@pytest.mark.parametrize("table", SCHEDULES)
def test_a_manager_adds_changes_and_removes_a_row_of_each_table(sign_in: Any, county: County, table: str) -> None:
    manager, address = sign_in("manager"), f"/api/v1/valuation/rate-tables/{table}"
    made = manager.post(address, row(county, table))
    assert made.status_code == 201, made.content
    one = f"{address}/{made.json()['id']}"
    changed = manager.patch(one, {"source": "Board of January 2024"})
    assert (changed.status_code, changed.json()["source"]) == (200, "Board of January 2024"), changed.content
    listed = manager.get(address, {"county_id": county.pk}).json()["results"]
    assert [entry["id"] for entry in listed] == [made.json()["id"]]
    assert manager.delete(one).status_code == 204
    assert not SCHEDULES[table]._default_manager.exists()


def test_rows_are_read_by_viewers_and_edited_by_managers_only(sign_in: Any, county: County) -> None:
    one = sign_in("manager").post(TABLE, row(county)).json()
    analyst = sign_in("analyst")
    assert analyst.get(f"{TABLE}/{one['id']}").json()["rate_per_sqft"] == 150
    answers = [
        analyst.post(TABLE, row(county, size_sqft=2_000)),
        analyst.patch(f"{TABLE}/{one['id']}", {"rate_per_sqft": 1}),
        analyst.delete(f"{TABLE}/{one['id']}"),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert {answer.json()["detail"] for answer in answers} == {f"Requires the manager role in {county.pk}."}
    assert CostRate.objects.get().rate_per_sqft == 150


def test_a_stranger_sees_no_row_and_adds_none(sign_in: Any, make_user: MakeUser, county: County) -> None:
    one = sign_in("manager").post(TABLE, row(county)).json()
    client = APIClient()
    client.force_authenticate(make_user("stranger"))
    assert client.get(TABLE).json()["results"] == []
    assert client.patch(f"{TABLE}/{one['id']}", {"rate_per_sqft": 1}).status_code == 404
    assert client.post(TABLE, row(county, size_sqft=2_000)).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rate_per_sqft": 0}, "rate_per_sqft"),
        ({"size_sqft": -5}, "size_sqft"),
        ({"effective_from": "2024-02-30"}, "effective_from"),
        ({"quality": "q" * 50}, "quality"),
    ],
)
def test_a_row_that_is_wrong_is_refused_by_its_field(
    sign_in: Any, county: County, wrong: dict[str, Any], field: str
) -> None:
    answer = sign_in("manager").post(TABLE, row(county, **wrong))
    assert answer.status_code == 400
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not CostRate.objects.exists()


def test_two_rows_for_the_same_thing_and_day_are_refused(sign_in: Any, county: County) -> None:
    manager = sign_in("manager")
    first = manager.post(TABLE, row(county)).json()
    assert manager.post(TABLE, row(county, rate_per_sqft=160)).status_code == 400
    second = manager.post(TABLE, row(county, size_sqft=2_000)).json()
    assert manager.patch(f"{TABLE}/{second['id']}", {"size_sqft": 1_000}).status_code == 400
    assert manager.patch(f"{TABLE}/{first['id']}", {"rate_per_sqft": 155}).status_code == 200


def test_a_row_stays_in_its_county(sign_in: Any, county: County, other_county: County) -> None:
    manager = sign_in("manager")
    one = manager.post(TABLE, row(county)).json()
    assert manager.patch(f"{TABLE}/{one['id']}", {"county_id": other_county.pk}).status_code == 400
