"""Limits of exports, told before and enforced at run; and the estimates that they go by."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from gis_export.estimates import expected
from gis_export.estimates.line import Line, fit
from gis_export.models import GisExportJob
from terrafusion.jobs import dispatch
from terrafusion.records.models import County, CountyAccess, CountySettings
from tests.conftest import ClientOf
from tests.gis_export.conftest import URL, run_export

PRIOR = Line(1000, 500)


def ask(api: APIClient, county: County, action: str, export_format: str = "GeoJSON", **body: Any) -> Any:
    request = {"export_format": export_format, "county_id": county.pk, "layers": ["parcels"], **body}
    return api.post(f"{URL}/{action}", request, format="json")


def exceeded(api: APIClient, county: County, export_format: str = "GeoJSON") -> list[str]:
    """The limits that the estimate names, which run must refuse in the same words."""
    answer = ask(api, county, "estimate", export_format)
    assert answer.status_code == 200, answer.content
    names = [each["limit"] for each in answer.json()["limits_exceeded"]]
    response = ask(api, county, "run", export_format, parameters={"fresh": True})
    if not names:
        assert response.status_code == 202
    elif names == ["max_active_jobs"]:
        assert (response.status_code, response.json()["code"]) == (429, "too_many_active_jobs")
    else:
        assert response.status_code == 400
        details = [error["detail"] for error in response.json()["errors"]]
        assert [error["code"] for error in response.json()["errors"]] == ["limit_exceeded"] * len(details)
        for name, detail in zip([name for name in names if name != "max_active_jobs"], details, strict=True):
            assert f"{name} of {county.pk}" in detail
    return names


def limit(county: County, **values: Any) -> None:
    CountySettings.objects.update_or_create(county=county, defaults=values)


def test_each_limit_is_named_and_enforced(api: APIClient, loaded: County) -> None:
    assert exceeded(api, loaded) == []
    limit(loaded, max_records=10, max_bytes=100)
    assert exceeded(api, loaded) == ["max_records", "max_bytes"]
    limit(loaded, max_records=None, max_bytes=None, format_limits={"KML": {"max_records": 3, "max_bytes": 10**9}})
    assert exceeded(api, loaded, "KML") == ["format_limits.KML.max_records"]
    assert exceeded(api, loaded, "GeoJSON") == []
    limit(loaded, format_limits={}, max_active_jobs=2)
    assert exceeded(api, loaded) == ["max_active_jobs"]
    assert GisExportJob.objects.count() == 2


def test_a_user_may_have_limits_of_their_own(api: APIClient, loaded: County, analyst: Any) -> None:
    limit(loaded, max_records=10)
    CountyAccess.objects.filter(user=analyst).update(max_records=1000)
    assert exceeded(api, loaded) == []
    CountyAccess.objects.filter(user=analyst).update(max_records=5)
    assert exceeded(api, loaded) == ["max_records"]
    CountyAccess.objects.filter(user=analyst).update(max_records=0)
    assert exceeded(api, loaded) == ["max_records"]


def test_what_was_taken_in_a_day_counts(
    transactional_db: None, api: APIClient, loaded: County, manager: Any, client_of: Any
) -> None:
    limit(loaded, max_records_per_day=60)
    assert run_export(api, loaded, "GeoJSON", ["parcels"]).record_count == 24
    assert exceeded(api, loaded) == []  # pending: counts by its estimate
    estimated = ask(api, loaded, "estimate").json()["limits_exceeded"]
    assert estimated == [{"limit": "max_records_per_day", "allowed": 60, "estimate": 72}]
    assert exceeded(api, loaded) == ["max_records_per_day"]
    assert exceeded(client_of(manager), loaded) == []  # another's
    GisExportJob.objects.filter(status="PENDING").update(status="CANCELLED", completed_at="2026-01-01T00:00Z")
    assert exceeded(api, loaded) == []
    limit(loaded, max_records_per_day=None, max_bytes_per_day=100)
    assert exceeded(api, loaded) == ["max_bytes_per_day"]
    GisExportJob.objects.update(created_at="2026-01-01T00:00Z")
    limit(loaded, max_bytes_per_day=10**9)
    assert exceeded(api, loaded) == []


def test_a_retry_returns_the_first_job_whatever_is_left_of_the_limit(api: APIClient, loaded: County) -> None:
    limit(loaded, max_records_per_day=30)
    body = {"export_format": "GeoJSON", "county_id": loaded.pk, "layers": ["parcels"]}
    first, second = (api.post(f"{URL}/run", body, format="json", HTTP_IDEMPOTENCY_KEY="once") for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json()["job_id"] == second.json()["job_id"]
    assert api.post(f"{URL}/run", body, format="json").status_code == 400


def test_submissions_at_once_share_what_is_left_of_the_day(
    transactional_db: None, api: APIClient, loaded: County, client_of: ClientOf, analyst: Any
) -> None:
    limit(loaded, max_records_per_day=60, max_active_jobs=100)
    clients = [client_of(analyst) for _ in range(6)]
    start = threading.Barrier(len(clients))

    def press(client: APIClient) -> int:
        start.wait()
        try:
            status: int = ask(client, loaded, "run", parameters={"fresh": True}).status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sorted(pool.map(press, clients)) == [202, 202, 400, 400, 400, 400]
    assert GisExportJob.objects.count() == 2


def rerun(api: APIClient, job: GisExportJob) -> Any:
    return api.post(f"{URL}/jobs/{job.pk}/rerun")


def test_a_rerun_is_held_to_the_limits_of_now(
    transactional_db: None, api: APIClient, loaded: County, client_of: ClientOf, manager: Any, admin_client: Client
) -> None:
    job = run_export(api, loaded, "GeoJSON", ["parcels"])
    for name in ("max_records", "max_records_per_day", "max_bytes"):
        CountySettings.objects.filter(county=loaded).delete()
        limit(loaded, **{name: 20})
        for client in (api, client_of(manager)):
            response = rerun(client, job)
            if (name, client) == ("max_records_per_day", api):
                assert "With the exports of the last 24 hours it would be 48 records" in response.content.decode()
            assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "limit_exceeded")
    page = admin_client.post(
        reverse("admin:gis_export_gisexportjob_changelist"),
        {"action": "rerun_jobs", "_selected_action": [str(job.pk)]},
        follow=True,
    )
    assert f"{str(job.pk)[1:]}: The export has" in page.content.decode()  # a sentence begins with a capital
    assert GisExportJob.objects.count() == 1
    GisExportJob.objects.update(estimated_records=999, estimated_bytes=1)
    limit(loaded, max_bytes=10**9)
    assert rerun(api, job).status_code == 202
    again = GisExportJob.objects.exclude(pk=job.pk).get()
    assert again.estimated_records == 24  # anew
    assert again.estimated_bytes == pytest.approx(job.result_file_bytes, rel=0.2)


def test_a_rerun_of_what_is_no_longer_to_be_had(api: APIClient, loaded: County) -> None:
    response = ask(api, loaded, "run", layers=["zoning"])
    job = GisExportJob.objects.get(pk=response.json()["job_id"])
    limit(loaded, allowed_formats=["CSV"])
    refused = rerun(api, job)
    assert (refused.status_code, refused.json()["code"]) == (409, "request_outdated")
    assert "GeoJSON is not allowed in COUNTY01 any more. Available: CSV." in refused.json()["detail"]
    limit(loaded, allowed_formats=[])
    loaded.reference_layers.filter(name="zoning").delete()
    refused = rerun(api, job)
    assert (refused.status_code, refused.json()["code"]) == (409, "request_outdated")
    assert "Unknown layer 'zoning'" in refused.json()["detail"]
    assert GisExportJob.objects.count() == 1


def test_a_schedule_is_held_to_the_limits(api: APIClient, loaded: County) -> None:
    limit(loaded, max_records=10)
    wanted = {"export_format": "CSV", "county_id": loaded.pk, "layers": ["parcels"]}
    schedule = {"name": "all", "job_type": "gis_export", "request": wanted, "cron": "0 5 * * *"}
    response = api.post("/api/v1/schedules", schedule, format="json")
    (error,) = response.json()["errors"]
    assert (response.status_code, error["code"], error["field"]) == (
        400,
        "limit_exceeded",
        "request.area_of_interest",
    )


def test_a_count_that_takes_too_long_is_left(api: APIClient, loaded: County, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _limit()  # that of web requests, where a live server was started in this process
    assert ask(api, loaded, "estimate").json()["exact"] is True
    monkeypatch.setattr(expected, "_COUNT_MILLISECONDS", 1)
    monkeypatch.setattr(dispatch, "active_jobs", lambda *_: 0)
    monkeypatch.setattr("django.db.models.QuerySet.count", lambda _: _sleep())
    answer = ask(api, loaded, "estimate").json()
    assert answer["exact"] is False
    assert _limit() == before


def _limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


def _sleep() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    return 0


def test_estimates_learn_and_are_compared(transactional_db: None, api: APIClient, loaded: County) -> None:
    def compared(quantity: str) -> float:
        labels = {"export_format": "CSV", "quantity": quantity}
        return REGISTRY.get_sample_value("gis_export_estimate_ratio_count", labels) or 0.0

    before = compared("bytes")
    jobs = [run_export(api, loaded, "CSV", ["parcels"], parameters={"fresh": True}) for _ in range(3)]
    assert (compared("bytes"), compared("seconds")) == (before + 3, compared("records"))
    size = jobs[0].result_file_bytes
    assert size is not None
    warm = ask(api, loaded, "estimate", "CSV").json()
    assert abs(warm["bytes"] - size) < 0.1 * size
    # Of another kind: fewer fields make smaller records, of which those that were made say nothing.
    few = {"fields": {"parcels": ["zoning"]}, "options": {"geometry": "none"}, "fresh": True}
    cold = ask(api, loaded, "estimate", "CSV", parameters=few).json()
    small = run_export(api, loaded, "CSV", ["parcels"], parameters=few).result_file_bytes
    assert small is not None
    assert 0.5 * small < cold["bytes"] < 2 * small
    answer = ask(api, loaded, "estimate", "CSV", parameters=few).json()
    assert abs(answer["bytes"] - small) < 0.1 * small
    shown = api.get(f"{URL}/results/{jobs[2].pk}").json()["result"]
    assert shown["estimated_records"] == shown["result_record_count"] == 24
    assert shown["estimated_bytes"] > 0
    assert shown["estimated_seconds"] > 0


def test_queries_of_an_estimate_do_not_grow_with_history(
    transactional_db: None, api: APIClient, loaded: County
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ask(api, loaded, "estimate", parameters=asked).status_code == 200
        return len(captured)

    asked = {"include_assessment_data": True}
    run_export(api, loaded, "GeoJSON", ["parcels"], parameters=asked)
    few = queries()
    for _ in range(3):
        run_export(api, loaded, "GeoJSON", ["parcels"], parameters=asked)
    assert queries() <= few  # of which those for a sample are not made any more


@given(
    fixed=st.floats(0, 1e6),
    each=st.floats(1, 1e4),
    records=st.lists(st.integers(1, 1_000_000), min_size=5, max_size=50, unique=True),
)
def test_a_line_is_fitted_to_its_points(fixed: float, each: float, records: list[int]) -> None:
    truth = Line(fixed, each)
    line = fit([(n, truth.at(n)) for n in records], PRIOR)
    assert line.fixed >= 0
    assert line.each >= 0
    for n in records:
        assert abs(line.at(n) / truth.at(n) - 1) < 0.5  # five exports do not silence the prior altogether


def test_without_history_the_prior_holds() -> None:
    assert fit([], PRIOR) == PRIOR
    # Small exports alone tell little of large ones.
    assert 1e8 < fit([(1, 1500.0), (2, 2000.0)], PRIOR).at(1_000_000) < 1e9
