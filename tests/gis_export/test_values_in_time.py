"""``as_of``, ``changed_since`` and the latest sound sale: what the file holds, and what the request is refused for."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from gis_export.models import GisExportJob
from gis_export.parameters import assessment
from gis_export.selection import LayerSelection
from terrafusion.jobs import runner
from terrafusion.records import county_time
from terrafusion.records.models import County, CountySettings, PropertyOperational, PropertyValueHistory, Sale
from terrafusion.records.sales.frame import rules_of
from tests.gis_export import data
from tests.gis_export.conftest import URL, run_export

VALUES = ("land_value", "improvement_value", "total_value", "exemptions", "tax_year")
# By parcel: (effective date, tax year, total value); the value of the roll is the last.
HISTORY: dict[str, list[tuple[str, int, int]]] = {
    "steady": [("2020-01-01", 2020, 100), ("2022-01-01", 2022, 100), ("2024-01-01", 2024, 100)],
    "risen": [("2020-01-01", 2020, 100), ("2022-01-01", 2022, 150), ("2024-01-01", 2024, 200)],
    "corrected": [("2022-01-01", 2021, 300), ("2022-01-01", 2022, 310)],  # two rolls of one day
    "new": [("2023-06-01", 2023, 500)],
    "never": [],
}


@pytest.fixture
def valued(transactional_db: None, county: County) -> County:
    for i, (number, rows) in enumerate(HISTORY.items()):
        parcel = PropertyOperational.objects.create(
            county=county,
            parcel_number=number,
            total_value=rows[-1][2] if rows else 7,
            land_value=1,
            tax_year=2024,
            geometry=data.shape(data.outline(i + 5)),
        )
        for day, year, value in rows:
            PropertyValueHistory.objects.create(
                county=county,
                property=parcel,
                effective_date=day,
                tax_year=year,
                total_value=value,
                land_value=1,
                exemptions=None,
            )
    return county


def export(api: APIClient, county: County, **parameters: Any) -> tuple[GisExportJob, dict[str, dict[str, Any]]]:
    """The job, and the attributes of its parcels by number."""
    job = run_export(api, county, "GeoJSON", ["parcels"], parameters=parameters)
    assert job.status == "COMPLETED", job.message
    with default_storage.open(job.result_file) as file:
        properties_of_all = [feature["properties"] for feature in json.load(file)["features"]]
    return job, {properties["parcel_number"]: properties for properties in properties_of_all}


@pytest.mark.parametrize(
    ("day", "totals"),
    [
        ("2019-12-31", {}),
        ("2020-01-01", {"steady": 100, "risen": 100}),
        ("2021-12-31", {"steady": 100, "risen": 100}),
        ("2022-01-01", {"steady": 100, "risen": 150, "corrected": 310}),
        ("2030-01-01", {"steady": 100, "risen": 200, "corrected": 310, "new": 500}),
    ],
)
def test_values_as_they_were(api: APIClient, valued: County, day: str, totals: dict[str, int]) -> None:
    job, by_number = export(api, valued, as_of=day)
    assert set(by_number) == set(HISTORY)
    assert {number: row["total_value"] for number, row in by_number.items()} == dict.fromkeys(HISTORY) | totals
    assert all((by_number[number]["tax_year"] is None) is (number not in totals) for number in HISTORY)
    (layer,) = job.result_summary["layers"]
    assert layer["reconciliation"]["source"]["sums"]["total_value"] == sum(totals.values())
    lost = {loss["detail"]: loss["count"] for loss in layer["losses"]}
    assert lost.pop("Coordinates are rounded to 7 decimals.") is None  # as in all GeoJSON
    assert lost == {f"Records had no value on {day}: theirs are absent.": len(HISTORY) - len(totals)}
    assert job.result_summary["request"]["resolved"]["as_of"] == day
    assert layer["fields"] == list(by_number["steady"])


def test_conditions_are_on_the_values_of_the_day(api: APIClient, valued: County) -> None:
    where = [{"field": "total_value", "op": ">=", "value": 150}]
    assert set(export(api, valued, where=where)[1]) == {"risen", "corrected", "new"}
    assert set(export(api, valued, where=where, as_of="2022-01-01")[1]) == {"risen", "corrected"}
    absent = [{"field": "total_value", "op": "is_null"}]
    assert set(export(api, valued, where=absent, as_of="2022-01-01")[1]) == {"new", "never"}
    _, by_number = export(api, valued, fields=["tax_year", "parcel_number"], as_of="2022-01-01")
    assert by_number["corrected"] == {"tax_year": 2022, "parcel_number": "corrected"}


@pytest.mark.parametrize(
    ("since", "as_of", "changed"),
    [
        ("2019-01-01", None, {"steady", "risen", "corrected", "new"}),
        ("2020-01-01", None, {"risen", "corrected", "new"}),
        ("2022-01-01", None, {"risen", "new"}),
        ("2023-12-31", None, {"risen"}),
        ("2024-01-01", None, set()),
        ("2020-06-01", "2022-06-01", {"risen", "corrected"}),
        ("2022-01-01", "2023-07-01", {"new"}),
    ],
)
def test_changed_since(api: APIClient, valued: County, since: str, as_of: str | None, changed: set[str]) -> None:
    asked = {"changed_since": since} | ({"as_of": as_of} if as_of else {})
    assert set(export(api, valued, **asked)[1]) == changed
    body = {"export_format": "GeoJSON", "county_id": valued.pk, "layers": ["parcels"], "parameters": asked}
    assert api.post(f"{URL}/estimate", body, format="json").json()["records"] == len(changed)


def test_other_layers_are_as_they_are(api: APIClient, valued: County) -> None:
    Sale.objects.create(county=valued, sale_id="1", parcel_number="new", sale_date="2024-01-01", sale_price=1)
    asked = {"as_of": "2023-01-01", "changed_since": "2022-12-31", "include_assessment_data": True}
    job = run_export(api, valued, "GeoPackage", ["parcels", "sales"], parameters=asked)
    assert job.status == "COMPLETED", job.message
    assert [layer["records"] for layer in job.result_summary["layers"]] == [0, 1]


@pytest.mark.parametrize(
    ("parameters", "layers", "at", "words"),
    [
        ({"as_of": "2024-13-01"}, ["parcels"], "parameters.as_of", "such as 2024-12-31"),
        ({"as_of": 2024}, ["parcels"], "parameters.as_of", "such as 2024-12-31"),
        ({"changed_since": "yesterday"}, ["parcels"], "parameters.changed_since", "such as 2024-12-31"),
        ({"as_of": "2024-01-01"}, ["sales"], "parameters.as_of", "applies to parcels only: add them to layers"),
        (
            {"as_of": "2024-01-01", "changed_since": "2024-01-01"},
            ["parcels"],
            "parameters.changed_since",
            "before as_of, 2024-01-01",
        ),
    ],
)
def test_faults(api: APIClient, county: County, parameters: Any, layers: list[str], at: str, words: str) -> None:
    body = {"export_format": "CSV", "county_id": county.pk, "layers": layers, "parameters": parameters}
    response = api.post(f"{URL}/estimate", body, format="json")
    assert response.status_code == 400
    errors = {error["field"]: error["detail"] for error in response.json()["errors"]}
    assert words in errors[at]


def sold(county: County, number: str, day: str, price: int, **more: Any) -> None:
    parcel = PropertyOperational.objects.get(county=county, parcel_number=number)
    Sale.objects.create(
        county=county,
        sale_id=f"{number}-{day}-{price}",
        parcel_number=number,
        property=parcel,
        sale_date=day,
        sale_price=price,
        **more,
    )


@pytest.fixture
def traded(valued: County) -> County:
    CountySettings.objects.create(county=valued, sales_screening={"invalid_codes": ["X"], "outlier_iqr": 0})
    sold(valued, "steady", "2021-05-01", 250_000, deed_code="WD")
    sold(valued, "steady", "2023-05-01", 1)  # below the floor
    sold(valued, "risen", "2021-05-01", 250_000)
    sold(valued, "risen", "2023-05-01", 300_000)
    sold(valued, "corrected", "2023-05-01", 300_000, validity_code="x")
    sold(valued, "new", "2999-01-01", 300_000)
    return valued


def sales_of(by_number: dict[str, dict[str, Any]]) -> dict[str, tuple[str, int]]:
    return {
        number: (row["last_valid_sale_date"], row["last_valid_sale_price"])
        for number, row in by_number.items()
        if row["last_valid_sale_id"] is not None
    }


def test_the_latest_sound_sale_is_joined(api: APIClient, traded: County) -> None:
    job, by_number = export(api, traded, include_assessment_data=True, fields=["parcel_number", "total_value"])
    assert set(by_number) == set(HISTORY)
    assert sales_of(by_number) == {"steady": ("2021-05-01", 250_000), "risen": ("2023-05-01", 300_000)}
    assert list(by_number["steady"]) == ["parcel_number", "total_value", *(f.name for f in assessment.SALE_FIELDS)]
    assert by_number["steady"]["last_valid_sale_deed"] == "WD"
    (layer,) = job.result_summary["layers"]
    assert layer["reconciliation"]["source"]["sums"]["last_valid_sale_price"] == 550_000
    effective = job.result_summary["request"]["effective_inputs"]["include_assessment_data"]
    assert effective["rules"]["invalid_codes"] == ["X"]
    assert effective["as_of"] == county_time.today(traded).isoformat()
    for key in ("effective_inputs", "in_force"):  # as manifests from before version 0.2 name them
        request = {name: value for name, value in job.result_summary["request"].items() if name != "effective_inputs"}
        inputs = {"include_assessment_data": {**effective, "as_of": "1900-01-01"}}  # when nothing was sold yet
        summary = {**job.result_summary, "request": {**request, key: inputs}}
        GisExportJob.objects.filter(pk=job.pk).update(result_summary=summary)
        with pytest.raises(CommandError, match=r"differences? found"):
            call_command("verify_export", str(job.pk))
    _, by_number = export(api, traded, include_assessment_data=True, as_of="2022-06-01")
    assert sales_of(by_number) == {"steady": ("2021-05-01", 250_000), "risen": ("2021-05-01", 250_000)}
    for asked in ({}, {"include_assessment_data": False}, {"include_assessment_data": None}):
        _, by_number = export(api, traded, **asked)
        assert "last_valid_sale_id" not in by_number["steady"]
        assert ("total_value" in by_number["steady"]) is (asked.get("include_assessment_data") is not False)


def test_a_change_of_the_rules_is_a_change_of_the_result(api: APIClient, traded: County) -> None:
    body = {
        "export_format": "CSV",
        "county_id": traded.pk,
        "layers": ["parcels"],
        "parameters": {"include_assessment_data": True},
    }

    def submit() -> Any:
        response = api.post(f"{URL}/run", body, format="json")
        runner.run("gis_export.GisExportJob", response.data["job_id"])
        return response.data

    first, again = submit(), submit()
    assert again["reused_from"] == first["job_id"]
    CountySettings.objects.update(sales_screening={"invalid_codes": []})
    assert submit()["reused_from"] is None


def test_the_effective_inputs_of_a_post_are_computed_once(api: APIClient, traded: County) -> None:
    body = {
        "export_format": "CSV",
        "county_id": traded.pk,
        "layers": ["parcels"],
        "parameters": {"include_assessment_data": True, "where": [{"field": "total_value", "op": ">", "value": 0}]},
    }
    with (
        mock.patch("gis_export.parameters.assessment.rules_of", wraps=rules_of) as inputs,
        mock.patch("gis_export.request.LayerSelection", wraps=LayerSelection) as selections,
    ):
        for action in ("run", "estimate"):
            for counted in (inputs, selections):
                counted.reset_mock()
            answer = api.post(f"{URL}/{action}", body, format="json")
            assert answer.status_code in (200, 202), answer.content
            assert inputs.call_count == 1, action
            # For the condition's personal data, the estimate, and, where a job is made, what its result holds.
            assert selections.call_count == (3 if action == "run" else 2), action
        inputs.reset_mock()
        job = GisExportJob.objects.get()
        assert api.post(f"{URL}/jobs/{job.pk}/rerun").status_code == 202
        assert inputs.call_count == 1


def test_a_countys_defaults_hold_for_the_layers_that_have_them(api: APIClient, valued: County) -> None:
    CountySettings.objects.create(
        county=valued, default_parameters={"as_of": "2022-01-01", "changed_since": "2020-06-01", "precision": 5}
    )
    assert set(export(api, valued)[1]) == {"risen", "corrected"}
    assert run_export(api, valued, "CSV", ["sales"]).status == "COMPLETED"
