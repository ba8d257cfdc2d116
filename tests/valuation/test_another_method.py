"""A method that an app registers is known everywhere: REST, schema, filters, the run, sheets, and reports."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from reporting.document.labels import label
from terrafusion.jobs import runner
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational
from tests.valuation import data, gross_rent
from valuation import methods
from valuation.methods import registry
from valuation.models import PropertyValuation, ValuationJob


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_methods", dict(registry._methods))
    methods.register(gross_rent.METHOD)


def _body(county: County, **parameters: Any) -> dict[str, Any]:
    return {
        "valuation_method": "gross_rent",
        "county_id": county.pk,
        "valuation_date": str(data.VALUATION_DATE),
        "scope": "all",
        "parameters": parameters,
    }


def test_a_run_of_another_method(transactional_db: None, api: APIClient, county: County) -> None:
    parcels = data.homes(county, 20)
    data.sales(county, parcels, 40)
    response = api.post(reverse("valuation:run"), _body(county, multiplier=11), format="json")
    assert response.status_code == 202, response.content
    runner.run("valuation.ValuationJob", response.data["job_id"])
    job = ValuationJob.objects.get(pk=response.data["job_id"])
    assert job.status == Status.COMPLETED, job.message
    rows = {row.parcel_number: row for row in PropertyValuation.objects.filter(job=job)}
    assert len(rows) == len(parcels)
    step = job.result_summary["rounded_to"]
    for parcel in parcels:
        expected = gross_rent.RENT * (parcel.living_area_sqft or 0) * 11
        assert abs((rows[parcel.parcel_number].value or 0) - expected) <= step / 2

    sheet = api.get(reverse("valuation:sheet", args=[job.pk, parcels[0].parcel_number])).json()
    own = next(one for one in sheet["approaches"] if one["approach"] == "gross_rent")
    assert list(own["lines"]) == ["rent", "value"]
    meanings = {flag["code"]: flag["meaning"] for flag in sheet["flags"]}
    assert meanings["rent_assumed"] == gross_rent.METHOD.flags["rent_assumed"]
    listed = api.get(reverse("valuation:jobs"), {"valuation_method": "gross_rent"}).json()["results"]
    assert [one["job_id"] for one in listed] == [str(job.pk)]
    assert label("gross_rent") == "Gross rent"
    assert label("rent_assumed") == "Rent assumed"
    assert job.get_valuation_method_display() == gross_rent.METHOD.label


def test_its_requests_are_checked(db: None, api: APIClient, county: County) -> None:
    data.homes(county, 5)
    body = {**_body(county, multiplier=31, calibrate=True), "valuation_date": None}
    response = api.post(reverse("valuation:run"), body, format="json")
    assert response.status_code == 400
    faults = {error["field"] for error in response.json()["errors"]}
    assert faults == {"valuation_date", "parameters.multiplier", "parameters.calibrate"}
    form = api.get(reverse("valuation:run"), headers={"Accept": "text/html"}).content.decode()
    assert gross_rent.METHOD.label in form


def test_what_it_lacks_is_reported_when_it_is_submitted(db: None, api: APIClient, county: County) -> None:
    data.homes(county, 5)
    PropertyOperational.objects.update(living_area_sqft=None)
    response = api.post(reverse("valuation:run"), _body(county), format="json")
    assert response.status_code == 400
    assert [error["detail"] for error in response.json()["errors"]] == ["Load parcels with a living area."]


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="registered already"):
        methods.register(gross_rent.METHOD)
