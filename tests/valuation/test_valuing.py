"""Runs from HTTP to rows and files: values that add up, models that are kept, and refusals that say what is missing."""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs import dispatch, runner
from terrafusion.jobs.context import JobContext
from terrafusion.jobs.errors import JobError
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, CountySettings, PropertyOperational, Sale
from tests.valuation import data
from valuation.fingerprint import fingerprint
from valuation.models import JudgedSale, LandRate, PropertyValuation, ValuationJob, ValuationModel
from valuation.run import records


def submitted(api: APIClient, county: County, method: str, scope: Any = "all", **parameters: Any) -> ValuationJob:
    body = {
        "valuation_method": method,
        "county_id": county.pk,
        "valuation_date": str(data.VALUATION_DATE),
        "scope": scope,
        "parameters": parameters,
    }
    response = api.post(reverse("valuation:run"), body, format="json")
    assert response.status_code == 202, response.content
    job: ValuationJob = ValuationJob.objects.get(pk=response.data["job_id"])
    return job


def finished(*arguments: Any, **parameters: Any) -> ValuationJob:
    job = submitted(*arguments, **parameters)
    runner.run("valuation.ValuationJob", str(job.pk))
    job.refresh_from_db()
    return job


@pytest.fixture
def sold(transactional_db: None, county: County) -> list[PropertyOperational]:
    parcels = data.homes(county, 300)
    data.sales(county, parcels, 500)
    return parcels


def test_mass_appraisal(api: APIClient, county: County, sold: list[PropertyOperational]) -> None:
    CountySettings.objects.create(county=county, value_rounding=500)
    PropertyOperational.objects.filter(pk=sold[7].pk).update(point=None, geometry=None)
    PropertyOperational.objects.filter(pk=sold[8].pk).update(living_area_sqft=-5, year_built=0, bedrooms=9999)
    job = finished(api, county, "mass_appraisal")
    assert job.status == Status.COMPLETED, job.message
    rows = list(PropertyValuation.objects.filter(job=job).order_by("pk"))
    assert [row.parcel_number for row in rows] == [parcel.parcel_number for parcel in sold]
    assert job.parcels_valued == 300
    assert job.total_value == sum(row.value or 0 for row in rows)
    errors = []
    for number, row in enumerate(rows):
        assert row.value is not None
        assert row.value_low is not None
        assert row.value_high is not None
        assert row.value_low <= row.value <= row.value_high
        assert row.value % 500 == row.value_low % 500 == row.value_high % 500 == 0
        assert sum(row.reasons.values()) == row.value
        assert row.approaches[0]["weight"] == 1.0
        if number not in (7, 8):
            errors.append(abs(row.value / data.worth(sold[number].living_area_sqft or 0, number, 24) - 1))
    assert sorted(errors)[150] < 0.06
    assert "no_place" in rows[7].flags
    assert "absurd_characteristic" in rows[8].flags
    assert job.parcels_flagged == sum(1 for row in rows if row.flags)

    summary = job.result_summary
    assert summary["screening"]["sales"] == 500
    assert summary["rounded_to"] == 500
    judged = JudgedSale.objects.filter(job=job)
    assert judged.count() == summary["evaluation"]["sales"] > 50
    assert 0.9 < (job.median_ratio or 0) < 1.1

    model = ValuationModel.objects.get(job=job)
    assert job.model == model
    listed = api.get(reverse("valuation:models"), {"county_id": county.pk}).json()["results"]
    assert [one["id"] for one in listed] == [str(model.pk)]
    assert listed[0]["metrics"]["overall"]["measures"]["cod"]["value"] == pytest.approx(job.cod, rel=1e-5)
    assert "by_neighborhood" not in listed[0]["metrics"]
    whole = api.get(reverse("valuation:model", args=[model.pk])).json()
    assert whole["features"]
    assert whole["card"]["limits"]
    assert set(whole["metrics"]["by_neighborhood"]) == {"North", "South"}
    card = api.get(reverse("valuation:model-card", args=[model.pk]))
    assert card["Content-Type"].startswith("text/markdown")
    assert "COD" in card.content.decode()

    content = api.get(reverse("valuation:download", args=[job.pk])).getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert set(package.namelist()) == {
            "values.csv",
            "values.parquet",
            "values.xlsx",
            "judged_sales.csv",
            "summary.json",
            "model_card.json",
            "model_card.md",
        }
        lines = list(csv.DictReader(io.StringIO(package.read("values.csv").decode())))
        assert [int(line["value"]) for line in lines] == [row.value for row in rows]
        assert json.loads(package.read("summary.json"))["totals"]["value"] == job.total_value
    sheet = api.get(reverse("valuation:sheet", args=[job.pk, "0003"])).json()
    assert sum(reason["amount"] for reason in sheet["reasons"]) == sheet["value"]
    assert sheet["reasons_explain"] == {"approach": "mass_appraisal", "value": sheet["value"]}
    assert "SECRET" not in json.dumps(sheet)

    again = finished(api, county, "mass_appraisal", model=str(model.pk))
    assert again.status == Status.COMPLETED, again.message
    assert again.model == model
    assert ValuationModel.objects.count() == 1
    fields = ("value", "value_low", "value_high", "reasons")
    assert list(PropertyValuation.objects.filter(job=again).order_by("pk").values_list(*fields)) == list(
        PropertyValuation.objects.filter(job=job).order_by("pk").values_list(*fields)
    )
    before = fingerprint(again)
    ValuationModel.objects.filter(pk=model.pk).update(artefact_sha256="0" * 64)  # by hand: nothing else changes one
    assert fingerprint(again) != before


@pytest.mark.parametrize("method", ["mass_appraisal", "sales_comparison", "reconciled", "cost", "income"])
def test_too_little_to_go_by(transactional_db: None, api: APIClient, county: County, method: str) -> None:
    data.homes(county, 5)
    job = finished(api, county, method)
    assert job.status == Status.FAILED
    assert job.error_code in ("too_few_sales", "no_schedule", "unusable_data")
    assert not PropertyValuation.objects.exists()


def test_sales_after_the_date_are_not_seen(api: APIClient, county: County, sold: list[PropertyOperational]) -> None:
    first = finished(api, county, "mass_appraisal", {"parcels": ["0001", "0002"]})
    for number, parcel in enumerate(sold[:100]):
        Sale.objects.create(
            county=county,
            sale_id=f"late {number}",
            parcel_number=parcel.parcel_number,
            property=parcel,
            sale_date=data.VALUATION_DATE.replace(month=2),
            sale_price=5_000_000,
        )
    second = finished(api, county, "mass_appraisal", {"parcels": ["0001", "0002"]})
    assert second.reused_from is None
    values = [
        list(PropertyValuation.objects.filter(job=job).values_list("value", flat=True)) for job in (first, second)
    ]
    assert values[0] == values[1]
    assert all(value and value < 1_000_000 for value in values[0])


def test_a_model_of_another_date_or_county(api: APIClient, county: County, sold: list[PropertyOperational]) -> None:
    job = finished(api, county, "mass_appraisal", {"parcels": ["0001"]})
    body = {"valuation_method": "mass_appraisal", "county_id": county.pk, "valuation_date": "2022-06-01"}
    for model in (str(job.model_id), "00000000-0000-0000-0000-000000000000", "none"):
        response = api.post(reverse("valuation:run"), {**body, "parameters": {"model": model}}, format="json")
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "parameters.model"


def test_cancelled_halfway_nothing_is_left(
    api: APIClient, county: County, sold: list[PropertyOperational], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submitted(api, county, "mass_appraisal")
    early = api.get(reverse("valuation:values", args=[job.pk]))
    assert (early.status_code, early.json()["code"]) == (409, "no_values")
    monkeypatch.setattr(records, "CHUNK", 50)
    read, interrupt, chunks, heard = records.parcels, JobContext.interrupt, [], threading.Event()

    def hear(context: JobContext, reason: JobError) -> None:
        interrupt(context, reason)
        heard.set()

    def cancel() -> None:
        dispatch.cancel(ValuationJob.objects.get(pk=job.pk))
        connection.close()

    def slow(ids: Any) -> Any:
        chunks.append(len(ids))
        if len(chunks) == 3:
            other = threading.Thread(target=cancel)  # with a connection of its own
            other.start()
            other.join()
            assert heard.wait(60)
        return read(ids)

    monkeypatch.setattr(JobContext, "interrupt", hear)
    monkeypatch.setattr(records, "parcels", slow)
    runner.run("valuation.ValuationJob", str(job.pk))
    job.refresh_from_db()
    assert (job.status, len(chunks)) == (Status.CANCELLED, 3)
    assert not PropertyValuation.objects.exists()
    assert not ValuationModel.objects.exists()
    assert not JudgedSale.objects.exists()


def test_cost_from_the_countys_tables(api: APIClient, county: County, sold: list[PropertyOperational]) -> None:
    call_command("load_example_schedules", county.pk, stdout=io.StringIO())
    LandRate.objects.filter(county=county).update(  # not Seattle's
        base_value=190_000, excess_rate_per_sqft=8, short_rate_per_sqft=18
    )
    PropertyOperational.objects.filter(pk=sold[4].pk).update(year_built=None)
    job = finished(api, county, "cost", {"neighborhoods": ["North"]}, calibrate=True)
    assert job.status == Status.COMPLETED, job.message
    assert (job.parcels_valued, job.parcels_refused) == (149, 1)
    row = PropertyValuation.objects.get(job=job, parcel_number="0002")
    assert row.land_value is not None
    assert row.improvement_value is not None
    assert row.land_value + row.improvement_value == row.value
    assert row.flags == ["example_schedule"]
    lines = row.approaches[0]["lines"]
    assert lines["rcnld"] == pytest.approx(lines["replacement_cost_new"] - lines["depreciation"], abs=2)
    assert lines["market_factor"] > 0
    refused = PropertyValuation.objects.get(job=job, parcel_number="0004")
    assert (refused.value, refused.flags) == (None, ["no_year_built"])
    assert job.result_summary["schedules"]["cost"]["examples"] > 0
    assert 0.9 < (job.median_ratio or 0) < 1.1
    beside = finished(api, county, "mass_appraisal", {"parcels": ["0002"]})
    told = {one["approach"]: one for one in PropertyValuation.objects.get(job=beside).approaches}
    assert (told["mass_appraisal"]["weight"], told["cost"]["weight"]) == (1.0, 0.0)
    assert told["income"]["refused"] == "no_income"
    assert PropertyValuation.objects.get(job=beside).land_value is not None
    shown = api.get(reverse("valuation:sheet", args=[beside.pk, "0002"])).json()["approaches"][2]["lines"]
    assert [*shown][:4] == ["land_value", "living_area_sqft", "rate_per_sqft", "replacement_cost_new"]
    assert [*shown][-2:] == ["improvement_value", "value"]

    LandRate.objects.filter(county=county).update(base_value=900_000)
    dear = finished(api, county, "sales_comparison", {"parcels": ["0002"]})
    row = PropertyValuation.objects.get(job=dear)
    assert "land_above_total" in row.flags
    lines = row.approaches[1]["lines"]
    assert row.land_value == pytest.approx((row.value or 0) * lines["land_value"] / lines["value"], abs=100)
    assert (row.land_value or 0) + (row.improvement_value or 0) == row.value


def test_income_without_sales(transactional_db: None, api: APIClient, county: County) -> None:
    data.homes(county, 3)
    call_command("load_example_schedules", county.pk, stdout=io.StringIO())
    PropertyOperational.objects.filter(county=county, parcel_number="0001").update(use_code="townhouse")
    job = finished(api, county, "income")
    assert (job.status, job.parcels_valued, job.parcels_refused) == (Status.COMPLETED, 1, 2)
    row = PropertyValuation.objects.get(job=job, parcel_number="0001")
    assert (row.value_low, row.value_high) == (None, None)  # nothing tells how far it may be off
    assert set(row.flags) == {"no_evidence", "example_schedule"}
    assert job.result_summary["evaluation"] is None


def test_comparables_and_what_all_approaches_say_together(
    api: APIClient, county: County, sold: list[PropertyOperational]
) -> None:
    call_command("load_example_schedules", county.pk, stdout=io.StringIO())
    job = finished(api, county, "reconciled", {"neighborhoods": ["South"]}, comparables=4)
    assert job.status == Status.COMPLETED, job.message
    assert 0.9 < (job.median_ratio or 0) < 1.1
    assert {row["method"] for row in job.result_summary["weights"]} == {"mass_appraisal", "sales_comparison", "cost"}
    for row in PropertyValuation.objects.filter(job=job):
        assert row.value is not None
        shares = {one["approach"]: one.get("weight", 0) for one in row.approaches}
        assert sum(shares.values()) == pytest.approx(1, abs=0.001)
        weighted = sum(one["value"] * one["weight"] for one in row.approaches if "value" in one)
        assert row.value == pytest.approx(weighted, rel=0.002)
        assert shares["mass_appraisal"] > shares["cost"]
    sheet = api.get(reverse("valuation:sheet", args=[job.pk, "0003"])).json()
    assert 3 <= len(sheet["comparables"]) <= 4
    for one in sheet["comparables"]:
        lines = sum(line["amount"] for line in one["adjustments"])
        assert one["time_adjusted_price"] + lines == one["adjusted_price"]
        assert all(line["source"] for line in one["adjustments"])
        sale = Sale.objects.get(pk=one["sale"])
        assert (sale.sale_price, str(sale.sale_date)) == (one["sale_price"], one["sale_date"])
        assert one["sale_date"] <= "2022-01-01"
    assert sum(reason["amount"] for reason in sheet["reasons"]) == sheet["reasons_explain"]["value"]
    area = next(line for line in sheet["comparables"][0]["adjustments"] if line["name"] == "living_area_sqft")
    assert area["subject"] == sheet["parcel"]["living_area_sqft"]

    alone = finished(api, county, "sales_comparison", {"parcels": ["0003"]})
    row = PropertyValuation.objects.get(job=alone)
    assert row.value == pytest.approx(sum(one["weight"] * one["adjusted_price"] for one in row.comparables), abs=100)
