"""What a county says of characteristics and of land's share, from its settings to the values of a run."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.history.track import edit_model_of
from terrafusion.jobs import runner
from terrafusion.jobs.states import Status
from terrafusion.records import settings_validators
from terrafusion.records.models import County, CountySettings, PropertyOperational
from tests.valuation import data
from valuation import monotone, sheet
from valuation.fingerprint import fingerprint
from valuation.models import PropertyValuation, ValuationJob, ValuationModel


def address(county: County) -> str:
    return f"/api/v1/counties/{county.pk}/settings"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("monotone_characteristics", {"year_built": "rising", "condition": "rising", "stories": "falling"}),
        ("land_shares", {"Residential": 0.3, "4*": 0, "*": 1}),
    ],
)
def test_a_setting_is_edited_over_rest_and_the_edit_is_kept(
    county: County, client_of: Any, manager: Any, name: str, given: dict[str, Any]
) -> None:
    api = client_of(manager)
    answer = api.patch(address(county), {name: given}, format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()[name] == api.get(address(county)).json()[name] == given
    edits: Any = edit_model_of(CountySettings)
    edit = edits.objects.order_by("pgh_id").last()
    assert getattr(edit, name) == given
    assert edit.pgh_context["username"] == "manager"


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("monotone_characteristics", ["year_built"], "Give an object by characteristic"),
        ("monotone_characteristics", {"year_bilt": "rising"}, "Did you mean 'year_built'?"),
        ("monotone_characteristics", {"neighborhood": "rising"}, "Unknown characteristic 'neighborhood'"),
        ("monotone_characteristics", {"total_value": "rising"}, "Unknown characteristic 'total_value'"),
        ("monotone_characteristics", {"stories": "up"}, "stories: give rising or falling."),
        ("monotone_characteristics", {"stories": []}, "stories: give rising or falling."),
        ("land_shares", [0.3], "Give an object by class"),
        ("land_shares", {"*": 30}, "from 0 to 1"),
        ("land_shares", {"*": -0.1}, "from 0 to 1"),
        ("land_shares", {"*": True}, "from 0 to 1"),
        ("land_shares", {"*": "0.3"}, "from 0 to 1"),
        ("land_shares", {"*R": 0.3}, "one star at the end"),
        ("land_shares", {"": 0.3}, "is no class"),
    ],
)
def test_faults_are_named(county: County, client_of: Any, manager: Any, name: str, given: Any, message: str) -> None:
    assert message in settings_validators.faults(CountySettings(county=county, **{name: given}))[name]
    if given not in ({"*": True}, {"*": "0.3"}):  # which REST reads as the numbers that they stand for
        assert client_of(manager).patch(address(county), {name: given}, format="json").status_code == 400


def test_the_interface_describes_them(client_of: Any, manager: Any) -> None:
    schema = client_of(manager).get("/api/v1/schema", {"format": "json"}).json()["components"]["schemas"]
    described = schema["CountySettings"]["properties"]
    share = described["land_shares"]["additionalProperties"]
    assert (share["minimum"], share["maximum"]) == (0, 1)
    way = described["monotone_characteristics"]["additionalProperties"]
    assert set(way["enum"]) == {"rising", "falling"}


def test_only_what_has_an_order_can_be_held_to_it() -> None:
    assert {"living_area_sqft", "lot_area_sqft", "quality", "condition", "bathrooms", "year_built"} <= {*monotone.NAMES}
    assert not {"neighborhood", "use_code", "zoning", "property_class", "total_value"} & {*monotone.NAMES}


@pytest.fixture
def sold(transactional_db: None, county: County) -> list[PropertyOperational]:
    """Homes whose old ones are the dear ones, in words for their condition."""
    parcels = data.homes(county, 300)
    data.sales(county, parcels, 500)
    for number, parcel in enumerate(parcels):
        parcel.year_built = 2009 - int((parcel.living_area_sqft or 0) // 40)
        parcel.condition = "good" if number % 3 else "poor"
    PropertyOperational.objects.bulk_update(parcels, ["year_built", "condition"])
    return parcels


def ran(api: APIClient, county: County, method: str) -> ValuationJob:
    body = {
        "valuation_method": method,
        "county_id": county.pk,
        "valuation_date": str(data.VALUATION_DATE),
        "scope": "all",
    }
    response = api.post(reverse("valuation:run"), body, format="json")
    assert response.status_code == 202, response.content
    runner.run("valuation.ValuationJob", response.data["job_id"])
    job: ValuationJob = ValuationJob.objects.get(pk=response.data["job_id"])
    assert job.status == Status.COMPLETED, job.message
    return job


def test_a_run_keeps_to_the_countys_settings(api: APIClient, county: County, sold: list[PropertyOperational]) -> None:
    before = ran(api, county, "mass_appraisal")
    CountySettings.objects.update_or_create(
        county=county,
        defaults={
            "monotone_characteristics": {"year_built": "rising", "condition": "rising"},
            "land_shares": {"Resi*": 0.25},
        },
    )
    assert fingerprint(before) != before.fingerprint
    job = ran(api, county, "mass_appraisal")
    note = "The records have condition in words, which have no order: values are not held to one."
    assert note in job.result_summary["notes"]
    assert note in job.message
    assert ValuationModel.objects.get(job=job).card["values_only"] == {"year_built": "rise"}
    assert {"year_built"} & set(_falling(before))
    assert not {"year_built"} & set(_falling(job))
    rows = list(PropertyValuation.objects.filter(job=job))
    for row in rows:
        assert row.value is not None
        assert row.land_value is not None
        assert row.land_source == "county_share"
        assert abs(row.land_value - row.value / 4) <= 100
    source = sheet.sheet(rows[0])["land_source"]
    assert source["meaning"] == "By allocation: the share of land in such values that the county has set for the class."
    assert job.result_summary["land"]["set_shares"] == {"Resi*": 0.25}
    assert job.result_summary["land"]["parcels"] == {"county_share": 300}
    assert set(PropertyValuation.objects.filter(job=before).values_list("land_source", flat=True)) == {"no_evidence"}


def _falling(job: ValuationJob) -> list[str]:
    """The lines of the run's grids that count more against a home."""
    falling = []
    for row in PropertyValuation.objects.filter(job=job):
        for one in row.comparables:
            for name, (*_, rate, _error) in one["adjustments"].items():
                if rate is not None and rate < 0:
                    falling.append(name)
    return falling
