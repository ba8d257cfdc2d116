"""Whoever is shown personal data is on record, and the record stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from terrafusion.jobs.sweep import sweep
from terrafusion.records import access_log
from terrafusion.records.models import (
    Act,
    County,
    CountySettings,
    PersonalDataAccess,
    PropertyOperational,
    ReferenceFeature,
)
from tests.conftest import ClientOf, MakeUser
from tests.rights.conftest import MARK, Role
from tests.rights.reading import addresses, content, made

LOG = "/api/v1/personal-data-access"


@pytest.fixture
def export(ground: County) -> dict[str, Any]:
    return {"export_format": "CSV", "county_id": ground.pk, "layers": ["parcels"], "parameters": {}}


@pytest.fixture
def named(export: dict[str, Any]) -> dict[str, Any]:
    """An export of the parcels of one owner."""
    condition = {"field": "owner_name", "op": "=", "value": MARK}
    return {**export, "parameters": {"where": [condition], "fields": {"parcels": ["parcel_number"]}}}


@pytest.fixture
def roll(ground: County) -> dict[str, Any]:
    parameters = {"parcels": ["0001"]}
    return {"report_type": "property_record_card", "county_id": ground.pk, "format": "html", "parameters": parameters}


def entries(**which: Any) -> list[tuple[str, str, str]]:
    return list(PersonalDataAccess.objects.filter(**which).order_by("pk").values_list("username", "act", "kind"))


def forget_all() -> None:
    """As no user of the database may."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM records_personaldataaccess")


def staff(user: Any, *permissions: str) -> Client:
    user.is_staff = True
    user.save()
    chosen = Permission.objects.filter(codename__in=permissions) if permissions else Permission.objects.all()
    user.user_permissions.set(chosen)
    client = Client()
    client.force_login(user)
    return client


def test_every_answer_with_personal_data_is_on_record(
    transactional_db: None, export: dict[str, Any], named: dict[str, Any], trusted: Any, theirs: APIClient
) -> None:
    jobs = [made(theirs, "gis_export", export), made(theirs, "gis_export", named)]
    assert [job.contains_personal_data for job in jobs] == [True, True]
    pages = staff(trusted)
    shown = 0
    for job in jobs:
        change = reverse("admin:gis_export_gisexportjob_change", args=[job.pk])
        for client, address in [*((theirs, one) for one in addresses(job)), (pages, change)]:
            forget_all()
            text = content(client.get(address))
            if MARK in text:
                shown += 1
                assert entries(key=str(job.pk)), address
            assert not PersonalDataAccess.objects.exclude(user=trusted).exists()
    assert shown >= 5  # two ways to the file of the owners; the condition in the status, the results, and the list


def test_a_result_is_exported_by_who_asked_also_when_there_was_one(
    transactional_db: None, export: dict[str, Any], theirs: APIClient, api: APIClient
) -> None:
    first = made(theirs, "gis_export", export)
    assert entries() == [("trusted", "exported", "gis_export")]
    entry = PersonalDataAccess.objects.get()
    assert (entry.county_id, entry.key, entry.right) == (first.county_id, str(first.pk), "personal data, analyst")
    second = made(theirs, "gis_export", export)
    assert second.reused_from_id == first.pk
    assert entries(key=str(second.pk), act=Act.EXPORTED) == [("trusted", "exported", "gis_export")]
    made(api, "gis_export", export)  # without the right: nothing personal is in it
    assert len(entries(act=Act.EXPORTED)) == 2


def test_each_download_is_an_entry_and_what_sends_nothing_is_none(
    transactional_db: None, export: dict[str, Any], theirs: APIClient
) -> None:
    job = made(theirs, "gis_export", export)
    address = reverse("gis_export:download", args=[job.pk])
    for _ in range(2):
        assert MARK in content(theirs.get(address))
    files = list(PersonalDataAccess.objects.filter(act=Act.DOWNLOADED).values_list("details", flat=True))
    assert files == [{"file": job.result_file.rsplit("/", 1)[-1]}] * 2
    head = theirs.head(address)
    assert content(head) == ""
    etag = head["ETag"]
    assert theirs.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert len(entries(act=Act.DOWNLOADED)) == 2
    for begin in range(3):  # a viewer that asks for one range after another
        part = theirs.get(address, headers={"Range": f"bytes={begin}-{begin}"})
        assert (part.status_code, len(content(part))) == (206, 1)
    assert len(entries(act=Act.DOWNLOADED)) == 2  # the file is on record already


def test_reading_again_within_an_hour_is_one_entry(
    transactional_db: None,
    named: dict[str, Any],
    theirs: APIClient,
    make_user: MakeUser,
    county: County,
    client_of: ClientOf,
) -> None:
    job = made(theirs, "gis_export", named)
    other = client_of(make_user("other", Role.VIEWER, county, may_see_personal_data=True))
    for _ in range(3):
        assert MARK in content(other.get(reverse("gis_export:status", args=[job.pk])))
    assert entries(act=Act.READ) == [("other", "read", "gis_export")]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE records_personaldataaccess SET at = at - interval '61 minutes'")
        cursor.execute("SET session_replication_role = origin")
    other.get(reverse("gis_export:status", args=[job.pk]))
    assert len(entries(act=Act.READ)) == 2


def test_previews_and_estimates_are_on_record(
    transactional_db: None, roll: dict[str, Any], named: dict[str, Any], export: dict[str, Any], theirs: APIClient
) -> None:
    page = theirs.post(reverse("reporting:preview"), roll, format="json")
    assert MARK in content(page)
    assert theirs.post(reverse("gis_export:estimate"), named, format="json").status_code == 200
    assert entries() == [
        ("trusted", "previewed", "reporting preview"),
        ("trusted", "previewed", "gis_export estimate"),
    ]
    theirs.post(reverse("gis_export:estimate"), export, format="json")  # counts of all parcels name nobody
    assert len(entries()) == 2


def test_a_schedule_that_names_people_is_on_record(
    transactional_db: None,
    named: dict[str, Any],
    theirs: APIClient,
    make_user: MakeUser,
    county: County,
    client_of: ClientOf,
) -> None:
    body = {"name": "Owner", "job_type": "gis_export", "cron": "0 5 * * *", "request": named}
    assert theirs.post("/api/v1/schedules", body, format="json").status_code == 201
    other = client_of(make_user("other", Role.VIEWER, county, may_see_personal_data=True))
    assert MARK in content(other.get("/api/v1/schedules"))
    assert entries() == [("other", "read", "schedule")]


def test_pages_of_the_admin_are_on_record(ground: County, make_user: MakeUser, manager: Any) -> None:
    keeper = make_user("keeper", Role.MANAGER, ground, may_see_personal_data=True)
    parcel = PropertyOperational.objects.get(parcel_number="0001")
    parcel.owner_name = f"{MARK} III"
    parcel.save()
    feature = ReferenceFeature.objects.filter(layer__name="zones").first()
    assert feature is not None
    pages = {
        "parcel": reverse("admin:records_propertyoperational_change", args=[parcel.pk]),
        "zones": reverse("admin:records_referencefeature_change", args=[feature.pk]),
        "parcel edit": reverse("admin:records_propertyoperationalevent_changelist"),
    }
    for user in (keeper, manager):
        client = staff(user)
        for kind, page in pages.items():
            forget_all()
            text = client.get(page).content.decode()
            assert (MARK in text) == (user is keeper), page
            assert {entry[2] for entry in entries()} == ({kind} if user is keeper else set()), page


def test_nothing_is_sent_where_nothing_can_be_recorded(
    transactional_db: None, export: dict[str, Any], theirs: APIClient
) -> None:
    job = made(theirs, "gis_export", export)
    theirs.raise_request_exception = False
    with mock.patch.object(PersonalDataAccess.objects, "bulk_create", side_effect=IntegrityError("no")):
        for action in ("download", "status"):
            answer = theirs.get(reverse(f"gis_export:{action}", args=[job.pk]))
            assert answer.status_code >= 500
            assert MARK not in content(answer)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE records_personaldataaccess SET username = 'x'", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "truncate"],
)
def test_nobody_changes_an_entry(db: None, county: County, manager: Any, statement: str) -> None:
    access_log.record(manager, Act.READ, [access_log.Seen((county.pk,), "parcel", "0001")])
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="personal data"), transaction.atomic():
        cursor.execute(statement.format("records_personaldataaccess"))
    assert entries() == [("manager", "read", "parcel")]


def test_entries_go_when_their_county_has_kept_them_long_enough(
    db: None, county: County, other_county: County, manager: Any
) -> None:
    CountySettings.objects.create(county=county, access_log_days=400)
    for one in (county, other_county):
        for days in (399, 401, 2_556):
            PersonalDataAccess.objects.create(
                county=one, username="ann", act="read", kind="parcel", key=str(days), right="superuser",
                at=timezone.now() - timedelta(days=days),
            )  # fmt: skip
    assert sweep().accesses == 3
    left = PersonalDataAccess.objects.order_by("county", "at").values_list("county", "key")
    assert list(left) == [("COUNTY01", "399"), ("COUNTY02", "401"), ("COUNTY02", "399")]
    with pytest.raises(IntegrityError), transaction.atomic():
        CountySettings.objects.update(access_log_days=1)


def test_managers_and_records_officers_read_the_record_of_their_counties(
    db: None,
    county: County,
    other_county: County,
    viewer: Any,
    analyst: Any,
    manager: Any,
    outsider: Any,
    client_of: ClientOf,
) -> None:
    for one, key in ((county, "a"), (other_county, "b")):
        access_log.record(analyst, Act.READ, [access_log.Seen((one.pk,), "parcel", key)])
    viewer.user_permissions.add(Permission.objects.get(codename="view_personaldataaccess"))
    for user, keys in ((viewer, ["a"]), (manager, ["a"]), (outsider, ["b"])):
        answer = client_of(user).get(LOG)
        assert [row["key"] for row in answer.json()["results"]] == keys
        page = staff(user, "view_personaldataaccess").get(reverse("admin:records_personaldataaccess_changelist"))
        assert [row.key for row in page.context["cl"].result_list] == keys
    assert client_of(analyst).get(LOG).status_code == 403
    assert staff(analyst, "view_sale").get(reverse("admin:records_personaldataaccess_changelist")).status_code == 403
    entries = client_of(manager).get(LOG, {"username": "analyst", "act": "read", "kind": "parcel", "key": "a"}).json()
    (row,) = entries["results"]
    assert (row["county_id"], row["username"], row["right"]) == ("COUNTY01", "analyst", "personal data, analyst")
    assert client_of(manager).get(LOG, {"key": "b"}).json()["results"] == []
    assert client_of(manager).get(LOG, {"at_gte": "2999-01-01T00:00:00Z"}).json()["results"] == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_the_record_over_rest(db: None, admin_user: Any, client_of: ClientOf, method: str) -> None:
    assert getattr(client_of(admin_user), method)(LOG, {}).status_code == 405


def test_the_record_is_part_of_export_activity(
    transactional_db: None, export: dict[str, Any], theirs: APIClient, manager: Any, client_of: ClientOf
) -> None:
    job = made(theirs, "gis_export", export)
    content(theirs.get(reverse("gis_export:download", args=[job.pk])))
    asked = {"report_type": "export_activity", "county_id": job.county_id, "format": "html", "parameters": {}}
    report = made(client_of(manager), "reporting", asked)
    text = content(client_of(manager).get(reverse("reporting:download", args=[report.pk])))
    part = text.partition("Access to personal data")[2]
    assert "Downloaded" in part
    assert "trusted" in part
    assert MARK not in text
    assert report.result_summary["accesses_to_personal_data"] == len(entries()) == 2
