"""Submitting: nothing is lost when the broker is down, and a double submission makes one job."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ

from terrafusion.jobs import broker, dispatch
from terrafusion.jobs.errors import IdempotencyKeyReused, NotCancellable, TooManyActiveJobs
from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County, CountySettings
from tests.conftest import UNREAD, queued
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit, claim


def test_the_task_carries_label_and_id_only(transactional_db: None, submit: Submit) -> None:
    job = submit(lines=5)
    task = queued().get().task
    assert (task["func"], task["args"]) == (dispatch.RUN_TASK, ("dummy.DummyJob", str(job.pk)))
    assert task["ack_failure"] is True  # stamped here, from the settings that workers share
    assert task["kwargs"] == {}


def test_nothing_is_queued_before_the_commit(transactional_db: None, submit: Submit) -> None:
    with transaction.atomic():
        submit()
        assert not queued().exists()
        transaction.set_rollback(True)
    assert not queued().exists()
    assert not DummyJob.objects.exists()


def test_a_job_takes_the_lane_of_what_it_is_expected_to_take(
    transactional_db: None, submit: Submit, settings: Any
) -> None:
    settings.SHORT_CLUSTER, settings.MEDIUM_CLUSTER, settings.LONG_CLUSTER = "s", "m", "l"
    for seconds in (0, 20, 21, 180, 181, 1e9, "inf"):
        submit(expected=seconds)
    assert "".join(OrmQ.objects.filter(key__in="sml").order_by("pk").values_list("key", flat=True)) == "ssmmlll"


def test_a_broker_that_is_down_loses_no_job(
    transactional_db: None, submit: Submit, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    with monkeypatch.context() as down:
        down.setattr(broker, "async_task", lambda *a, **k: (_ for _ in ()).throw(ConnectionError("broker")))
        job = submit()  # raises nothing: the job is accepted
    assert job.status == Status.PENDING
    assert not queued().exists()
    assert sweep().offered == 0  # it may still be on its way
    settings.JOB_REQUEUE_AFTER = 0
    monkeypatch.setattr(broker, "clusters", lambda: [UNREAD])
    assert sweep().offered == 1
    assert queued().get().task["args"] == ("dummy.DummyJob", str(job.pk))


def test_a_job_that_waits_its_turn_is_not_offered_again(
    transactional_db: None, submit: Submit, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(broker, "clusters", lambda: [UNREAD])
    settings.JOB_REQUEUE_AFTER = 0
    for _ in range(3):
        submit()
    settings.JOB_REQUEUE_AFTER = 1
    DummyJob.objects.update(enqueued_at="2020-01-01T00:00Z")
    queued().update(lock="2020-01-01T00:00Z")
    assert sweep().offered == 0
    queued().delete()  # now the broker has forgotten them
    assert sweep().offered == 3
    assert sweep().offered == 0
    assert queued().count() == 3


def test_double_submission_at_once_makes_one_job(transactional_db: None, county: County, analyst: Any) -> None:
    start = threading.Barrier(8)
    submissions: list[Any] = []

    def press() -> None:
        job = DummyJob(county=county, flavour="plain", parameters={"lines": 1}, submitted_by=analyst)
        start.wait()
        try:
            submissions.append(dispatch.submit(job, idempotency_key="once"))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({job.pk for job, _ in submissions}) == 1
    assert [created for _, created in submissions].count(True) == 1
    assert len(submissions) == 8
    assert DummyJob.objects.count() == queued().count() == 1


def test_key_with_another_request(db: None, county: County, analyst: Any) -> None:
    def job(lines: int) -> DummyJob:
        return DummyJob(county=county, flavour="plain", parameters={"lines": lines}, submitted_by=analyst)

    dispatch.submit(job(1), idempotency_key="k")
    with pytest.raises(IdempotencyKeyReused):
        dispatch.submit(job(2), idempotency_key="k")


def test_limit_holds_for_submissions_at_once(transactional_db: None, county: County, analyst: Any) -> None:
    CountySettings.objects.create(county=county, max_active_jobs=3)
    start = threading.Barrier(8)
    refused: list[TooManyActiveJobs] = []

    def press() -> None:
        start.wait()
        try:
            dispatch.submit(DummyJob(county=county, flavour="plain", submitted_by=analyst))
        except TooManyActiveJobs as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (DummyJob.objects.count(), len(refused)) == (3, 5)


def test_cancel(submit: Submit) -> None:
    pending, running, ended = submit(), submit(), submit()
    token = claim(running)
    DummyJob.objects.finish(ended.pk, claim(ended))
    assert dispatch.cancel(pending).status == Status.CANCELLED
    assert dispatch.cancel(running).status == Status.CANCELLING
    assert dispatch.cancel(running).status == Status.CANCELLING
    assert not DummyJob.objects.finish(running.pk, token)  # too late to complete: the user was told
    with pytest.raises(NotCancellable):
        dispatch.cancel(ended)


def test_rerun_copies_the_request_and_no_result(submit: Submit, manager: Any) -> None:
    job = submit(lines=7)
    DummyJob.objects.finish(job.pk, claim(job), lines_written=7)
    job.refresh_from_db()
    again = dispatch.rerun(job, manager)
    again.refresh_from_db()
    assert (again.rerun_of, again.submitted_by, again.status) == (job, manager, Status.PENDING)
    assert (again.parameters, again.flavour, again.county) == (job.parameters, job.flavour, job.county)
    assert (again.lines_written, again.attempt, again.started_at) == (None, 0, None)
