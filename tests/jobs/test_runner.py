"""One attempt, run in this process: each way to end has its code, a safe message, and leaves no file behind."""

from __future__ import annotations

import errno
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import InMemoryStorage, storages
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django_q.exceptions import TimeoutException

from terrafusion.jobs import dispatch, publish, runner
from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import sweep
from tests.conftest import wait_for_job, wait_until
from tests.dummy_plugin import jobs as dummy
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit, wait_for_message

LABEL = "dummy.DummyJob"


def output_of(job: DummyJob) -> Path:
    return Path(django_settings.MEDIA_ROOT) / "dummy_output" / job.county_id / f"{job.pk}.txt"


@pytest.fixture(autouse=True)
def _nothing_left(transactional_db: None) -> Any:
    before = set(publish.workdir_root().glob("*"))  # of workers that other tests have killed
    yield
    assert set(publish.workdir_root().glob("*")) <= before


def test_completed(run: Submit) -> None:
    job = run(lines=2)
    assert (job.status, job.message, job.lines_written) == (Status.COMPLETED, "2 lines.", 2)
    assert output_of(job).read_text() == "plain line 0\nplain line 1\n"
    assert job.publishing_as == ""


def test_completed_without_a_file(run: Submit) -> None:
    job = run(no_file=True)
    assert (job.status, job.result_file, job.expires_at) == (Status.COMPLETED, "", None)


@pytest.mark.parametrize(
    ("raised", "code"),
    [("burnt", "dummy_burnt"), ("bug", "internal_error"), ("full", "storage_full"), ("exit", "internal_error")],
)
def test_failures_have_codes(run: Submit, raised: str, code: str) -> None:
    job = run(**{"raise": raised})
    assert (job.status, job.error_code) == (Status.FAILED, code)
    assert "secret" not in job.message
    assert not output_of(job).exists()


def test_a_second_delivery_returns_quietly(run: Submit) -> None:
    job = run()
    assert runner.run(LABEL, str(job.pk)) == "not claimed"
    job.refresh_from_db()
    assert (job.attempt, job.status) == (1, Status.COMPLETED)


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "storage_full"), (errno.EIO, "storage_unavailable")])
def test_storage_fails_while_publishing(run: Submit, monkeypatch: pytest.MonkeyPatch, number: int, code: str) -> None:
    def replace(self: Path, target: Any) -> Path:
        raise OSError(number, "storage")

    monkeypatch.setattr(Path, "replace", replace)
    job = run()
    assert (job.status, job.error_code, job.result_file) == (Status.FAILED, code, "")
    assert not output_of(job).exists()


def test_full_disk_before_the_work(run: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    def mkdir(self: Path, *args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "storage")

    with monkeypatch.context() as full:
        full.setattr(Path, "mkdir", mkdir)
        job = run()
    assert (job.status, job.error_code) == (Status.FAILED, "storage_full")


def test_a_published_file_is_taken_back_when_the_row_refuses(run: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rename was done, then the UPDATE failed: no file may stay visible."""
    execute = dummy.execute

    def too_many_lines(job: DummyJob, context: Any) -> Any:
        outcome = execute(job, context)
        outcome.columns["lines_written"] = -1
        return outcome

    monkeypatch.setattr(dummy, "execute", too_many_lines)
    job = run()
    assert (job.status, job.error_code, job.publishing_as) == (Status.FAILED, "internal_error", "")
    assert not output_of(job).exists()


class Bucket(InMemoryStorage):
    """A storage that is no local filesystem."""

    full = False

    def save(self, name: Any, content: Any, max_length: Any = None) -> str:
        if self.full:
            raise ConnectionError("no bucket")
        return super().save(name, content, max_length)


def test_other_storages(submit: Submit, settings: Any, monkeypatch: pytest.MonkeyPatch, api: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "tests.jobs.test_runner.Bucket"}}
    job = submit()
    runner.run(LABEL, str(job.pk))
    wait_for_job(job)
    assert job.status == Status.COMPLETED
    assert storages["default"].open(job.result_file).read().startswith(b"plain line 0")
    monkeypatch.setattr(Bucket, "url", lambda self, name: f"https://bucket.example/{name}?signed")
    response = api.get(f"/api/v1/dummy/jobs/{job.pk}/download")
    assert (response.status_code, response.url) == (302, f"https://bucket.example/{job.result_file}?signed")

    monkeypatch.setattr(Bucket, "full", True)
    job = submit()
    runner.run(LABEL, str(job.pk))
    wait_for_job(job)
    assert (job.status, job.error_code) == (Status.FAILED, "storage_unavailable")


class InThread:
    """A job that runs in a thread of this process, as a worker's main thread would."""

    def __init__(self, job: DummyJob) -> None:
        self.job = job
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        wait_for_job(job, Status.RUNNING)

    def _run(self) -> None:
        try:
            runner.run(LABEL, str(self.job.pk))
        finally:
            connection.close()

    def join(self) -> DummyJob:
        self.thread.join(30)
        assert not self.thread.is_alive()
        self.job.refresh_from_db()
        return self.job


def test_progress_is_seen(submit: Submit) -> None:
    running = InThread(submit(seconds=3))
    wait_for_message(running.job, "Stirring.")
    running.job.refresh_from_db()
    assert 0 < running.job.progress < 100
    assert running.join().progress == 100


def test_cancel_while_running(submit: Submit) -> None:
    running = InThread(submit(seconds=60))
    dispatch.cancel(running.job)
    job = running.join()
    assert (job.status, job.error_code) == (Status.CANCELLED, "")
    assert not output_of(job).exists()


def test_cancel_stops_the_query_on_the_server(submit: Submit) -> None:
    running = InThread(submit(query_seconds=60))
    wait_for_message(running.job, "Asking.")
    dispatch.cancel(running.job)
    assert running.join().status == Status.CANCELLED  # long before the query's minute is over
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE query LIKE 'SELECT pg_sleep(60%' AND state = 'active' AND datname = current_database()"
        )
        assert cursor.fetchone() == (0,)


def test_heartbeat_goes_on_while_the_work_is_deaf(submit: Submit) -> None:
    running = InThread(submit(deaf_seconds=3))
    wait_for_message(running.job, "Deaf.")
    running.job.refresh_from_db()
    last_beat = running.job.heartbeat_at
    wait_until(lambda: DummyJob.objects.filter(pk=running.job.pk, heartbeat_at__gt=last_beat).exists())
    assert running.join().status == Status.COMPLETED


def test_cancel_that_comes_while_the_work_is_deaf(submit: Submit) -> None:
    """The work ends as if it had succeeded; the user was told that it is being cancelled."""
    running = InThread(submit(deaf_seconds=1))
    dispatch.cancel(running.job)
    job = running.join()
    assert job.status == Status.CANCELLED
    assert not output_of(job).exists()


def test_time_limit(submit: Submit, settings: Any) -> None:
    settings.JOB_TIME_LIMIT = 1
    settings.LONG_CLUSTER = "other"
    job = InThread(submit(seconds=60)).join()
    assert (job.status, job.error_code) == (Status.FAILED, "timed_out")


def test_a_worker_whose_claim_is_lost_publishes_nothing(submit: Submit, settings: Any) -> None:
    running = InThread(submit(deaf_seconds=2))
    first = running.job.claim_token
    # The heartbeat was not seen in time, and another worker takes over.
    DummyJob.objects.filter(pk=running.job.pk).update(heartbeat_at="2020-01-01T00:00Z")
    assert sweep().retried == 1
    token = DummyJob.objects.claim(running.job.pk, "elsewhere:1")
    job = running.join()
    assert (job.status, job.claim_token, job.attempt) == (Status.RUNNING, token, 2)
    assert token != first
    assert not output_of(job).exists()


def test_django_q_time_limit_ends_the_job_and_goes_on(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exception is a SystemExit: it must not be swallowed, and the job must not be left RUNNING."""

    def hang(job: DummyJob, context: Any) -> Any:
        raise TimeoutException("Task exceeded maximum timeout value")

    monkeypatch.setattr(dummy, "execute", hang)
    job = submit()
    with pytest.raises(TimeoutException):
        runner.run(LABEL, str(job.pk))
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "timed_out")


def test_the_database_goes_away_in_mid_job(submit: Submit, manager: Any) -> None:
    """Every connection is cut on the server, the heartbeat's too; the job completes all the same."""
    running = InThread(submit(deaf_seconds=3))
    wait_for_message(running.job, "Deaf.")
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        time.sleep(0.5)
    job = running.join()
    assert job.status == Status.COMPLETED
    assert output_of(job).exists()


@pytest.mark.parametrize("committed", [False, True])
def test_the_commit_is_not_heard(run: Submit, monkeypatch: pytest.MonkeyPatch, committed: bool) -> None:
    """The database goes away just when COMPLETED is committed: before it was, or after."""
    calls = []
    original = publish.publish

    def publish_once_cut(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            if committed:
                original(*arguments)
            raise OperationalError("server closed the connection unexpectedly")
        original(*arguments)

    monkeypatch.setattr(runner, "publish", publish_once_cut)
    job = run()
    assert (job.status, len(calls)) == (Status.COMPLETED, 1 if committed else 2)
    assert output_of(job).exists()


def test_the_server_ends_a_query(run: Submit) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 300")
    job = run(query_seconds=5)
    assert (job.status, job.error_code) == (Status.FAILED, "query_timed_out")
    assert "longer than it may" in job.message
    connection.close()


def test_the_server_undoes_the_work_for_others(run: Submit) -> None:
    job = run(**{"raise": "deadlock"})
    assert (job.status, job.error_code) == (Status.FAILED, "transaction_conflict")
    assert job.message.endswith("Rerun the job.")


def test_the_server_undoes_the_publishing_for_others(run: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is finished is not lost by that: it is published again."""
    original, calls = publish.publish, []

    def undone_once(*arguments: Any) -> None:
        calls.append(1)
        with transaction.atomic():
            original(*arguments)
            if len(calls) == 1:
                connection.cursor().execute(dummy.DEADLOCK)

    monkeypatch.setattr(runner, "publish", undone_once)
    job = run()
    assert (job.status, len(calls)) == (Status.COMPLETED, 2)
    assert output_of(job).exists()


def test_the_database_stays_away(submit: Submit, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.JOB_FINISH_PATIENCE = 0

    def never(*arguments: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(runner, "publish", never)
    job = submit()
    runner.run(LABEL, str(job.pk))
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "database_unavailable")
    assert (job.result_file, job.publishing_as) == ("", "")
    assert not output_of(job).exists()
    assert DummyJob.objects.filter(completed_at__lte=Now()).count() == 1
