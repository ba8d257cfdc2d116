"""Runs from HTTP to rows and files: values that add up, models that are kept, and refusals that say what is missing."""

from __future__ import annotations

import csv
import datetime
import io
import json
import threading
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs import dispatch, runner
from terrafusion.jobs.context import JobContext
from terrafusion.jobs.errors import JobError
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, CountySettings, PropertyOperational, Sale
from tests.valuation import data
from valuation.fingerprint import fingerprint
from valuation.frames import Values, values_of
from valuation.models import SCHEDULES, EvaluationSale, LandRate, PropertyValuation, ValuationJob, ValuationModel
from valuation.run import records
from valuation.run.balance import BalanceSample, unbalanced
from valuation.run.errors import NoSchedule, TooFewSales


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
    evaluated = EvaluationSale.objects.filter(job=job)
    assert evaluated.count() == summary["evaluation"]["sales"] > 50
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
            "evaluation_sales.csv",
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


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("mass_appraisal", TooFewSales),
        ("sales_comparison", TooFewSales),
        ("reconciled", TooFewSales),
        ("cost", NoSchedule),
        ("income", NoSchedule),
    ],
)
def test_records_that_go_while_the_run_waits(
    api: APIClient, county: County, sold: list[PropertyOperational], method: str, error: type[JobError]
) -> None:
    call_command("load_example_schedules", county.pk)
    job = submitted(api, county, method)
    Sale.objects.all().delete()
    for table in SCHEDULES.values():
        table._default_manager.all().delete()
    runner.run("valuation.ValuationJob", str(job.pk))
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, error.code)
    assert job.message.endswith(error.remedy)
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
    assert not EvaluationSale.objects.exists()


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
    # An example makes no land.
    assert (row.land_value, row.improvement_value, row.land_source) == (None, None, "no_evidence")
    assert row.flags == ["example_schedule"]
    lines = row.approaches[0]["lines"]
    assert lines["rcnld"] == pytest.approx(lines["replacement_cost_new"] - lines["depreciation"], abs=2)
    assert lines["market_factor"] > 0
    refused = PropertyValuation.objects.get(job=job, parcel_number="0004")
    assert (refused.value, refused.flags) == (None, ["no_year_built"])
    assert job.result_summary["schedules"]["cost"]["examples"] > 0
    assert 0.9 < (job.median_ratio or 0) < 1.1
    beside = finished(api, county, "mass_appraisal", {"parcels": ["0002"]})
    approaches = {one["approach"]: one for one in PropertyValuation.objects.get(job=beside).approaches}
    assert (approaches["mass_appraisal"]["weight"], approaches["cost"]["weight"]) == (1.0, 0.0)
    assert approaches["income"]["refused"] == "no_income"
    assert "example_schedule" not in PropertyValuation.objects.get(job=beside).flags
    shown = api.get(reverse("valuation:sheet", args=[beside.pk, "0002"])).json()["approaches"][2]["lines"]
    assert [*shown][:4] == ["land_value", "living_area_sqft", "rate_per_sqft", "replacement_cost_new"]
    assert [*shown][-2:] == ["improvement_value", "value"]


def test_land_has_a_source_and_is_never_above_the_whole(
    api: APIClient, county: County, sold: list[PropertyOperational]
) -> None:
    LandRate.objects.create(
        county=county,
        effective_from=datetime.date(2020, 1, 1),
        base_lot_sqft=5_000,
        base_value=120_000,
        excess_rate_per_sqft=5,
    )
    job = finished(api, county, "sales_comparison", {"parcels": ["0002"]})
    row = PropertyValuation.objects.get(job=job)
    assert (row.land_source, row.land_value) == ("land_table", 120_000)
    assert (row.land_value or 0) + (row.improvement_value or 0) == row.value
    sheet = api.get(reverse("valuation:sheet", args=[job.pk, "0002"])).json()
    assert sheet["land_source"]["meaning"] == "From the county's land table."
    assert job.result_summary["land"]["parcels"] == {"land_table": 1}
    # Also where a person's figure is lower than the land.
    PropertyValuation.objects.filter(pk=row.pk).update(override_value=90_000)
    for shown in (
        api.get(reverse("valuation:sheet", args=[job.pk, "0002"])).json(),
        api.get(reverse("valuation:values", args=[job.pk])).json()["results"][0],
    ):
        assert (shown["land_value"], shown["improvement_value"]) == (90_000, 0)
    exported = PropertyValuation.objects.values_list(PropertyValuation.final_land, PropertyValuation.final_improvement)
    assert exported.get(pk=row.pk) == (90_000, 0)
    with pytest.raises(IntegrityError), transaction.atomic():
        PropertyValuation.objects.filter(pk=row.pk).update(land_value=(row.value or 0) + 1)

    LandRate.objects.filter(county=county).update(base_value=900_000)
    row = PropertyValuation.objects.get(job=finished(api, county, "sales_comparison", {"parcels": ["0002"]}))
    assert "land_above_total" in row.flags
    assert (row.land_value, row.improvement_value) == (row.value, 0)


def test_a_line_of_the_sheet_is_a_rate_times_a_difference(
    api: APIClient, county: County, sold: list[PropertyOperational]
) -> None:
    job = finished(api, county, "sales_comparison", {"parcels": ["0003", "0010"]})
    for number in ("0003", "0010"):
        sheet = api.get(reverse("valuation:sheet", args=[job.pk, number])).json()
        assert sheet["approaches"][0]["lines"]["comparables"] == len(sheet["comparables"])
        for one in sheet["comparables"]:
            lines = {line["name"]: line for line in one["adjustments"]}
            area = lines["living_area_sqft"]
            assert area["amount"] * (area["subject"] - area["comparable"]) >= 0
            assert area["per"] == "sq ft"
            assert 0 <= area["rate"] < 250  # 150 and 180 dollars by the law of this county
            assert area["rate"] * (area["subject"] - area["comparable"]) == pytest.approx(area["amount"], abs=1)
            assert "standard errors" in area["source"]
            bands = {entry["name"]: entry["bands"] for entry in sheet["rates"]}["living_area_sqft"]
            low, high = sorted((area["subject"], area["comparable"]))
            between = [band["rate"] for band in bands if band["from"] <= high and band["to"] >= low]
            rounding = 1 / (high - low)  # of the amount, to a whole dollar
            if bands[0]["from"] <= low and high <= bands[-1]["to"]:  # what is beyond earns no further adjustment
                assert min(between) - rounding <= area["rate"] <= max(between) + rounding
            together = lines.get("combined_effects", {"amount": 0})["amount"]
            assert abs(together) < 0.10 * sheet["value"]


def test_income_without_sales(transactional_db: None, api: APIClient, county: County) -> None:
    data.homes(county, 3)
    call_command("load_example_schedules", county.pk, stdout=io.StringIO())
    PropertyOperational.objects.filter(county=county, parcel_number="0001").update(use_code="townhouse")
    job = finished(api, county, "income")
    assert (job.status, job.parcels_valued, job.parcels_refused) == (Status.COMPLETED, 1, 2)
    row = PropertyValuation.objects.get(job=job, parcel_number="0001")
    assert (row.value_low, row.value_high) == (None, None)  # nothing tells how far it may be off
    assert set(row.flags) == {"no_evidence", "example_schedule"}
    assert "Not evaluated: of 0 sales" in job.result_summary["evaluation"]["overall"]["withheld"]


def test_comparables_and_what_all_approaches_say_together(
    api: APIClient, county: County, sold: list[PropertyOperational]
) -> None:
    call_command("load_example_schedules", county.pk, stdout=io.StringIO())
    job = finished(api, county, "reconciled", {"neighborhoods": ["South"]}, comparables=4)
    assert job.status == Status.COMPLETED, job.message
    assert 0.9 < (job.median_ratio or 0) < 1.1
    # Cost is shown, but no value rests on tables that are examples.
    assert {row["method"] for row in job.result_summary["weights"]} == {"mass_appraisal", "sales_comparison"}
    for row in PropertyValuation.objects.filter(job=job):
        assert row.value is not None
        shares = {one["approach"]: one.get("weight", 0) for one in row.approaches}
        assert sum(shares.values()) == pytest.approx(1, abs=0.001)
        weighted = sum(one["value"] * one["weight"] for one in row.approaches if "value" in one)
        assert row.value == pytest.approx(weighted, rel=0.002)
        assert (shares["cost"], row.land_source) == (0, "no_evidence")
        assert "example_schedule" not in row.flags
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


@pytest.mark.parametrize("method", ["mass_appraisal", "reconciled"])
def test_a_category_that_sold_in_the_last_year_only(
    transactional_db: None, api: APIClient, county: County, method: str
) -> None:
    parcels = data.homes(county, 300)
    data.sales(county, parcels[:250], 400)
    PropertyOperational.objects.filter(parcel_number__gte="0250").update(use_code="condominium")
    for number, parcel in enumerate(parcels[250:]):
        Sale.objects.create(
            county=county,
            sale_id=f"condominium {number}",
            parcel_number=parcel.parcel_number,
            property=parcel,
            sale_date=data.VALUATION_DATE - datetime.timedelta(days=30 + number),
            sale_price=int(data.worth(parcel.living_area_sqft or 0, 250 + number, 23)),
        )
    job = finished(api, county, method)
    assert job.status == Status.COMPLETED, job.message
    assert job.parcels_valued == 300


def test_without_its_own_sales_a_value_changes_as_the_others_do(
    api: APIClient, county: County, sold: list[PropertyOperational]
) -> None:
    """A home's own price is 20 % off what others of its kind bring, each time it sells."""
    order = np.random.default_rng(8).permutation(len(sold))
    odd = {sold[place].pk for place in order[:60]}
    for sale in Sale.objects.filter(property__in=odd):
        Sale.objects.filter(pk=sale.pk).update(sale_price=int(sale.sale_price * 1.2))
    some = {sold[place].pk for place in order[:30]}
    before = finished(api, county, "mass_appraisal")
    Sale.objects.filter(property__in=some).delete()
    after = finished(api, county, "mass_appraisal")
    values = [
        {row.property_id: float(row.value or 0) for row in PropertyValuation.objects.filter(job=job)}
        for job in (before, after)
    ]
    change = {key: abs(values[1][key] / value - 1) for key, value in values[0].items()}
    removed = sorted(change[key] for key in some)
    others = sorted(change[key] for key in change if key not in some)
    assert removed[len(removed) // 2] < 1.3 * others[len(others) // 2] + 0.002


def test_every_run_compares_sold_and_unsold(api: APIClient, county: County, sold: list[PropertyOperational]) -> None:
    recent = Sale.objects.filter(sale_date__gte=data.VALUATION_DATE - datetime.timedelta(days=365))
    recent.filter(property__in=[parcel.pk for parcel in sold[::2]]).delete()
    job = finished(api, county, "mass_appraisal")
    balance = job.result_summary["balance"]
    assert balance["sold_from"] == "2021-01-01"
    for name in ("alike", "change"):
        one = balance[name]
        assert one["sold"] + one["unsold"] == 300
        assert 0.97 < one["median_sold"] / one["median_unsold"] < 1.03
        assert one["verdict"] == "Sold and unsold parcels are valued alike."
    assert balance["alike"]["sold"] == recent.values("property").distinct().count()
    assert ValuationModel.objects.get(job=job).metrics["balance"] == balance
    card = api.get(reverse("valuation:model-card", args=[job.model_id])).content.decode()
    assert "Sold and unsold parcels are valued alike." in card


def test_values_moved_to_sold_parcels_are_reported() -> None:
    parcels = pd.DataFrame(
        {
            "parcel_number": [f"{number:04d}" for number in range(400)],
            "living_area_sqft": 900.0 + np.arange(400) * 7 % 2000,
            "total_value": 300_000.0,
        }
    )
    sales = pd.DataFrame(
        {"parcel_number": parcels["parcel_number"][::4], "sale_date": pd.Timestamp("2021-06-01"), "sale_price": 1.0}
    )
    value = 100.0 * parcels["living_area_sqft"].to_numpy()
    value[::4] *= 1.06
    values = values_of(parcels.index, value, value, value, {})
    compared = BalanceSample(sales, data.VALUATION_DATE, 400)
    compared.add(parcels[:150], Values(values.values[:150], values.flags[:150], values.refused))
    compared.add(parcels[150:], Values(values.values[150:], values.flags[150:], values.refused))
    balance = compared.figures(seed=0)
    assert (balance["alike"]["sold"], balance["alike"]["unsold"]) == (100, 300)
    assert balance["alike"]["median_sold"] / balance["alike"]["median_unsold"] == pytest.approx(1.06, abs=0.01)
    assert balance["alike"]["probability"] < 1e-6
    [line, *_] = unbalanced(balance)
    assert "above unsold ones" in line


def test_without_a_method_approaches_are_reconciled(
    api: APIClient, county: County, sold: list[PropertyOperational]
) -> None:
    body = {"county_id": county.pk, "valuation_date": str(data.VALUATION_DATE), "parameters": {"calibrate": True}}
    response = api.post(reverse("valuation:run"), body, format="json")
    assert response.status_code == 202, response.content
    assert ValuationJob.objects.get(pk=response.data["job_id"]).valuation_method == "reconciled"
    response = api.post(reverse("valuation:run"), {**body, "parameters": {"values": "current"}}, format="json")
    assert response.status_code == 400
