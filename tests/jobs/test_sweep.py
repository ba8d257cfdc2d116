"""The sweep: what becomes of jobs whose worker is gone, and of what they left."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, connections

from terrafusion.jobs import publish
from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import Swept, sweep
from tests.conftest import queued
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit, claim

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = "2020-01-01T00:00Z"


def lose(job: DummyJob) -> DummyJob:
    DummyJob.objects.filter(pk=job.pk).update(heartbeat_at=LONG_AGO)
    return job


def test_nothing_to_do(submit: Submit, capsys: pytest.CaptureFixture[str]) -> None:
    claim(submit())
    assert sweep() == Swept()
    call_command("sweep")
    assert capsys.readouterr().out == "nothing to do\n"


def test_lost_jobs_are_tried_again_then_failed(submit: Submit, settings: Any) -> None:
    settings.JOB_MAX_ATTEMPTS = 2
    job = submit()
    queued().delete()
    claim(job)
    lose(job)
    assert sweep() == Swept(retried=1)
    job.refresh_from_db()
    assert (job.status, job.claim_token) == (Status.PENDING, None)
    assert queued().count() == 1
    claim(job)
    lose(job)
    assert sweep() == Swept(failed=1)
    job.refresh_from_db()
    assert (job.status, job.error_code, job.attempt) == (Status.FAILED, "worker_lost", 2)
    assert job.completed_at is not None


def test_a_clock_that_was_set_back_hides_no_lost_worker_and_no_forgotten_job(submit: Submit, settings: Any) -> None:
    settings.JOB_LOST_AFTER = settings.JOB_REQUEUE_AFTER = 1
    claimed, forgotten = submit(), submit()
    claim(claimed)
    queued().delete()
    DummyJob.objects.filter(pk=claimed.pk).update(heartbeat_at="2999-01-01T00:00Z")
    DummyJob.objects.filter(pk=forgotten.pk).update(enqueued_at="2999-01-01T00:00Z")
    assert sweep() == Swept()  # both are checked from now on
    time.sleep(1.1)
    assert sweep() == Swept(retried=1, offered=1)


def test_lost_job_that_was_being_cancelled(submit: Submit) -> None:
    job = submit()
    claim(job)
    DummyJob.objects.request_cancel(job.pk)
    lose(job)
    assert sweep() == Swept(cancelled=1)
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_heartbeats_are_not_checked_after_the_database_was_away(submit: Submit) -> None:
    job = submit()
    claim(job)
    lose(job)
    assert sweep(check_heartbeats=False) == Swept()


def test_a_file_that_appeared_before_its_worker_died_is_taken_away(submit: Submit, settings: Any) -> None:
    """Killed between the rename and the commit."""
    for attempts, swept, status in ((3, Swept(retried=1), "PENDING"), (1, Swept(failed=1, cleaned=1), "FAILED")):
        settings.JOB_MAX_ATTEMPTS = attempts
        job = submit()
        token = claim(job)
        name = f"dummy_output/{job.county_id}/{job.pk}.txt"
        DummyJob.objects.announce(job.pk, token, name)
        path = Path(django_settings.MEDIA_ROOT) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("orphan")
        lose(job)
        assert sweep() == swept
        job.refresh_from_db()
        assert (job.status, job.publishing_as) == (status, "")
        assert not path.exists()


def test_a_storage_that_is_away_is_asked_again(submit: Submit, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submit()
    DummyJob.objects.finish(job.pk, claim(job), result_file="x/y.txt", expires_at=LONG_AGO)

    def away(name: str) -> None:
        raise OSError("storage")

    with monkeypatch.context() as broken:
        broken.setattr(publish.media(), "delete", away)
        assert sweep() == Swept()
    job.refresh_from_db()
    assert (job.status, job.result_file) == (Status.COMPLETED, "x/y.txt")
    assert sweep() == Swept(expired=1)


def test_rows_that_somebody_holds_are_passed_over(submit: Submit) -> None:
    job = submit()
    claim(job)
    lose(job)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM dummy_dummyjob WHERE job_id = %s FOR UPDATE", [job.pk])
            with connection.cursor() as own:
                own.execute("SET LOCAL lock_timeout = '30s'")  # without it a sweep that waits would not end
            assert sweep() == Swept()
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert sweep() == Swept(retried=1)


def test_the_workdir_of_a_worker_that_is_lost_is_removed_at_once(submit: Submit, settings: Any) -> None:
    """It may be as large as the result, and the next attempt needs the room."""
    for attempts, swept in ((3, Swept(retried=1, orphans=1)), (1, Swept(failed=1, orphans=1))):
        settings.JOB_MAX_ATTEMPTS = attempts
        job = submit()
        folder = publish.workdir_root() / str(claim(job))
        (folder / "inner").mkdir(parents=True)
        (folder / "inner" / "half.csv").write_text("a,b")
        lose(job)
        assert sweep() == swept
        assert not folder.exists()


def test_workdirs_of_the_dead_are_removed_after_a_day(submit: Submit) -> None:
    job = submit()
    held = publish.workdir_root() / str(claim(job))
    old, fresh = publish.workdir_root() / "old", publish.workdir_root() / "fresh"
    for folder in (held, old, fresh):
        folder.mkdir(parents=True, exist_ok=True)
    yesterday = time.time() - 25 * 3600
    for folder in (held, old):
        os.utime(folder, (yesterday, yesterday))
    try:
        assert sweep() == Swept(orphans=1)
        assert (held.exists(), old.exists(), fresh.exists()) == (True, False, True)
    finally:
        held.rmdir()
        fresh.rmdir()
