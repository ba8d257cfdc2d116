"""A result carries what it takes to read it, and that is asked wherever it is served."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs import dispatch
from terrafusion.jobs.models import Schedule, WebhookDelivery
from terrafusion.jobs.rights import Needs
from terrafusion.jobs.webhooks import secrets
from terrafusion.records.models import County, CountyAccess, PropertyOperational
from tests.conftest import ClientOf, MakeUser
from tests.dummy_plugin.models import DummyJob
from tests.reporting import data
from tests.rights.reading import addresses, content, finished, made, read

Role = CountyAccess.Role
SECOND = "Second County"
FIGURE = 987_654_321


@pytest.fixture
def counties(ground: County, other_county: County) -> County:
    """Two counties; a parcel of the other has a value that is seen nowhere else."""
    data.load(other_county, 4)
    PropertyOperational.objects.filter(county=other_county).update(total_value=None)
    PropertyOperational.objects.filter(county=other_county, parcel_number="0001").update(total_value=FIGURE)
    return ground


@pytest.fixture
def both(make_user: MakeUser, county: County, other_county: County) -> Any:
    return make_user("both", Role.MANAGER, county, other_county)


def comparison(county: County) -> dict[str, Any]:
    return {
        "report_type": "county_comparison",
        "county_id": county.pk,
        "format": "json",
        "parameters": {"counties": ["COUNTY02"]},
    }


def activity(county: County) -> dict[str, Any]:
    return {"report_type": "export_activity", "county_id": county.pk, "format": "json", "parameters": {}}


def showing(seen: dict[str, tuple[int, str]], *texts: str) -> list[str]:
    return [address for address, (_, content_) in seen.items() if any(text in content_ for text in texts)]


def test_a_comparison_is_read_by_who_sees_all_its_counties(
    transactional_db: None, counties: County, both: Any, viewer: Any, manager: Any, client_of: ClientOf
) -> None:
    job = made(client_of(both), "reporting", comparison(counties))
    assert (job.read_counties, job.read_role, job.contains_personal_data) == (["COUNTY02"], "viewer", False)
    assert showing(read(client_of(both), job), str(FIGURE))
    for user in (viewer, manager):
        seen = read(client_of(user), job)
        assert not showing(seen, str(FIGURE), "COUNTY02", SECOND)
        response = client_of(user).get(reverse("reporting:download", args=[job.pk]))
        assert (response.status_code, response.json()["code"]) == (403, "county_refused")
        # The row is there: whose job it is and how it does is the county's own.
        assert client_of(user).get(reverse("reporting:status", args=[job.pk])).json()["status"] == "COMPLETED"
    again = client_of(manager).post(reverse("reporting:rerun", args=[job.pk]))
    assert (again.status_code, again.json()["code"]) == (403, "county_refused")
    assert "COUNTY02" not in content(again)
    CountyAccess.objects.create(user=viewer, county_id="COUNTY02", role=Role.VIEWER)
    assert showing(read(client_of(viewer), job), str(FIGURE))


def test_who_exported_what_is_read_by_managers(
    transactional_db: None,
    counties: County,
    api: APIClient,
    both: Any,
    viewer: Any,
    analyst: Any,
    manager: Any,
    client_of: ClientOf,
) -> None:
    export = {"export_format": "CSV", "county_id": counties.pk, "layers": ["parcels"], "parameters": {}}
    assert api.post(reverse("gis_export:run"), export, format="json").status_code == 202
    job = made(client_of(both), "reporting", activity(counties))
    assert job.read_role == "manager"
    assert showing(read(client_of(manager), job), "analyst")
    for user in (viewer, analyst):
        seen = read(client_of(user), job)
        files = [status for address, (status, _) in seen.items() if "/download" in address or "/files" in address]
        assert set(files) == {403}
        assert not showing({at: text for at, text in seen.items() if "/jobs as" not in at}, '"analyst"')
        shown = client_of(user).get(reverse("reporting:results", args=[job.pk])).json()
        assert (shown["result"], shown["links"]["download"]) == (None, None)
        assert "Requires the manager role" in shown["message"]
    CountyAccess.objects.filter(user=both).update(role=Role.ANALYST)
    assert client_of(both).get(reverse("reporting:download", args=[job.pk])).status_code == 403


def test_a_schedule_and_its_permalink_are_read_by_the_same_people(
    transactional_db: None, counties: County, both: Any, manager: Any, client_of: ClientOf
) -> None:
    CountyAccess.objects.filter(user=manager).update(may_see_personal_data=True)  # else no request is shown at all
    body = {"name": "Both", "job_type": "reporting", "cron": "0 5 * * *", "request": comparison(counties)}
    made_ = client_of(both).post("/api/v1/schedules", body, format="json")
    assert made_.status_code == 201, made_.content
    schedule = Schedule.objects.get()
    assert schedule.read_counties == ["COUNTY02"]
    run = client_of(both).post(reverse("schedules:run", args=[schedule.pk]))
    finished("reporting", run.json()["job_id"])
    Schedule.objects.update(last_event="Refused: COUNTY02 has no sales.")
    own = [reverse(f"schedules:{name}", args=[schedule.pk]) for name in ("schedule", "latest", "download")]
    opened = [client_of(both).get(address) for address in own]
    assert [str(FIGURE) in content(answer) for answer in opened] == [False, False, True]
    answers = [client_of(manager).get(address) for address in (*own, "/api/v1/schedules")]
    assert [answer.status_code for answer in answers] == [200, 200, 403, 200]
    assert not [answer for answer in answers if str(FIGURE) in content(answer) or "COUNTY02" in content(answer)]
    changed = {**body["request"], "parameters": {"counties": [counties.pk]}}  # type: ignore[dict-item]
    client_of(both).patch(own[0], {"request": changed}, format="json")
    schedule.refresh_from_db()
    assert schedule.read_counties == []
    assert client_of(manager).get(own[0]).json()["request"] is not None


def test_a_webhook_contains_no_figure(
    transactional_db: None, counties: County, both: Any, manager: Any, client_of: ClientOf
) -> None:
    secrets.make(both)
    body = comparison(counties)
    body["parameters"]["webhook"] = "https://example.com/hook"
    made(client_of(both), "reporting", body)
    assert not {str(FIGURE), "COUNTY02"} & {str(part) for part in json.loads(WebhookDelivery.objects.get().payload)}
    assert str(FIGURE) not in WebhookDelivery.objects.get().payload
    assert "COUNTY02" not in content(client_of(manager).get("/api/v1/webhooks/deliveries"))


def test_the_admin_asks_the_same(
    transactional_db: None, counties: County, both: Any, manager: Any, client: Client, client_of: ClientOf
) -> None:
    job = made(client_of(both), "reporting", comparison(counties))
    manager.is_staff = True
    manager.save()
    manager.user_permissions.set(Permission.objects.all())
    client.force_login(manager)
    page = client.get(reverse("admin:reporting_reportjob_change", args=[job.pk])).content.decode()
    assert "COMPLETED" in page
    assert SECOND not in page
    assert "COUNTY02" not in page
    listed = client.get(reverse("admin:reporting_reportjob_changelist"), {"q": "County comparison"})
    assert listed.context["cl"].result_count == 0  # messages are not searched: a hit would tell what they say


def test_a_result_is_used_again_with_its_needs(transactional_db: None, counties: County, both: Any) -> None:
    first = DummyJob(county=counties, flavour="plain", submitted_by=both)
    dispatch.submit(first)
    finished("dummy", str(first.pk))
    DummyJob.objects.update(read_counties=["COUNTY02"], read_role="manager")
    second, _ = dispatch.submit(DummyJob(county=counties, flavour="plain", submitted_by=both))
    assert (second.status, second.reused_from_id) == ("COMPLETED", first.pk)
    assert second.needs() == Needs(frozenset({"COUNTY02"}), Role.MANAGER)
    CountyAccess.objects.filter(user=both, county="COUNTY02").delete()
    third, _ = dispatch.submit(DummyJob(county=counties, flavour="plain", submitted_by=both))
    assert third.status == "PENDING"


def test_addresses_are_all_that_serve_a_job(transactional_db: None, counties: County, both: Any) -> None:
    job = DummyJob(county=counties, flavour="plain", submitted_by=both)
    dispatch.submit(job)
    assert len(addresses(finished("dummy", str(job.pk)))) == 6
