"""A ratio study every month: the schedule made over HTTP, its slot taken by the sweep, the file at its address."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pypdf
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from reporting.models import ReportJob
from terrafusion.jobs import runner
from terrafusion.jobs.models import Schedule
from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County, CountySettings, PropertyOperational
from tests.reporting import data

URL = "/api/v1/schedules"
STUDY = {"sales_from": "2025-01-01", "valuation_date": "2026-01-01"}


@pytest.fixture(autouse=True)
def _loaded(transactional_db: None, county: County) -> None:
    data.load(county, 60)
    CountySettings.objects.create(county=county, time_zone="America/Los_Angeles")


def monthly(api: APIClient, county: County, file_format: str) -> str:
    request = {"report_type": "ratio_study", "county_id": county.pk, "format": file_format, "parameters": STUDY}
    body = {"name": "Ratio study", "job_type": "reporting", "request": request, "cron": "0 6 1 * *", "keep_last": 2}
    response = api.post(URL, body, format="json")
    assert response.status_code == 201, response.content
    slot = datetime.fromisoformat(response.json()["next_run_at"]).astimezone(ZoneInfo("America/Los_Angeles"))
    assert (slot.day, slot.hour, slot.minute) == (1, 6, 0)
    return str(response.json()["schedule_id"])


def slot(schedule: str, minutes_ago: int = 0) -> ReportJob:
    """The slot is due, the sweep takes it, a worker makes the report."""
    due = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=minutes_ago)
    Schedule.objects.filter(pk=schedule).update(next_run_at=due)
    assert sweep().scheduled == 1
    assert sweep().scheduled == 0
    job: ReportJob = ReportJob.objects.filter(schedule_id=schedule).order_by("-created_at")[0]
    runner.run("reporting.ReportJob", str(job.pk))
    job.refresh_from_db()
    assert job.status == Status.COMPLETED, job.message
    return job


def test_each_month_the_same_address_gives_the_newest_study(api: APIClient, county: County) -> None:
    schedule = monthly(api, county, "pdf")
    latest = f"{URL}/{schedule}/latest/download"
    assert api.get(latest).status_code == 404
    first = slot(schedule, minutes_ago=5)
    answer = api.get(latest)
    assert answer.status_code == 200
    pages = pypdf.PdfReader(io.BytesIO(answer.getvalue())).pages
    text = " ".join(page.extract_text() for page in pages)
    assert "Ratio study" in text
    assert str(first.pk) in text
    assert api.get(latest, headers={"if-none-match": answer["ETag"]}).status_code == 304

    PropertyOperational.objects.filter(parcel_number="0010").update(total_value=1)
    second = slot(schedule)
    assert second.pk != first.pk
    newer = api.get(latest, headers={"if-none-match": answer["ETag"]})
    assert newer.status_code == 200
    assert newer.getvalue().startswith(b"%PDF")
    assert newer["ETag"] != answer["ETag"]
    assert api.get(f"{URL}/{schedule}/latest").json()["job_id"] == str(second.pk)
    listed = api.get("/api/v1/reporting/jobs", {"schedule_id": schedule}).json()["results"]
    assert [one["job_id"] for one in listed] == [str(second.pk), str(first.pk)]


def test_a_workbook_of_it(api: APIClient, county: County) -> None:
    schedule = monthly(api, county, "xlsx")
    job = slot(schedule)
    book = openpyxl.load_workbook(io.BytesIO(api.get(f"{URL}/{schedule}/latest/download").getvalue()))
    front = {row[0]: row[1] for row in book["Report"].iter_rows(values_only=True) if row[0]}
    assert front["Median ratio"] == pytest.approx(job.result_summary["median_ratio"], abs=1e-9)
    assert front["Job"] == str(job.pk)


def test_a_schedule_of_a_report_that_cannot_be_made_is_refused(api: APIClient, county: County) -> None:
    request = {"report_type": "ratio_study", "county_id": county.pk, "parameters": {"values": "wished"}}
    body = {"name": "Study", "job_type": "reporting", "request": request, "cron": "0 6 1 * *"}
    response = api.post(URL, body, format="json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"].startswith("request.parameters")
