"""Fair turns: who has many jobs waiting delays nobody else's by more than a few of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from terrafusion.jobs import broker, dispatch, runner, turns
from terrafusion.jobs.metrics import JobStateCollector
from terrafusion.jobs.models import Turn
from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County, CountySettings
from tests.conftest import UNREAD, Cluster, MakeUser, Role, queued
from tests.dummy_plugin.models import DummyJob

MANY = 60


def submit(user: Any, county: County, **parameters: Any) -> DummyJob:
    job = DummyJob(county=county, flavour="plain", parameters=parameters, resolved=parameters, submitted_by=user)
    submitted: DummyJob = dispatch.submit(job, fresh=True)[0]
    return submitted


@pytest.fixture
def people(make_user: MakeUser, county: County, other_county: County) -> tuple[Any, Any, Any]:
    """Two analysts of the county and one of another."""
    for each in (county, other_county):
        CountySettings.objects.update_or_create(county=each, defaults={"max_active_jobs": 100_000})
    ann, bob = (make_user(name, Role.ANALYST, county) for name in ("ann", "bob"))
    return ann, bob, make_user("cid", Role.ANALYST, other_county)


@pytest.fixture
def run_next(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Do what a worker does with the oldest task; the job that was run."""
    monkeypatch.setattr(broker, "own_cluster", lambda: UNREAD)

    def run() -> DummyJob:
        before = set(DummyJob.objects.filter(status=Status.PENDING))
        row = queued().order_by("pk")[0]
        task = row.task
        row.delete()
        assert task["func"] == dispatch.RUN_TASK
        assert runner.run_next(*task["args"]) == "done"
        begun: list[DummyJob] = list(before - set(DummyJob.objects.filter(status=Status.PENDING)))
        assert len(begun) == 1
        return begun[0]

    return run


def test_counties_and_in_each_its_users_take_turns(
    transactional_db: None, people: Any, county: County, other_county: County, run_next: Any
) -> None:
    ann, bob, cid = people
    for user, where, number in ((ann, county, 6), (bob, county, 3), (cid, other_county, 3)):
        for _ in range(number):
            submit(user, where)
    order = [run_next() for _ in range(12)]
    assert "".join(job.submitted_by.username[0] for job in order) == "acbcacbabaaa"
    for user in people:
        own = [job.created_at for job in order if job.submitted_by == user]
        assert own == sorted(own)
    assert not queued().exists()


def test_the_small_job_of_another_user_waits_for_a_few_only(cluster: Cluster, people: Any, county: County) -> None:
    ann, bob, _ = people
    many = [submit(ann, county, seconds=0.2) for _ in range(MANY)]
    cluster.wait(many[1], Status.RUNNING, Status.COMPLETED)
    one = cluster.wait(submit(bob, county))
    assert one.status == Status.COMPLETED
    before = DummyJob.objects.filter(submitted_by=ann, started_at__range=(one.created_at, one.started_at)).count()
    assert before <= 2 * broker.workers("short")
    assert DummyJob.objects.filter(submitted_by=ann, status=Status.PENDING).exists()


def test_a_task_whose_job_was_canceled_does_another(
    transactional_db: None, people: Any, county: County, run_next: Any
) -> None:
    first, second = (submit(people[0], county) for _ in range(2))
    dispatch.cancel(first)
    assert run_next() == second
    row = queued().get()
    assert runner.run_next(*row.task["args"]) == "not claimed"


def test_a_job_of_no_lane_is_run_by_its_own_task(
    transactional_db: None, people: Any, county: County, run_next: Any
) -> None:
    """Such as one of before the upgrade."""
    job = submit(people[0], county)
    DummyJob.objects.update(lane="")
    assert run_next() == job


def test_jobs_of_one_lane_hide_no_lost_one_of_another(
    transactional_db: None, people: Any, county: County, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep looks at a batch of jobs; those that wait their turn do not fill it."""
    settings.SHORT_CLUSTER, settings.LONG_CLUSTER = UNREAD, "unread long"
    settings.MEDIUM_CLUSTER = "unread medium"
    monkeypatch.setattr("terrafusion.jobs.sweep.BATCH", 5)
    for _ in range(10):
        submit(people[0], county)
    lost = submit(people[0], county, expected="inf")
    assert lost.lane == "unread long"
    OrmQ.objects.filter(key="unread long").delete()
    DummyJob.objects.update(enqueued_at="2020-01-01T00:00Z")
    assert sweep().offered == 1
    assert broker.waiting("unread long") == 1
    assert queued().count() == 10


def test_jobs_of_other_settings_are_brought_into_their_lane(
    transactional_db: None, people: Any, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "clusters", lambda: [UNREAD])
    job = submit(people[0], county)
    queued().delete()
    DummyJob.objects.update(lane="of before", enqueued_at="2020-01-01T00:00Z")
    assert sweep().offered == 1
    job.refresh_from_db()
    assert (job.lane, queued().count()) == (UNREAD, 1)


def test_whose_turn_it_is_takes_one_query_and_one_index(transactional_db: None, people: Any, county: County) -> None:
    for _ in range(3):
        submit(people[0], county)
    with CaptureQueriesContext(connection) as queries:
        turns.next_job(UNREAD)
    assert len(queries) == 1
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "dummyjob_turn" in plan
    assert "Sort Key: dummy_dummyjob.county_id" not in plan


def test_turns_are_forgotten_after_a_day(transactional_db: None, people: Any, county: County, run_next: Any) -> None:
    submit(people[0], county)
    run_next()
    sweep()
    assert Turn.objects.count() == 1
    Turn.objects.update(taken_at="2020-01-01T00:00Z")
    sweep()
    assert not Turn.objects.exists()


def test_the_metrics_count_what_waits_without_reading_it(
    transactional_db: None, people: Any, county: County, django_assert_num_queries: Any
) -> None:
    def shown() -> dict[str, float]:
        waiting = next(family for family in JobStateCollector().collect() if family.name == "jobs_waiting")
        return {sample.labels["lane"]: sample.value for sample in waiting.samples}

    with CaptureQueriesContext(connection) as queries:
        assert shown()[UNREAD] == 0
    for _ in range(4):
        submit(people[0], county)
    with django_assert_num_queries(len(queries)):
        assert shown()[UNREAD] == 4
