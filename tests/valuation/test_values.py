"""Reading values: lists with filters and pages, sheets, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational
from tests.conftest import ClientOf
from tests.valuation import data
from tests.valuation.conftest import certify
from valuation import sheet
from valuation.flags import meaning
from valuation.models import PropertyValuation, ValuationJob


def listed(api: APIClient, run: ValuationJob, **query: Any) -> list[str]:
    response = api.get(reverse("valuation:values", args=[run.pk]), query)
    assert response.status_code == 200, response.content
    return [row["parcel_number"] for row in response.json()["results"]]


def test_the_list_and_its_filters(api: APIClient, run: ValuationJob) -> None:
    every = [f"000{number}" for number in range(6)]
    assert listed(api, run) == every
    assert listed(api, run, neighborhood="North") == every[::2]
    assert listed(api, run, parcel_number="0003") == ["0003"]
    assert listed(api, run, property_class="Farm") == []
    assert listed(api, run, flag="no_living_area") == listed(api, run, flagged="true") == ["0005"]
    assert listed(api, run, valued="true") == listed(api, run, flagged="false") == every[:-1]
    assert listed(api, run, valued="false") == ["0005"]
    assert listed(api, run, value_gte=302_000, value_lte=303_000) == ["0002", "0003"]
    assert listed(api, run, state="certified") == []
    for faulty in ({"state": "lost"}, {"value_gte": "many"}, {"colour": "red"}, {"page_size": 0}):
        assert api.get(reverse("valuation:values", args=[run.pk]), faulty).status_code == 400, faulty


def test_a_line_of_the_list(api: APIClient, run: ValuationJob, parcels: list[PropertyOperational]) -> None:
    PropertyOperational.objects.filter(pk=parcels[0].pk).update(parcel_number="12/3 A")
    PropertyValuation.objects.filter(property=parcels[0]).update(parcel_number="12/3 A", previous_value=250_000)
    row = api.get(reverse("valuation:values", args=[run.pk])).json()["results"][0]
    assert (row["value"], row["value_low"], row["value_high"]) == (300_000, 270_000, 330_000)
    assert (row["change"], row["change_percent"]) == (50_000, 20.0)
    assert "comparables" not in row
    assert api.get(row["sheet"]).json()["parcel_number"] == "12/3 A"
    last = api.get(reverse("valuation:values", args=[run.pk])).json()["results"][-1]
    assert (last["value"], last["change"]) == (None, None)
    assert last["flags"] == [{"code": "no_living_area", "meaning": meaning("no_living_area")}]


def test_pages(api: APIClient, run: ValuationJob) -> None:
    address, seen = reverse("valuation:values", args=[run.pk]) + "?page_size=4", []
    while address:
        page = api.get(address).json()
        seen += [row["parcel_number"] for row in page["results"]]
        address = page["next"]
    assert seen == [f"000{number}" for number in range(6)]


def test_query_counts_do_not_grow(api: APIClient, county: County, run: ValuationJob) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(address).status_code == 200
        return len(captured)

    address = reverse("valuation:values", args=[run.pk])
    few = queries(address)
    assert queries(address + "?page_size=2") == few

    rows = PropertyValuation.objects.filter(job=run).order_by("pk")
    with CaptureQueriesContext(connection) as one:
        list(sheet.sheets(rows[:1]))
    with CaptureQueriesContext(connection) as many:
        assert len(list(sheet.sheets(rows))) == 6
    assert len(many) == len(one)


def test_a_parcels_value(api: APIClient, county: County, run: ValuationJob, parcels: list[Any], assessor: Any) -> None:
    address = reverse("valuation:parcel-valuation", args=["0001"])
    answer = api.get(address, {"county_id": county.pk}).json()
    assert (answer["job_id"], answer["value"], answer["parcel"]["situs_address"]) == (str(run.pk), 301_000, "1 Main St")
    assert "SECRET" not in str(answer)
    newer = data.run_of(county)
    data.proposed(newer, parcels[1], value=333_000)
    data.proposed(data.run_of(county, status=Status.FAILED), parcels[1], value=1)
    assert api.get(address, {"county_id": county.pk}).json()["value"] == 333_000
    response = api.get(address, {"county_id": county.pk, "which": "certified"})
    assert response.status_code == 404
    certify(run, assessor, "0001")
    certified = api.get(address, {"county_id": county.pk, "which": "certified"}).json()
    assert (certified["value"], certified["state"], certified["effective_date"]) == (301_000, "certified", "2022-01-01")


@pytest.mark.parametrize("query", [{}, {"county_id": "COUNTY01", "which": "best"}])
def test_requests_that_are_wrong(api: APIClient, run: ValuationJob, query: dict[str, str]) -> None:
    assert api.get(reverse("valuation:parcel-valuation", args=["0001"]), query).status_code == 400


def test_rights(run: ValuationJob, county: County, viewer: Any, outsider: Any, client_of: ClientOf) -> None:
    addresses = [
        reverse("valuation:values", args=[run.pk]),
        reverse("valuation:sheet", args=[run.pk, "0001"]),
        reverse("valuation:parcel-valuation", args=["0001"]) + f"?county_id={county.pk}",
    ]
    for address in addresses:
        assert client_of(viewer).get(address).status_code == 200
        assert client_of(outsider).get(address).status_code == 404
        assert client_of(None).get(address).status_code == 401
        assert client_of(viewer).post(address, {}).status_code == 405
    missing = client_of(viewer).get(reverse("valuation:sheet", args=[run.pk, "9999"]))
    assert missing.status_code == 404


def test_pages_for_people(api: APIClient, run: ValuationJob) -> None:
    for address in (
        reverse("valuation:values", args=[run.pk]),
        reverse("valuation:decisions", args=[run.pk]),
        reverse("valuation:preview", args=[run.pk]),
        reverse("valuation:sheet", args=[run.pk, "0001"]),
        reverse("valuation:models"),
    ):
        assert api.get(address, headers={"Accept": "text/html"}).status_code == 200
