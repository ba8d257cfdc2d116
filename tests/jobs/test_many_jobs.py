"""Lists that stay quick however many jobs there are: none of their queries reads all of them."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs.admin import lists
from terrafusion.jobs.sweep import sweep
from terrafusion.records.layers import layers_named, layers_of
from terrafusion.records.models import County, CountyAccess
from tests.conftest import ClientOf, queued
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit, claim

ADMIN = "admin:dummy_dummyjob_changelist"
MANY = 3000
LONG_AGO = "2020-01-01T00:00Z"


def copies(count: int, **columns: Any) -> None:
    """So many jobs that differ in their ids alone, made by the database: the ORM takes a second for 3,000."""
    job = DummyJob.objects.create(**columns)
    table, key = DummyJob._meta.db_table, DummyJob._meta.pk.column
    names = ", ".join(str(field.column) for field in DummyJob._meta.concrete_fields if not field.primary_key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({key}, {names}) SELECT gen_random_uuid(), {names}"
            f" FROM {table}, generate_series(2, %s) WHERE {key} = %s",
            [count, job.pk],
        )


def settle() -> None:
    """Rows are where plans expect them."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE dummy_dummyjob")


@pytest.fixture
def many(transactional_db: None, other_county: County, outsider: Any) -> None:
    """Finished jobs of another county, all newer than those of a test."""
    ended: dict[str, Any] = {
        "created_at": "2999-01-01T00:00Z",
        "completed_at": "2999-01-01T00:00Z",
        "expires_at": "2999-02-01T00:00Z",
    }
    for status in ("FAILED", "COMPLETED"):
        copies(MANY // 2, county=other_county, flavour="plain", submitted_by=outsider, status=status, **ended)
    settle()


def rows_read(sql: str) -> int:
    """The most rows that a step of the query came across."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + sql)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    counts = [int(number) for number in re.findall(r"(?:rows=|Removed by Filter: )(\d+)", plan)]
    return max(counts, default=0)


def most_rows_of_jobs(queries: CaptureQueriesContext) -> int:
    """The most rows that one of these reads of the jobs came across."""
    reads = (one["sql"] for one in queries if one["sql"].startswith("SELECT") and "dummy_dummyjob" in one["sql"])
    return max(map(rows_read, reads), default=0)


def most_rows_read(client: Client, address: str, **query: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, query).status_code == 200
    return most_rows_of_jobs(queries)


def test_the_sweep_looks_at_the_few_that_are_active(many: None, submit: Submit) -> None:
    forgotten, lost = submit(), submit()
    queued().delete()
    claim(lost)
    DummyJob.objects.filter(pk=lost.pk).update(heartbeat_at=LONG_AGO)
    DummyJob.objects.filter(pk=forgotten.pk).update(enqueued_at=LONG_AGO)
    with CaptureQueriesContext(connection) as queries:
        swept = sweep()
    assert (swept.retried, swept.offered) == (1, 1)
    assert most_rows_of_jobs(queries) <= 10


def test_the_list_of_a_county_does_not_pass_over_those_of_others(many: None, submit: Submit, api: APIClient) -> None:
    jobs = {str(submit().pk) for _ in range(3)}
    address = reverse("dummy:jobs")
    assert {job["job_id"] for job in api.get(address).json()["results"]} == jobs
    assert most_rows_read(api, address) <= 10
    assert most_rows_read(api, address, status="PENDING") <= 10


THIRD = "COUNTY03"
IN_VAIN: list[dict[str, Any]] = [
    {"flavour": "spicy"},
    {"status": "FAILED"},
    {"status": "CANCELLED"},
    {"status": ["FAILED", "CANCELLED"]},
    {"flavour": "spicy", "status": "FAILED"},
    {"schedule_id": str(uuid.uuid4())},
    {"created_after": "3000-01-01T00:00Z"},
    {"created_before": "1000-01-01T00:00Z"},
    {"county_id": THIRD},
    {"county_id": THIRD, "flavour": "spicy"},
]


@pytest.fixture
def apart(many: None, county: County, other_county: County, analyst: Any) -> None:
    """Of two counties jobs that are plain and completed, of a third one as many that are spicy and have failed."""
    third = County.objects.create(id=THIRD, name="Third County", fips="53033", state="WA", state_plane_srid=2285)
    DummyJob.objects.update(status="COMPLETED")
    ended: dict[str, Any] = {
        "created_at": "2998-01-01T00:00Z",
        "completed_at": "2998-01-01T00:00Z",
        "submitted_by": analyst,
    }
    copies(MANY, county=county, flavour="plain", status="COMPLETED", **ended)
    copies(MANY, county=third, flavour="spicy", status="FAILED", error_code="dummy_burnt", **ended)
    settle()


@pytest.mark.parametrize("counties", [1, 2])
def test_what_no_job_of_a_county_matches_is_not_looked_for_in_all(
    apart: None, counties: int, api: APIClient, other_county: County, analyst: Any
) -> None:
    if counties == 2:
        CountyAccess.objects.create(user=analyst, county=other_county, role="viewer")
    address = reverse("dummy:jobs")
    for query in IN_VAIN:
        assert api.get(address, query).json()["results"] == [], query
        assert most_rows_read(api, address, **query) <= 10, query


def test_what_no_job_matches_is_not_looked_for_in_all(many: None, county: County, admin_client: Client) -> None:
    in_vain = {"flavour": "spicy", "status": "CANCELLED", "schedule_id": str(uuid.uuid4()), "county_id": "COUNTY01"}
    for name, value in in_vain.items():
        assert most_rows_read(admin_client, reverse("dummy:jobs"), **{name: value}) <= 10, name
    in_vain = {
        "flavour__exact": "spicy",
        "status__exact": "CANCELLED",
        "error_code": "dummy_burnt",
        "county__id__exact": "COUNTY01",
        "created_at__gte": "3000-01-01 00:00Z",
    }
    for name, value in in_vain.items():
        assert most_rows_read(admin_client, reverse(ADMIN), **{name: value}) <= 10, name


def test_an_error_of_another_county_is_not_looked_for_in_all(apart: None, analyst: Any, client: Client) -> None:
    analyst.is_staff = True
    analyst.save()
    analyst.user_permissions.add(Permission.objects.get(codename="view_dummyjob"))
    client.force_login(analyst)
    assert most_rows_read(client, reverse(ADMIN), error_code="dummy_burnt") <= 10


def test_a_list_of_the_admin_is_ordered_by_what_an_index_is_ordered_by(submit: Submit, admin_client: Client) -> None:
    submit()
    shown = admin_client.get(reverse(ADMIN)).content.decode()
    assert re.findall(r'class="sortable column-(\w+)', shown) == ["created_at"]


def test_pages_of_the_admin_read_some_pages_of_jobs(
    many: None, submit: Submit, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_COUNTED", 200)
    job = submit()
    address = reverse(ADMIN)
    for query in (
        {},
        {"q": "outsider"},
        {"q": "anal"},
        {"q": str(job.pk)},
        {"q": "nobody"},
        {"status__exact": "FAILED"},
    ):
        assert most_rows_read(admin_client, address, **query) <= 200, query


def test_the_search_finds_by_id_and_by_user(many: None, submit: Submit, admin_client: Client) -> None:
    job = submit()

    def results(words: str) -> list[Any]:
        return [row.pk for row in admin_client.get(reverse(ADMIN), {"q": words}).context["cl"].result_list]

    assert results(str(job.pk)) == results("ANALYST") == results(f"{job.pk} analyst") == [job.pk]
    assert results(f"{job.pk} outsider") == results("nobody") == []


def test_a_status_request_reads_what_it_shows(
    db: None, submit: Submit, client_of: ClientOf, analyst: Any, django_assert_num_queries: Any
) -> None:
    api, job = client_of(analyst), submit()
    address = reverse("dummy:status", args=[job.pk])
    with CaptureQueriesContext(connection) as queries:
        shown = api.get(address).json()
    assert shown["links"]["cancel"].endswith(reverse("dummy:cancel", args=[job.pk]))
    assert len(queries) == 2  # the rights and the job
    assert not any("result_summary" in one["sql"] for one in queries)


def test_a_layer_that_is_named_asks_for_no_other(county: County, django_assert_max_num_queries: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert {"parcels", "sales"} <= {layer.name for layer in layers_of(county)}
    with django_assert_max_num_queries(1):
        assert list(layers_named(county, ["parcels", "nothing"])) == ["parcels"]
    assert len(queries) > 5  # which were asked for each export, three times
