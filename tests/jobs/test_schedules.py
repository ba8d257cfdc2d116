"""Schedules: over REST, at their time, and the address of the newest result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from terrafusion.jobs import dispatch, runner
from terrafusion.jobs.models import Schedule
from terrafusion.jobs.request import unsaved_job
from terrafusion.jobs.schedules import clock
from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County, CountyAccess, CountySettings
from tests.conftest import ClientOf, MakeUser
from tests.dummy_plugin.models import DummyJob

URL = "/api/v1/schedules"
Create = Callable[..., Schedule]


def body(county: County, **changes: Any) -> dict[str, Any]:
    request = {"county_id": county.pk, "flavour": "plain", "parameters": {"lines": 2, "fresh": True}}
    return {"name": "Nightly", "job_type": "dummy", "request": request, "cron": "0 5 * * *", **changes}


@pytest.fixture
def create(api: APIClient, county: County) -> Create:
    """``create(cron="0 6 * * *")``: a schedule of the analyst."""

    def make(**changes: Any) -> Schedule:
        response = api.post(URL, body(county, **changes))
        assert response.status_code == 201, response.content
        schedule: Schedule = Schedule.objects.get(pk=response.data["schedule_id"])
        return schedule

    return make


def due(schedule: Schedule, late: timedelta = timedelta(0)) -> datetime:
    """Put the clock forward to the next slot; returns the slot."""
    slot = timezone.now().replace(second=0, microsecond=0) - late
    Schedule.objects.filter(pk=schedule.pk).update(next_run_at=slot)
    return slot


def work(job: DummyJob) -> DummyJob:
    runner.run("dummy.DummyJob", str(job.pk))
    job.refresh_from_db()
    assert job.status == Status.COMPLETED, job.message
    return job


# Over REST.


def test_create_and_read(api: APIClient, county: County, analyst: Any) -> None:
    CountySettings.objects.create(county=county, time_zone="America/Los_Angeles")
    response = api.post(URL, body(county, keep_last=3))
    assert response.status_code == 201, response.content
    shown = response.json()
    assert response.headers["Location"] == shown["links"]["self"]
    assert api.get(shown["links"]["self"]).json() == shown
    expected = {
        "county_id": county.pk,
        "job_type": "dummy",
        "owner": "analyst",
        "time_zone": "America/Los_Angeles",
        "enabled": True,
        "keep_last": 3,
        "request": body(county)["request"],
    }
    assert {name: shown[name] for name in expected} == expected
    slot = datetime.fromisoformat(shown["next_run_at"])
    assert slot.hour in (12, 13)  # five o'clock in Seattle
    assert timezone.now() < slot < timezone.now() + timedelta(hours=26)
    assert not DummyJob.objects.exists()
    listed = api.get(URL, {"county_id": county.pk, "job_type": "dummy"}).json()["results"]
    assert [each["schedule_id"] for each in listed] == [shown["schedule_id"]]
    assert api.get(URL, {"job_type": "gis_export"}).json()["results"] == []
    assert api.get(URL, {"job_type": "nonsense"}).status_code == 400


def test_each_fault_is_named_at_once(api: APIClient, county: County) -> None:
    request = {"county_id": "NOWHERE", "flavour": "sweet", "parameters": {"fresh": "perhaps"}}
    faulty = body(county, name="", request=request, cron="* * * * *", time_zone="Mars/Olympus", keep_last=0)
    response = api.post(URL, faulty)
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {
        "name",
        "request.county_id",
        "request.flavour",
        "request.parameters.fresh",
        "cron",
        "time_zone",
        "keep_last",
    }
    for changes, field in (
        ({"job_type": "washing"}, "job_type"),
        ({"request": [1]}, "request"),
        ({"request": None}, "request"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"cron": "0 0 30 2 *"}, "cron"),
    ):
        response = api.post(URL, body(county, **changes))
        assert [error["field"] for error in response.json()["errors"]] == [field], changes
    for malformed in (b"", b"[]", b"{", b"null"):
        assert api.post(URL, malformed, content_type="application/json").status_code == 400
    assert not Schedule.objects.exists()


def test_a_request_of_an_export_is_checked_as_run_does(api: APIClient, county: County) -> None:
    request = {"county_id": county.pk, "export_format": "Clay", "layers": ["parcels"], "parameters": {"crs": "no"}}
    response = api.post(URL, body(county, job_type="gis_export", request=request))
    assert {error["field"] for error in response.json()["errors"]} == {
        "request.export_format",
        "request.parameters.crs",
    }


def test_rights(
    api: APIClient,
    create: Create,
    county: County,
    make_user: MakeUser,
    viewer: Any,
    manager: Any,
    outsider: Any,
    client_of: ClientOf,
) -> None:
    address = f"{URL}/{create().pk}"
    other = client_of(make_user("another", CountyAccess.Role.ANALYST, county))
    seeing, managing, foreign, nobody = (client_of(user) for user in (viewer, manager, outsider, None))
    assert client_of(viewer).post(URL, body(county)).status_code == 403
    assert foreign.post(URL, body(county)).status_code == 400  # that the county exists is not told
    for client, seen, changed in (
        (nobody, 401, 401),
        (foreign, 404, 404),
        (seeing, 200, 403),
        (other, 200, 403),
        (managing, 200, 200),
    ):
        response = client.get(address)
        assert response.status_code == seen
        if seen == 200:
            assert response.json()["request"] is None  # of whom it asks may be personal
        assert client.patch(address, {"name": "Mine"}).status_code == changed
        assert client.post(f"{address}/run").status_code == (202 if changed == 200 else changed)
        assert client.delete(f"{address}x").status_code in (400, 401)
    changed_request = {"request": {**body(county)["request"], "flavour": "spicy"}}
    refused = managing.patch(address, changed_request)  # it would run with the owner's rights
    assert (refused.status_code, refused.json()["code"]) == (403, "not_the_owner")
    assert api.patch(address, changed_request).json()["request"]["flavour"] == "spicy"
    CountyAccess.objects.filter(user=manager).update(may_see_personal_data=True)
    assert managing.get(address).json()["request"]["flavour"] == "spicy"
    assert managing.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_change_pause_and_resume(
    api: APIClient, create: Create, analyst: Any, county: County, other_county: County
) -> None:
    schedule = create(cron="0 5 1 * *")
    address = f"{URL}/{schedule.pk}"
    later = api.patch(address, {"cron": "0 5 2 * *", "keep_last": 2}).json()
    assert later["next_run_at"] != schedule.next_run_at
    assert later["next_run_at"][8:10] == "02"
    paused = api.patch(address, {"enabled": False}).json()
    assert (paused["enabled"], paused["next_run_at"]) == (False, None)
    assert paused["paused_because"] == "Paused by analyst."
    assert api.patch(address, {"cron": "0 5 3 * *"}).json()["next_run_at"] is None
    armed = api.patch(address, {"enabled": True}).json()
    assert (armed["paused_because"], armed["next_run_at"][8:10]) == ("", "03")
    for change, field in (
        ({"job_type": "gis_export"}, "job_type"),
        ({"cron": "soon"}, "cron"),
        ({"request": {"flavour": "plain"}}, "request.county_id"),
    ):
        response = api.patch(address, change)
        assert [error["field"] for error in response.json()["errors"]] == [field]
    CountyAccess.objects.create(user=analyst, county=other_county, role="analyst")
    elsewhere = {**body(county)["request"], "county_id": other_county.pk}
    response = api.patch(address, {"request": elsewhere})
    assert [error["field"] for error in response.json()["errors"]] == ["request.county_id"]
    assert api.put(address, body(county)).status_code == 405


def test_a_schedule_that_would_be_refused_is_not_resumed(
    api: APIClient, create: Create, manager: Any, client_of: ClientOf
) -> None:
    schedule = create(enabled=False)
    assert schedule.next_run_at is None
    CountyAccess.objects.filter(user=schedule.owner).delete()
    response = client_of(manager).patch(f"{URL}/{schedule.pk}", {"enabled": True})
    assert (response.status_code, response.json()["code"]) == (409, "schedule_owner_lost")
    schedule.refresh_from_db()
    assert not schedule.enabled


def test_malformed_ids(api: APIClient, county: County) -> None:
    for address in (f"{URL}/x", f"{URL}/x/latest", f"{URL}/x/latest/download"):
        assert api.get(address).status_code == 400
    assert api.post(f"{URL}/x/run").status_code == 400


def test_too_many_schedules(create: Create, api: APIClient, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terrafusion.jobs.schedules.serializers._MAX_SCHEDULES", 1)
    create()
    response = api.post(URL, body(county))
    assert (response.status_code, response.json()["code"]) == (409, "too_many_schedules")


def test_schedules_made_at_once_stay_within_the_limit(
    transactional_db: None, county: County, client_of: ClientOf, analyst: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terrafusion.jobs.schedules.serializers._MAX_SCHEDULES", 2)
    together, arm = threading.Barrier(6, timeout=60), clock.arm
    monkeypatch.setattr(dispatch, "admit", lambda job: together.wait())  # then all of them count

    def arm_slowly(schedule: Schedule) -> None:
        time.sleep(0.1)  # between the count and the row
        arm(schedule)

    monkeypatch.setattr(clock, "arm", arm_slowly)

    def send(client: APIClient) -> int:
        try:
            status: int = client.post(URL, body(county)).status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, [client_of(analyst) for _ in range(6)])) == [201, 201, 409, 409, 409, 409]
    assert Schedule.objects.count() == 2


def test_query_counts_do_not_grow(create: Create, api: APIClient) -> None:
    def queries(number: int) -> int:
        for _ in range(number):
            create()
        with CaptureQueriesContext(connection) as captured:
            assert api.get(URL).status_code == 200
        return len(captured)

    assert queries(1) == queries(4)


def test_pages(api: APIClient, create: Create, county: County, admin_client: Any) -> None:
    form = api.get(URL, headers={"Accept": "text/html"}).content.decode()
    for name in ("name", "job_type", "request", "cron", "time_zone", "keep_last"):
        assert f'name="{name}"' in form
    sent = {
        "name": "By hand",
        "job_type": "dummy",
        "request": '{"county_id": "COUNTY01", "flavour": "plain"}',
        "cron": "0 5 * * *",
        "time_zone": "",
        "keep_last": "",
        "enabled": "true",
    }
    response = api.post(URL, sent, format="multipart")
    assert response.status_code == 201, response.content
    assert response.json()["time_zone"] == "America/Los_Angeles"

    schedule, other = create(), create(enabled=False)
    listing = reverse("admin:jobs_schedule_changelist")
    assert "0 5 * * *" in admin_client.get(listing).content.decode()
    page = admin_client.get(reverse("admin:jobs_schedule_change", args=[schedule.pk])).content.decode()
    assert reverse("schedules:latest", args=[schedule.pk]) in page
    assert admin_client.get(reverse("admin:jobs_schedule_add")).status_code == 403

    def act(action: str) -> None:
        chosen = {"action": action, "_selected_action": [str(schedule.pk), str(other.pk)]}
        assert admin_client.post(listing, chosen).status_code == 302

    act("arm_schedules")
    assert Schedule.objects.filter(enabled=True).count() == 3
    act("run_schedules")
    assert DummyJob.objects.filter(schedule__in=[schedule, other]).count() == 2
    act("pause_schedules")
    assert Schedule.objects.filter(enabled=True).count() == 1


# At their time.


def test_a_slot_gives_one_job_of_the_owner(
    create: Create, analyst: Any, django_capture_on_commit_callbacks: Any
) -> None:
    schedule = create(request={"county_id": "COUNTY01", "flavour": "spicy", "parameters": {"lines": 2}})
    assert sweep().scheduled == 0
    slot = due(schedule)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep().scheduled == 1
    job = DummyJob.objects.get()
    assert (job.submitted_by, job.schedule_id, job.flavour) == (analyst, schedule.pk, "spicy")
    assert job.idempotency_key == f"schedule {schedule.pk} {slot.isoformat()}"
    schedule.refresh_from_db()
    assert schedule.last_slot == slot
    assert str(job.pk) in schedule.last_event
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > timezone.now()
    assert sweep().scheduled == 0
    # A slot that comes back, as after a restore of the database, gives no second job.
    Schedule.objects.filter(pk=schedule.pk).update(next_run_at=slot)
    sweep()
    assert DummyJob.objects.count() == 1


def test_many_sweeps_at_once_give_one_job(transactional_db: None, create: Create) -> None:
    schedules = [create() for _ in range(4)]
    for schedule in schedules:
        due(schedule)
    begin = threading.Barrier(4)

    def tick() -> None:
        try:
            begin.wait()
            clock.run_due()
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert DummyJob.objects.count() == 4
    assert set(DummyJob.objects.values_list("schedule", flat=True)) == {schedule.pk for schedule in schedules}


def test_a_missed_slot_is_not_made_up_for(create: Create) -> None:
    schedule = create(cron="0 5 * * *")
    slot = due(schedule, late=timedelta(days=3))
    assert sweep().scheduled == 0
    schedule.refresh_from_db()
    assert schedule.last_slot == slot
    assert "Missed" in schedule.last_event
    assert schedule.next_run_at is not None
    assert timedelta(0) < schedule.next_run_at - timezone.now() <= timedelta(days=1)
    due(schedule, late=timedelta(minutes=10))  # a restart of the sweep is no miss
    assert sweep().scheduled == 1


@pytest.mark.parametrize("loss", ["role", "deactivated", "deleted"])
def test_a_schedule_is_paused_when_its_owner_has_lost_the_right(create: Create, analyst: Any, loss: str) -> None:
    schedule = create()
    if loss == "role":
        CountyAccess.objects.filter(user=analyst).update(role="viewer")
    elif loss == "deactivated":
        get_user_model().objects.filter(pk=analyst.pk).update(is_active=False)
    else:
        analyst.delete()
    due(schedule)
    assert sweep().scheduled == 0
    schedule.refresh_from_db()
    assert (schedule.enabled, schedule.next_run_at) == (False, None)
    assert ("account is gone" if loss == "deleted" else "no analyst") in schedule.paused_because
    assert not DummyJob.objects.exists()


def test_what_is_refused_or_breaks_does_not_stop_the_others(
    create: Create, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    CountySettings.objects.create(county=county, max_active_jobs=1)
    first, second, broken, last = create(name="first"), create(name="second"), create(name="broken"), create()
    make = unsaved_job

    def choke(serializer: Any, request: Any, context: Any) -> Any:
        if broken.request == request:
            raise KeyError("a bug of the plugin")
        return make(serializer, request, context)

    Schedule.objects.filter(pk=broken.pk).update(request={"broken": True})
    Schedule.objects.filter(pk=last.pk).update(request={"flavour": "sweet"})
    broken.refresh_from_db()
    monkeypatch.setattr(f"{clock.__name__}.unsaved_job", choke)
    for minutes, schedule in enumerate((last, broken, second, first)):
        due(schedule, late=timedelta(minutes=minutes))
    assert sweep().scheduled == 1
    events = {schedule.name: schedule.last_event for schedule in Schedule.objects.all()}
    assert "was submitted" in events["first"]
    assert "the limit is 1" in events["second"]
    assert "internal reason" in events["broken"]
    assert "flavour" in events["Nightly"]
    assert "county_id: " in events["Nightly"]
    assert Schedule.objects.filter(enabled=True, next_run_at__gt=Now()).count() == 4


# The newest result.


def test_latest(transactional_db: None, api: APIClient, create: Create, viewer: Any, client_of: ClientOf) -> None:
    schedule = create()
    address = f"{URL}/{schedule.pk}/latest"
    response = api.get(address)
    assert (response.status_code, response.json()["code"]) == (404, "no_result")
    jobs = []
    for lines in (2, 3):
        api.patch(f"{URL}/{schedule.pk}", {"request": {**schedule.request, "parameters": {"lines": lines}}})
        response = api.post(f"{URL}/{schedule.pk}/run", headers={"Idempotency-Key": f"now {lines}"})
        assert response.status_code == 202
        assert response.headers["Location"].endswith(response.data["job_id"])
        again = api.post(f"{URL}/{schedule.pk}/run", headers={"Idempotency-Key": f"now {lines}"})
        assert again.data["job_id"] == response.data["job_id"]
        jobs.append(work(DummyJob.objects.get(pk=response.data["job_id"])))
    api.patch(f"{URL}/{schedule.pk}", {"request": {**schedule.request, "parameters": {"lines": 4}}})
    pending = api.post(f"{URL}/{schedule.pk}/run").data["job_id"]
    latest = client_of(viewer).get(address).json()
    assert (latest["job_id"], latest["schedule_id"]) == (str(jobs[1].pk), str(schedule.pk))
    assert latest["result"]["lines_written"] == 3  # as the plugin shows its results
    file = client_of(viewer).get(f"{address}/download")
    content = file.getvalue()
    assert content == b"plain line 0\nplain line 1\nplain line 2\n"
    assert api.get(f"{address}/download", headers={"If-None-Match": file.headers["ETag"]}).status_code == 304
    assert api.get(f"{address}/download", headers={"Accept": "text/csv"}).getvalue() == content
    head = api.head(f"{address}/download")
    assert head.headers["ETag"] == file.headers["ETag"]
    head.close()
    listed = api.get(f"/api/v1/dummy/jobs?schedule_id={schedule.pk}").json()["results"]
    assert [job["job_id"] for job in listed] == [pending, str(jobs[1].pk), str(jobs[0].pk)]
    # Its results outlive the schedule.
    assert api.delete(f"{URL}/{schedule.pk}").status_code == 204
    assert api.get(f"/api/v1/dummy/jobs/{jobs[1].pk}/download").getvalue() == content


def test_only_so_many_results_are_kept(transactional_db: None, api: APIClient, create: Create) -> None:
    schedule, other = create(keep_last=2), create()

    def run(each: Schedule) -> DummyJob:
        return work(DummyJob.objects.get(pk=api.post(f"{URL}/{each.pk}/run").data["job_id"]))

    kept = run(other)
    jobs = [run(schedule) for _ in range(4)]
    swept = sweep()
    assert (swept.retired, swept.expired) == (2, 2)
    assert [DummyJob.objects.get(pk=job.pk).status for job in (*jobs, kept)] == [
        Status.EXPIRED,
        Status.EXPIRED,
        *[Status.COMPLETED] * 3,
    ]
    assert sweep().retired == 0
    assert api.get(f"{URL}/{schedule.pk}/latest").json()["job_id"] == str(jobs[3].pk)


def test_a_result_outlives_the_next_run(transactional_db: None, api: APIClient, create: Create, county: County) -> None:
    CountySettings.objects.create(county=county, result_days=10, max_result_days=100)
    asked = {"county_id": county.pk, "flavour": "plain", "parameters": {"expires_in": "1h"}}
    for schedule, days in (
        (create(cron="0 5 * * *"), 10),
        (create(cron="0 5 1 * *"), 60),  # two months, and a day
        (create(cron="0 5 1 1 *"), 100),
        (create(cron="0 5 1 1 *", request=asked), 0),
    ):
        job = work(DummyJob.objects.get(pk=api.post(f"{URL}/{schedule.pk}/run").data["job_id"]))
        assert job.expires_at is not None
        assert job.completed_at is not None
        assert days <= (job.expires_at - job.completed_at).days <= days + 3
