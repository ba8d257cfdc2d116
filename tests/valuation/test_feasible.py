"""A run that cannot succeed is refused when it is submitted, with what to do; one that may succeed is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs.models import Schedule
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County, CountySettings, Sale
from tests.valuation import data
from valuation.models import IncomeRate, LandRate, RentMultiplier, RentRate, ValuationJob

BY_SALES = ("mass_appraisal", "sales_comparison")
URL = "/api/v1/valuation/run"


def body(county: County, method: str, **more: Any) -> dict[str, Any]:
    day = str(data.VALUATION_DATE)
    return {"valuation_method": method, "county_id": county.pk, "valuation_date": day, **more}


def refused(api: APIClient, county: County, method: str, **more: Any) -> str:
    """Why; nothing is queued."""
    before = ValuationJob.objects.count()
    response = api.post(URL, body(county, method, **more), format="json")
    assert response.status_code == 400, response.content
    assert {(fault["field"], fault["code"]) for fault in response.json()["errors"]} == {
        ("valuation_method", "not_feasible")
    }
    assert ValuationJob.objects.count() == before
    return " ".join(fault["detail"] for fault in response.json()["errors"])


def accepted(api: APIClient, county: County, method: str, **more: Any) -> None:
    response = api.post(URL, body(county, method, **more), format="json")
    assert response.status_code == 202, response.content


def table(model: Any, county: County, day: str = "2020-01-01", **figures: Any) -> None:
    model.objects.create(county=county, effective_from=day, **figures)


@pytest.mark.parametrize("method", BY_SALES)
def test_without_sales(api: APIClient, county: County, method: str) -> None:
    data.homes(county, 5)
    message = refused(api, county, method)
    assert message.startswith("At least 100 valid sales up to 2022-01-01 are needed; 0 available. Load sales, ")


@pytest.mark.parametrize("method", BY_SALES)
def test_sales_that_the_rules_exclude(api: APIClient, county: County, method: str) -> None:
    data.sales(county, data.homes(county, 60), 140)
    accepted(api, county, method)
    accepted(api, county, method, parameters={"screening": {"multi_parcel": True}})
    assert "; 0 available" in refused(api, county, method, parameters={"screening": {"min_price": 10**9}})
    assert "; 0 available" in refused(api, county, method, parameters={"screening": {"max_price": 10_001}})
    assert "; 0 available" in refused(api, county, method, valuation_date="2019-01-01")
    ids = list(Sale.objects.order_by("pk").values_list("pk", flat=True))
    Sale.objects.filter(pk__in=ids[:60]).update(deed_code=" qc ")
    assert "; 80 available" in refused(api, county, method)
    accepted(api, county, method, parameters={"screening": {"excluded_deeds": []}})
    Sale.objects.update(deed_code="", validity_code="9")
    CountySettings.objects.create(county=county, sales_screening={"valid_codes": ["1"]})
    assert "; 0 available" in refused(api, county, method)
    Sale.objects.update(validity_code="1")
    accepted(api, county, method)
    Sale.objects.filter(pk__in=ids[:45]).update(multi_parcel=True)
    assert "; 95 available" in refused(api, county, method)


def test_cost_without_tables(api: APIClient, county: County) -> None:
    data.homes(county, 5)
    message = refused(api, county, "cost")
    assert message.startswith("Cost needs land rates (land); COUNTY01 has none effective on 2022-01-01. Load them")
    land: dict[str, Any] = {"base_lot_sqft": 5000, "base_value": 1, "excess_rate_per_sqft": 1, "short_rate_per_sqft": 1}
    table(LandRate, county, "2022-01-02", **land)
    refused(api, county, "cost")  # not yet in force
    table(LandRate, county, **land)
    accepted(api, county, "cost")


def test_income_without_tables(api: APIClient, county: County) -> None:
    data.homes(county, 5)
    message = refused(api, county, "income")
    assert "needs rents (rents) and income rates (rates) or gross rent multipliers (multipliers); " in message
    table(RentRate, county, rent_per_sqft_year=12)
    assert "Income needs income rates (rates) or " in refused(api, county, "income")
    table(RentMultiplier, county, gross_rent_multiplier=10)
    accepted(api, county, "income")
    assert not IncomeRate.objects.exists()


def test_reconciled_takes_any_approach(api: APIClient, county: County) -> None:
    data.homes(county, 5)
    message = refused(api, county, "reconciled")
    for part in ("No approach to value can be used.", "At least 100 valid sales", "Cost needs", "Income needs"):
        assert part in message
    table(LandRate, county, base_lot_sqft=5000, base_value=1, excess_rate_per_sqft=1, short_rate_per_sqft=1)
    accepted(api, county, "reconciled")


def test_a_rerun_is_checked_too(api: APIClient, county: County) -> None:
    data.sales(county, data.homes(county, 60), 140)
    accepted(api, county, "mass_appraisal")
    job = ValuationJob.objects.get()
    Sale.objects.all().delete()
    response = api.post(reverse("valuation:rerun", args=[job.pk]))
    assert response.status_code == 400
    assert "0 available" in response.json()["errors"][0]["detail"]
    assert ValuationJob.objects.count() == 1


def test_a_schedule_may_be_made_before_its_records(api: APIClient, county: County) -> None:
    data.homes(county, 60)
    sent = {"name": "Yearly", "job_type": "valuation", "request": body(county, "mass_appraisal"), "cron": "0 5 1 1 *"}
    response = api.post(reverse("schedules:schedules"), sent, format="json")
    assert response.status_code == 201, response.content
    Schedule.objects.update(next_run_at=Now())
    assert sweep().scheduled == 0
    assert "At least 100 valid sales" in Schedule.objects.get().last_event
    data.sales(county, list(county.properties.all()), 140)
    Schedule.objects.update(next_run_at=Now())
    assert sweep().scheduled == 1


def test_it_counts_no_more_than_it_needs(api: APIClient, county: County) -> None:
    data.sales(county, data.homes(county, 60), 300)
    with CaptureQueriesContext(connection) as captured:
        accepted(api, county, "mass_appraisal")
    (counting,) = [query["sql"] for query in captured if 'FROM "records_sale"' in query["sql"]]
    assert "LIMIT 100" in counting
