"""The days of a study: those of its values, with sales to hold them against, or a refusal that says why."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from reporting.models import ReportJob
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, Sale
from tests.valuation import data
from tests.valuation.conftest import certify
from valuation import studies
from valuation.errors import InvalidStudyDates
from valuation.models import ValuationJob
from valuation.study_dates import StudyDates, settle

DAY = data.VALUATION_DATE  # the last sales are of the month before
REPORTS = "/api/v1/reporting/run"


@pytest.fixture
def sold(county: County) -> list[PropertyOperational]:
    parcels = data.homes(county, 30)
    data.sales(county, parcels, 200)
    return parcels


@pytest.fixture
def certified_for_next_year(county: County, sold: list[PropertyOperational], assessor: Any) -> ValuationJob:
    """Values of the day after the last sales, a tenth above the market, as a run gives them in December."""
    run = data.run_of(county, valuation_date=DAY)
    for number, parcel in enumerate(sold):
        worth = data.worth(parcel.living_area_sqft or 0, number, 24)
        data.proposed(run, parcel, value=round(worth), value_high=round(worth * 1.1))
    certify(run, assessor, *(parcel.parcel_number for parcel in sold), day=DAY)
    return run


def ask(api: APIClient, county: County, date: str | None = None, **parameters: Any) -> Any:
    body = {"valuation_method": "ratio_study", "county_id": county.pk, "parameters": parameters}
    return api.post(reverse("valuation:run"), body | ({"valuation_date": date} if date else {}), format="json")


def ask_report(api: APIClient, county: County, report: str = "ratio_study", **parameters: Any) -> Any:
    body = {"report_type": report, "county_id": county.pk, "format": "json", "parameters": parameters}
    return api.post(REPORTS, body, format="json")


@pytest.mark.usefixtures("certified_for_next_year")
@pytest.mark.parametrize("values", ["certified", "current"])
def test_a_study_is_of_the_day_of_its_values(api: APIClient, county: County, values: str) -> None:
    """Certified for January 1, with sales up to the December before: not of the year of the last sale."""
    response = ask(api, county, values=values)
    assert response.status_code == 202, response.content
    job = ValuationJob.objects.get(pk=response.data["job_id"])
    assert job.valuation_date == DAY
    assert (job.resolved["sales_from"], job.resolved["sales_to"]) == ("2021-01-01", "2021-12-31")
    study, studied = studies.study(
        studies.Wanted(county.pk, DAY, values, datetime.date(2021, 1, 1), datetime.date(2021, 12, 31))
    )
    assert study.overall.sales > 50
    assert study.overall.measures["median"].value == pytest.approx(1, abs=0.05)
    assert "before the valuation date" in studied.notes[-1]


@pytest.mark.usefixtures("certified_for_next_year")
@pytest.mark.parametrize(
    ("report", "more"),
    [
        ("ratio_study", {}),
        ("neighborhood_profile", {"neighborhood": "North"}),
        ("abatement_packet", {"parcel": "0001"}),
    ],
)
def test_reports_are_of_the_day_of_the_values(api: APIClient, county: County, report: str, more: Any) -> None:
    for values in ("certified", "current"):
        response = ask_report(api, county, report, values=values, **more)
        assert response.status_code == 202, response.content
        resolved = ReportJob.objects.get(pk=response.data["job_id"]).resolved
        assert resolved["valuation_date"] == str(DAY)
        assert resolved["sales_from"] == "2021-01-01"


def test_days_that_do_not_fit_are_refused(
    api: APIClient, county: County, certified_for_next_year: ValuationJob
) -> None:
    queued = ValuationJob.objects.count()
    refused = ask(api, county, "2021-01-01", values="certified")
    assert refused.status_code == 400
    assert "are of 2022-01-01, not of 2021-01-01" in str(refused.data)
    assert ask(api, county, "2021-01-01", values="current").status_code == 400  # which follow the certified ones
    assert ask(api, county, "2021-01-01", values=str(certified_for_next_year.pk)).status_code == 400
    none = ask(api, county, values="certified", sales_from="2022-01-01")
    assert none.status_code == 400
    assert "its sales are from 2020-01-01 to" in str(none.data)
    assert ask_report(api, county, values="certified", valuation_date="2021-01-01").status_code == 400
    assert ask_report(api, county, values="certified", sales_from="2022-06-01").status_code == 400
    assert (ValuationJob.objects.count(), ReportJob.objects.count()) == (queued, 0)
    wanted = {"counties": [], "values": "certified", "valuation_date": "2021-01-01"}
    assert ask_report(api, county, "county_comparison", **{**wanted, "counties": [county.pk]}).status_code == 400


@pytest.mark.usefixtures("sold")
def test_values_that_are_not_there(api: APIClient, county: County) -> None:
    refused = ask(api, county, values="certified")
    assert refused.status_code == 400
    assert "has no certified values: certify some" in str(refused.data)
    for method in ("mass_appraisal", "cost"):  # only a study has values to take its day from
        body = {"valuation_method": method, "county_id": county.pk}
        answer = api.post(reverse("valuation:run"), body, format="json")
        assert answer.status_code == 400
        assert "valuation_date" in str(answer.data)


def test_values_of_parcels_that_did_not_sell(county: County, sold: list[PropertyOperational], assessor: Any) -> None:
    unsold = PropertyOperational.objects.create(county=county, parcel_number="9999", total_value=1)
    run = data.run_of(county, valuation_date=DAY)
    data.proposed(run, unsold)
    certify(run, assessor, "9999", day=DAY)
    with pytest.raises(
        InvalidStudyDates, match="No sale from 2021-01-01 to 2021-12-31 is of a parcel with a certified"
    ):
        settle(county, "certified")
    with pytest.raises(InvalidStudyDates, match="is of a parcel with a value of the run"):
        settle(county, run.pk)


def test_the_day_of_a_loaded_roll(county: County, sold: list[PropertyOperational]) -> None:
    """From the history's entry, else from the tax year, else from the sales."""
    last_year = datetime.date(2021, 1, 1)
    assert settle(county, "current") == StudyDates(last_year, last_year, None)
    PropertyOperational.objects.update(tax_year=2022)
    assert settle(county, "current").valuation_date == DAY
    assert settle(county, "current", last_year).sales_from == last_year  # a tax year that follows its values' day
    with pytest.raises(InvalidStudyDates, match="are of 2022-01-01, not of 2020-01-01"):
        settle(county, "current", datetime.date(2020, 1, 1))
    for parcel in PropertyOperational.objects.all():
        PropertyValueHistory.objects.create(
            county=county, property=parcel, tax_year=2022, effective_date="2021-07-01", total_value=parcel.total_value
        )
    assert settle(county, "current").valuation_date == datetime.date(2021, 7, 1)
    Sale.objects.all().delete()
    with pytest.raises(InvalidStudyDates, match="has no sales to study"):
        settle(county, "current")
