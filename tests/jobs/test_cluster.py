"""django-q2's pitfalls, with real clusters: workers that are killed, and clusters that are stuck."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings as django_settings
from django_q.models import OrmQ, Success

from terrafusion.jobs import canary, dispatch, metrics
from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import Swept, sweep
from tests.conftest import Cluster, start, stop, wait_for_job, wait_until
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit


@pytest.fixture
def settings_of_cluster(settings: Any) -> Any:
    settings.JOB_LOST_AFTER = 3
    return settings


def worker_of(job: DummyJob) -> psutil.Process:
    return psutil.Process(int(job.worker.rpartition(":")[2]))


def test_cancel_while_running(cluster: Cluster, submit: Submit) -> None:
    job = cluster.wait(submit(query_seconds=100), Status.RUNNING)
    dispatch.cancel(job)
    assert cluster.wait(job).status == Status.CANCELLED


def test_a_killed_worker_costs_an_attempt_and_then_the_job(
    cluster: Cluster, submit: Submit, settings_of_cluster: Any
) -> None:
    settings_of_cluster.JOB_MAX_ATTEMPTS = 2
    job = cluster.wait(submit(seconds=60), Status.RUNNING)
    worker_of(job).kill()
    swept = Swept()

    def retried() -> bool:
        nonlocal swept
        swept = sweep()
        return swept.retried == 1

    wait_until(retried)
    job = cluster.wait(job, Status.RUNNING)
    assert job.attempt == 2
    worker_of(job).kill()
    wait_until(lambda: sweep().failed == 1)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "worker_lost")
    other = cluster.wait(submit())  # the pool lives on
    assert other.status == Status.COMPLETED


def test_a_job_that_kills_its_worker_once_completes(cluster: Cluster, submit: Submit, settings_of_cluster: Any) -> None:
    job = cluster.wait(submit(crash_attempts=1), Status.RUNNING)
    wait_until(lambda: sweep().retried == 1)
    job = cluster.wait(job)
    assert (job.status, job.attempt) == (Status.COMPLETED, 2)


def test_a_worker_that_was_stopped_and_comes_back_cannot_complete(
    cluster: Cluster, submit: Submit, settings_of_cluster: Any
) -> None:
    job = cluster.wait(submit(seconds=4), Status.RUNNING)
    zombie = worker_of(job)
    zombie.suspend()
    try:
        wait_until(lambda: sweep().retried == 1)
        job = cluster.wait(job)
        assert (job.status, job.attempt) == (Status.COMPLETED, 2)
        before = DummyJob.objects.filter(pk=job.pk).values().get()
    finally:
        zombie.resume()
    time.sleep(2)  # it wakes, sees that the claim is lost, and leaves the job alone
    assert DummyJob.objects.filter(pk=job.pk).values().get() == before


def test_duplicate_deliveries_are_cleared(cluster: Cluster, submit: Submit) -> None:
    job = submit(seconds=1)
    for _ in range(5):
        dispatch.enqueue(job)
    job = cluster.wait(job)
    wait_until(lambda: not OrmQ.objects.filter(payload__isnull=False).exclude(key="none").exists() or _only_canaries())
    job.refresh_from_db()
    assert (job.status, job.attempt) == (Status.COMPLETED, 1)
    assert not Success.objects.exists()  # save_limit -1: no rows pile up, none are locked


def _only_canaries() -> bool:
    return all(row.task["func"] == canary.TASK for row in OrmQ.objects.all())


def test_a_worker_holds_what_its_jobs_use_only(cluster: Cluster, submit: Submit) -> None:
    job = cluster.wait(submit(seconds=20), Status.RUNNING)
    loaded = Path(f"/proc/{worker_of(job).pid}/maps").read_text()
    assert "psycopg" in loaded
    assert "pandas" not in loaded
    dispatch.cancel(job)


def test_long_jobs_do_not_hold_up_short_ones(cluster: Cluster, submit: Submit) -> None:
    """Nor those of the lane between, with a queue behind each."""
    long = [submit(expected=3600, seconds=30) for _ in range(3)]
    medium = [submit(expected=60, seconds=30) for _ in range(3)]
    running = [cluster.wait(long[0], Status.RUNNING), cluster.wait(medium[0], Status.RUNNING)]
    short = cluster.wait(submit())
    assert short.status == Status.COMPLETED
    for job in running:
        job.refresh_from_db()
    assert {job.status for job in running} == {Status.RUNNING}


def test_short_jobs_do_not_hold_up_long_ones(cluster: Cluster, submit: Submit) -> None:
    crowd = [submit(seconds=20) for _ in range(6)]
    long, medium = submit(expected=3600), submit(expected=60)
    assert cluster.wait(long).status == cluster.wait(medium).status == Status.COMPLETED
    assert DummyJob.objects.filter(pk__in=[job.pk for job in crowd], status=Status.PENDING).exists()


def test_counts_of_workers_reach_the_scrape(cluster: Cluster, submit: Submit) -> None:
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    labels = {"county_id": "COUNTY01", "flavour": "plain"}

    def value(name: str, **more: str) -> float:
        return registry.get_sample_value(name, {**labels, **more}) or 0.0

    def values() -> list[float]:
        return [
            value("dummy_jobs_submitted_total", status_on_submit="PENDING"),
            value("dummy_jobs_completed_total"),
            value("dummy_jobs_failed_total", failure_reason="dummy_burnt"),
            value("dummy_processing_duration_seconds_count"),
            value("dummy_processing_duration_seconds_bucket", le="5.0"),
        ]

    before = values()
    cluster.wait(submit())
    cluster.wait(submit(**{"raise": "burnt"}))
    wait_until(lambda: [b - a for a, b in zip(before, values(), strict=True)] == [2, 1, 1, 1, 1])
    gauges = {
        s.labels["status"]: s.value
        for f in metrics.JobStateCollector().collect()
        for s in f.samples
        if s.name == "dummy_jobs"
    }
    assert gauges["COMPLETED"] == 1
    assert gauges["FAILED"] == 1
    assert gauges["RUNNING"] == 0


def ended_with_sweeps(job: DummyJob) -> DummyJob:
    """A task that a dying cluster had taken with it is offered again by the sweep, so that runs beside."""
    deadline = time.monotonic() + 90
    while job.completed_at is None and time.monotonic() < deadline:
        sweep()
        time.sleep(0.5)
        job.refresh_from_db()
    return job


QUICK = {"CANARY_INTERVAL": "1", "CANARY_STALE_AFTER": "6", "SUPERVISOR_STOP_GRACE": "5", "Q_WORKERS": "2"}
OWN = "own"  # not the queue of the clusters that all tests share


class Supervisors:
    """One supervisor for many tests, since a cluster takes seconds to start; another one when a test has ended it."""

    process: subprocess.Popen[bytes] | None = None

    def alive(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.process = start("supervise", "--cluster", OWN, Q_SHORT_CLUSTER=OWN, **QUICK)
        return self.process


@pytest.fixture(scope="module")
def _supervisors(django_db_setup: None, django_db_blocker: Any) -> Iterator[Supervisors]:
    supervisors = Supervisors()
    with django_db_blocker.unblock():
        try:
            yield supervisors
        finally:
            stop(supervisors.alive())


@pytest.fixture
def supervisor(transactional_db: None, _supervisors: Supervisors, settings: Any) -> subprocess.Popen[bytes]:
    """Of the short cluster only, and quick to lose patience."""
    settings.SHORT_CLUSTER = OWN
    settings.JOB_REQUEUE_AFTER = 3
    process = _supervisors.alive()
    wait_until(lambda: canary.age(OWN) is not None)
    return process


def cluster_of(supervisor: subprocess.Popen[bytes]) -> psutil.Process:
    (child,) = psutil.Process(supervisor.pid).children()
    return child


def test_a_cluster_that_is_stopped_is_replaced(
    supervisor: subprocess.Popen[bytes], submit: Submit, settings: Any
) -> None:
    stuck = cluster_of(supervisor)
    group = [stuck, *stuck.children(recursive=True)]
    os.killpg(stuck.pid, signal.SIGSTOP)
    job = ended_with_sweeps(submit())
    assert job.status == Status.COMPLETED
    assert cluster_of(supervisor).pid != stuck.pid
    assert not [process for process in group if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_idle_workers_that_are_killed_cannot_stop_the_work(supervisor: subprocess.Popen[bytes], submit: Submit) -> None:
    """The open bug: a killed idle worker may hold the queue's lock, and the cluster deadlocks though it looks alive."""
    (sentinel,) = cluster_of(supervisor).children()
    for process in sentinel.children():  # two workers, the pusher, the monitor
        process.kill()
    job = submit()
    assert ended_with_sweeps(job).status == Status.COMPLETED  # whether the cluster heals itself or is replaced


def test_a_dead_cluster_is_started_again(supervisor: subprocess.Popen[bytes], submit: Submit) -> None:
    dead = cluster_of(supervisor)
    os.killpg(dead.pid, signal.SIGKILL)
    assert ended_with_sweeps(submit()).status == Status.COMPLETED


def test_a_busy_cluster_is_left_alone(supervisor: subprocess.Popen[bytes], submit: Submit) -> None:
    """All workers are in long jobs, so no canary task runs; that is no reason to kill them.

    Nor is it when one was so starved that it lost its claim, while it is still at work.
    """
    before = cluster_of(supervisor).pid
    starved, job = [wait_for_job(one, Status.RUNNING) for one in (submit(deaf_seconds=12), submit(deaf_seconds=12))]
    assert DummyJob.objects.filter(pk=starved.pk).release(starved.pk, starved.claim_token, 3)
    job = wait_for_job(job, timeout=60)
    assert (job.status, job.attempt) == (Status.COMPLETED, 1)
    assert cluster_of(supervisor).pid == before


def test_long_jobs_with_a_queue_behind_them_are_left_alone(
    transactional_db: None, submit: Submit, settings: Any
) -> None:
    """A worker that is replaced after each job is idle for a moment, when nothing has been done for long."""
    settings.SHORT_CLUSTER = "lone"
    log = settings.RUN_FOLDER / "supervise.log"
    began = log.stat().st_size if log.exists() else 0
    quick = {**QUICK, "CANARY_STALE_AFTER": "10", "Q_WORKERS": "1", "Q_RECYCLE": "1"}
    lone = start("supervise", "--cluster", "lone", Q_SHORT_CLUSTER="lone", **quick)
    try:
        wait_until(lambda: canary.age("lone") is not None)
        before = cluster_of(lone).pid
        jobs = [submit(deaf_seconds=12) for _ in range(2)]
        for job in jobs:
            assert wait_for_job(job, timeout=90).status == Status.COMPLETED
        assert cluster_of(lone).pid == before
        assert all(job.attempt == 1 for job in jobs)
        with log.open() as lines:
            lines.seek(began)
            assert not [line for line in lines if "Cluster lone" in line and "started as" not in line]
    finally:
        stop(lone)


def test_sigterm_ends_supervisor_and_clusters(supervisor: subprocess.Popen[bytes]) -> None:
    family = psutil.Process(supervisor.pid).children(recursive=True)
    assert len(family) >= 5
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(30) == 0
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive


@pytest.mark.parametrize("with_guard", [False, True])
def test_a_killed_supervisor_leaves_no_cluster(supervisor: subprocess.Popen[bytes], *, with_guard: bool) -> None:
    """Nor does one that is killed together with the cluster's guard, whose end nobody is left to notice."""
    family = psutil.Process(supervisor.pid).children(recursive=True)
    guards = [cluster_of(supervisor), *cluster_of(supervisor).children()] if with_guard else []
    for process in (supervisor, *guards):
        process.kill()
    supervisor.wait()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive


def test_retry_outlives_everything_a_task_may_wait_for() -> None:
    from terrafusion.jobs.checks import queue_settings

    assert queue_settings() == []
    assert django_settings.Q_CLUSTER["bulk"] == 1
    assert django_settings.Q_CLUSTER["catch_up"] is False
