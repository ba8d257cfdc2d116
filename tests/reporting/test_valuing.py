"""Reports that run a valuation first: HTTP in, the run's rows and the report's file out."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient

from reporting.models import ReportJob
from reporting.reports.runs import unsaved_run
from terrafusion.jobs import dispatch, lanes, runner
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, CountySettings, Sale
from tests.conftest import Cluster
from tests.reporting import pdfs
from tests.reporting.conftest import URL, Make
from tests.valuation import data
from valuation.errors import UnusableInput
from valuation.models import PropertyValuation, ValuationJob

RUN: dict[str, Any] = {
    "valuation_method": "sales_comparison",
    "valuation_date": str(data.VALUATION_DATE),
    "scope": {"parcels": ["0000", "0001", "0002"]},
    "parameters": {"comparables": 4},
}


@pytest.fixture(autouse=True)
def _sold(transactional_db: None, county: County) -> None:
    data.sales(county, data.homes(county, 120), 300)


def submitted(api: APIClient, county: County, run: Any = RUN, report: str = "valuation_summary") -> ReportJob:
    body = {"report_type": report, "county_id": county.pk, "format": "json", "parameters": {"valuation_job": run}}
    response = api.post(f"{URL}/run", body, format="json")
    assert response.status_code == 202, response.content
    job: ReportJob = ReportJob.objects.get(pk=response.data["job_id"])
    return job


def worked(job: ReportJob) -> ReportJob:
    runner.run("reporting.ReportJob", str(job.pk))
    job.refresh_from_db()
    return job


def test_cards_of_a_run_that_is_made_for_them(make: Make, api: APIClient, county: County) -> None:
    job, path = make("property_record_card", "pdf", parcels=["0000", "0001"], valuation_job=RUN)
    run = ValuationJob.objects.get()
    assert (run.status, run.valuation_method, run.scope) == (Status.COMPLETED, "sales_comparison", RUN["scope"])
    assert run.submitted_by == job.submitted_by
    assert job.result_summary["valuation_job"] == str(run.pk)
    text = pdfs.text_of(path)
    assert str(run.pk) in "".join(text.split())
    for value in PropertyValuation.objects.filter(job=run, parcel_number__in=["0000", "0001"]):
        assert f"${value.value:,}" in text
        assert len(value.comparables) == 4
        for comparable in value.comparables:
            assert f"${comparable['adjusted_price']:,.0f}" in text
    shown = api.get(f"{URL}/status/{job.pk}").json()
    assert shown["parameters"]["valuation_job"] == RUN  # as it was asked for
    assert api.get(f"/api/v1/valuation/status/{run.pk}").status_code == 200


def test_the_day_of_a_study_is_the_runs(api: APIClient, county: County) -> None:
    job = worked(submitted(api, county, report="ratio_study"))
    assert job.status == Status.COMPLETED, job.message
    assert job.resolved["valuation_date"] == str(data.VALUATION_DATE)
    assert "Values of a valuation run" in api.get(f"{URL}/jobs/{job.pk}/download").getvalue().decode()


def test_a_rerun_finds_the_run_as_long_as_nothing_has_changed(api: APIClient, county: County) -> None:
    first = worked(submitted(api, county))
    assert first.fingerprint == ""  # a report of a new run is never taken for another's
    again = api.post(f"{URL}/jobs/{first.pk}/rerun")
    assert again.status_code == 202, again.content
    second = worked(ReportJob.objects.get(pk=again.data["job_id"]))
    runs = list(ValuationJob.objects.order_by("created_at"))
    assert [run.reused_from_id for run in runs] == [None, runs[0].pk]
    assert second.result_summary["valuation_job"] == str(runs[1].pk)
    assert second.result_summary["valued"] == first.result_summary["valued"] == 3
    fresh = {**RUN, "parameters": {**RUN["parameters"], "fresh": True}}
    assert worked(submitted(api, county, fresh)).status == Status.COMPLETED
    assert ValuationJob.objects.order_by("-created_at")[0].reused_from_id is None


def test_it_goes_to_the_long_cluster(api: APIClient, county: County) -> None:
    slowest, quickest = lanes.all_lanes()[-1], lanes.all_lanes()[0]
    assert lanes.of(submitted(api, county)) == slowest
    assert lanes.of(ReportJob(report_type="ratio_study", resolved={"valuation_job": str(uuid.UUID(int=1))})) == quickest


def test_terms_of_classes_make_another_report(api: APIClient, county: County) -> None:
    """The same study is the same report until the county says what its classes are."""
    run = worked(submitted(api, county)).result_summary["valuation_job"]
    first, same = (worked(submitted(api, county, run, "ratio_study")) for _ in range(2))
    assert same.reused_from == first
    CountySettings.objects.update_or_create(
        county=county, defaults={"assessment_classes": {"Residential": {"kind": "residential_other"}}}
    )
    assert worked(submitted(api, county, run, "ratio_study")).reused_from is None


def test_a_run_that_fails_while_it_works_fails_the_report_with_its_reason(
    api: APIClient, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unusable(*_: Any) -> None:
        raise UnusableInput(["The column quality is empty."])

    monkeypatch.setattr("valuation.run.valuing.prepare", unusable)
    job = worked(submitted(api, county))
    run = ValuationJob.objects.get()
    assert (job.status, job.error_code) == (Status.FAILED, "valuation_failed")
    assert (run.status, run.error_code) == (Status.FAILED, "unusable_data")
    assert "The column quality is empty." in job.message
    assert job.result_file == ""
    assert not PropertyValuation.objects.exists()


def test_a_run_that_can_no_longer_succeed_fails_the_report_with_its_reason(api: APIClient, county: County) -> None:
    job = submitted(api, county)
    Sale.objects.all().delete()
    job = worked(job)
    assert (job.status, job.error_code) == (Status.FAILED, "valuation_failed")
    assert "Load sales" in job.message
    assert not ValuationJob.objects.exists()
    assert job.result_file == ""


def test_a_limit_of_jobs_counts_the_run(api: APIClient, county: County) -> None:
    CountySettings.objects.create(county=county, max_active_jobs=1)
    job = worked(submitted(api, county))
    assert (job.status, job.error_code) == (Status.FAILED, "valuation_failed")
    assert "the limit is 1" in job.message
    assert not ValuationJob.objects.exists()


def test_an_attempt_after_a_lost_worker_takes_up_its_run(api: APIClient, county: County) -> None:
    job = submitted(api, county)
    token = ReportJob.objects.claim(job.pk, "lost:1")
    assert job.submitted_by
    unsaved = unsaved_run(county, RUN, job.submitted_by)
    run = dispatch.submit(unsaved, idempotency_key=f"report {job.pk}")[0]
    assert ReportJob.objects.release(job.pk, token, 3)
    job = worked(job)
    assert (job.status, job.attempt) == (Status.COMPLETED, 2), job.message
    assert job.result_summary["valuation_job"] == str(run.pk)
    assert ValuationJob.objects.count() == 1


def test_cancelling_the_report_cancels_its_run(api: APIClient, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submitted(api, county)
    begun = threading.Event()

    def slow(run: ValuationJob, context: Any) -> None:
        begun.set()
        while True:
            context.checkpoint()
            time.sleep(0.02)

    monkeypatch.setattr("valuation.jobs.execute", slow)

    def work() -> None:
        try:
            runner.run("reporting.ReportJob", str(job.pk))
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(60)
    assert api.post(f"{URL}/jobs/{job.pk}/cancel").status_code == 202
    worker.join(60)
    assert not worker.is_alive()
    job.refresh_from_db()
    assert (job.status, ValuationJob.objects.get().status) == (Status.CANCELLED, Status.CANCELLED)


BAD: list[tuple[Any, str]] = [
    ({}, "valuation_date"),
    ({**RUN, "valuation_method": "guess"}, "guess"),
    ({**RUN, "valuation_method": "ratio_study", "parameters": {}}, "no values"),
    ({**RUN, "valuation_date": "soon"}, "valuation_date"),
    ({**RUN, "scope": {"parcels": ["nowhere"]}}, "nowhere"),
    ({**RUN, "parameters": {"comparables": 1000}}, "comparables"),
    ({**RUN, "county_id": "COUNTY02"}, "county_id"),
]


def test_faults_of_the_run_are_reported_at_once_and_nothing_is_queued(api: APIClient, county: County) -> None:
    for run, message in BAD:
        body = {"report_type": "valuation_summary", "county_id": county.pk, "parameters": {"valuation_job": run}}
        response = api.post(f"{URL}/run", body, format="json")
        assert response.status_code == 400, (run, response.content)
        (error,) = response.json()["errors"][:1]
        assert error["field"].startswith("parameters.valuation_job"), run
        assert message in response.content.decode(), (run, response.content)
    assert not ReportJob.objects.exists()
    assert not ValuationJob.objects.exists()


def test_a_preview_runs_nothing(api: APIClient, county: County) -> None:
    body = {"report_type": "valuation_summary", "county_id": county.pk, "parameters": {"valuation_job": RUN}}
    response = api.post(f"{URL}/preview", body, format="json")
    assert response.status_code == 400
    assert "starts no run" in response.content.decode()
    assert not ValuationJob.objects.exists()


def test_one_worker_is_enough(cluster: Cluster, api: APIClient, county: County) -> None:
    assert settings.Q_CLUSTER["ALT_CLUSTERS"][settings.LONG_CLUSTER]["workers"] == 1
    jobs = [submitted(api, county), submitted(api, county, {**RUN, "parameters": {"comparables": 5}})]
    for job in jobs:
        done = cluster.wait(job)
        assert (done.status, done.attempt) == (Status.COMPLETED, 1), done.message
    runs = ValuationJob.objects.all()
    assert {run.status for run in runs} == {Status.COMPLETED}
    assert {str(run.pk) for run in runs} == {job.result_summary["valuation_job"] for job in jobs}


def test_a_report_of_a_run_that_cannot_succeed_is_refused(api: APIClient, county: County) -> None:
    run = {**RUN, "valuation_method": "cost", "parameters": {}}
    body = {"report_type": "valuation_summary", "county_id": county.pk, "parameters": {"valuation_job": run}}
    response = api.post(f"{URL}/run", body, format="json")
    assert response.status_code == 400, response.content
    (fault,) = response.json()["errors"]
    assert fault["field"] == "parameters.valuation_job.valuation_method"
    assert "land rates (land); COUNTY01 has none effective on 2022-01-01" in fault["detail"]
    assert not ReportJob.objects.exists()
