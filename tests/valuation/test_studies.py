"""Ratio studies from the database: whose values, which sales, and what is said when there are few."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs import runner
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational, Sale
from tests.valuation import data
from tests.valuation.conftest import certify
from valuation import studies
from valuation.models import EvaluationSale, PropertyValuation, ValuationJob
from valuation.plain_values import plain
from valuation.run.errors import NothingToStudy

DAY = datetime.date(2021, 1, 1)


@pytest.fixture
def sold(county: County) -> list[PropertyOperational]:
    parcels = data.homes(county, 60)
    data.sales(county, parcels, 900)
    return parcels


def test_values_on_the_roll_against_later_sales(county: County, sold: list[PropertyOperational]) -> None:
    study, studied = studies.study(studies.Wanted(county.pk, DAY))
    assert studied.sales["sale_date"].min().date() >= DAY
    assert studied.screening["in_span"] == len(studied.sales) == study.overall.sales > 100
    # The roll is of the first day; a year on the market is 6% higher, and prices are brought back to the year's turn.
    assert study.overall.measures["median"].value == pytest.approx(1.005**-12, abs=0.03)
    assert 4 < study.overall.measures["cod"].value < 9
    assert set(study.by_neighborhood) == {"North", "South"}
    assert set(study.by_class) == {"Residential"}
    assert len(study.overall.deciles) == 10
    assert sum(tier.sales for tier in study.overall.deciles) == len(studied.sales)
    assert set(study.by_quality) == {"7", "8", "9"}
    assert sum(tier.sales for tier in study.by_quality.values()) == len(studied.sales)
    assert sum(one.sales for one in study.by_tier.values()) == study.overall.sales
    json.dumps(plain(study), allow_nan=False)


def test_sales_of_a_span_and_a_scope(county: County, sold: list[PropertyOperational]) -> None:
    wanted = studies.Wanted(county.pk, DAY, sales_from=data.FIRST_DAY, sales_to=DAY)
    sales = studies.study_input(wanted).sales
    assert (sales["sale_date"].min().date(), sales["sale_date"].max().date() <= DAY) == (data.FIRST_DAY, True)


def test_values_of_a_run_and_certified_ones(county: County, sold: list[PropertyOperational], assessor: Any) -> None:
    run = data.run_of(county, valuation_date=DAY)
    for parcel in sold[:50]:
        data.proposed(run, parcel, value=parcel.total_value)
    PropertyValuation.objects.filter(parcel_number="0000").update(state="rejected")
    studied = studies.study_input(studies.Wanted(county.pk, DAY, values=run.pk))
    assert "0000" not in set(studied.sales["parcel_number"])
    assert studied.screening["without_a_value"] > 0
    assert len(studied.sales) + studied.screening["without_a_value"] == studied.screening["in_span"]
    nothing = studies.study(studies.Wanted(county.pk, DAY, values="certified"))[0]
    assert nothing.overall.withheld
    certify(run, assessor, *(parcel.parcel_number for parcel in sold[10:20]), day=DAY)
    studied = studies.study_input(studies.Wanted(county.pk, DAY, values="certified"))
    assert set(studied.sales["parcel_number"]) <= {parcel.parcel_number for parcel in sold[10:20]}


def test_too_few_sales_to_show_the_trend(county: County) -> None:
    parcels = data.homes(county, 20)
    data.sales(county, parcels, 22, months=3)
    study, studied = studies.study(studies.Wanted(county.pk, data.FIRST_DAY))
    assert "as they were paid" in studied.notes[0]
    assert (studied.sales["price"] == studied.sales["sale_price"]).all()
    assert study.overall.sales == len(studied.sales)


def finished(api: APIClient, county: County, **parameters: Any) -> ValuationJob:
    body = {
        "valuation_method": "ratio_study",
        "county_id": county.pk,
        "valuation_date": str(DAY),
        "parameters": parameters,
    }
    response = api.post(reverse("valuation:run"), body, format="json")
    assert response.status_code == 202, response.content
    runner.run("valuation.ValuationJob", response.data["job_id"])
    job: ValuationJob = ValuationJob.objects.get(pk=response.data["job_id"])
    return job


def test_as_a_job(transactional_db: None, api: APIClient, county: County, sold: list[PropertyOperational]) -> None:
    job = finished(api, county)
    assert job.status == Status.COMPLETED, job.message
    body = api.get(reverse("valuation:results", args=[job.pk])).json()["result"]
    overall = body["result_summary"]["evaluation"]["overall"]
    assert body["median_ratio"] == pytest.approx(overall["measures"]["median"]["value"], rel=1e-5)
    assert overall["measures"]["cod"]["acceptable"] == [5.0, 15.0]
    assert body["result_summary"]["screening"]["kept"] > 0
    rows = EvaluationSale.objects.filter(job=job)
    assert rows.count() == overall["sales"]
    one = rows.select_related("job").first()
    assert one is not None
    assert one.ratio == pytest.approx(one.value / one.adjusted_price, rel=1e-6)
    assert one.point == Sale.objects.get(sale_id=one.sale_id).point
    files = {file["name"] for file in api.get(reverse("valuation:files", args=[job.pk])).json()}
    assert files == {"ratio_study.json", "evaluation_sales.csv"}


def test_nothing_is_left_to_study(
    transactional_db: None, api: APIClient, county: County, sold: list[PropertyOperational]
) -> None:
    PropertyOperational.objects.update(total_value=None)
    job = finished(api, county)
    assert (job.status, job.error_code) == (Status.FAILED, "nothing_to_study")
    assert "are of parcels without such a value" in job.message
    assert job.message.endswith(NothingToStudy.remedy)
