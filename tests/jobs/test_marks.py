"""Who is at work in a cluster, from the names of its processes: with real ones, and no database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from terrafusion.jobs import broker, marks, supervise
from tests.conftest import wait_until

CLUSTER = "short"
# A cluster's keeper with a worker that performs a job, for which it forks a child, and one that has none.
KEEPER = """
import os, signal
from terrafusion.jobs import marks
if os.fork() == 0:
    with marks.at_work("1a2b3c4d-0000-0000-0000-000000000000"):
        os.fork()
        signal.pause()
if os.fork() == 0:
    signal.pause()
signal.pause()
"""


@pytest.fixture
def supervised() -> Iterator[supervise.SupervisedCluster]:
    cluster = supervise.SupervisedCluster(CLUSTER)
    cluster.process = subprocess.Popen([sys.executable, "-c", KEEPER], start_new_session=True)
    try:
        wait_until(lambda: len(members(cluster)) == 4 and cluster.busy_workers())
        yield cluster
    finally:
        os.killpg(cluster.process.pid, signal.SIGKILL)
        cluster.process.wait()


def members(supervised: supervise.SupervisedCluster) -> list[int]:
    assert supervised.process is not None
    return [pid for pid, process in marks._processes() if process.group == supervised.process.pid]


def worker_of(supervised: supervise.SupervisedCluster) -> int:
    assert supervised.process is not None
    ((pid, mark),) = marks.workers(supervised.process.pid).items()
    assert mark == "job 1a2b3c4d"
    return pid


def test_a_worker_at_work_is_busy_whatever_the_database_says(supervised: supervise.SupervisedCluster) -> None:
    """Without the database, as there is none here; its child is not another worker."""
    assert supervised.busy_workers() == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_one_that_was_stopped_or_has_left_a_child_behind_is_not(
    supervised: supervise.SupervisedCluster, number: int
) -> None:
    os.kill(worker_of(supervised), number)
    wait_until(lambda: supervised.busy_workers() == 0)


def test_one_that_outlasts_every_limit_is_not(
    supervised: supervise.SupervisedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    limit = broker.time_limit(CLUSTER) + supervise.LIMIT_GRACE
    assert limit > django_settings.JOB_TIME_LIMIT + django_settings.JOB_FINISH_PATIENCE
    monkeypatch.setattr(time, "monotonic", lambda: now + limit - 5)
    assert supervised.busy_workers() == 1
    monkeypatch.setattr(time, "monotonic", lambda: now + limit + 5)
    assert supervised.busy_workers() == 0


def test_a_mark_ends_with_its_job_also_where_one_runs_another() -> None:
    def name() -> str:
        return Path("/proc/self/comm").read_text().strip()

    before = name()
    with marks.at_work("11111111-aaaa"):
        with marks.at_work("22222222-bbbb"):
            assert name() == "job 22222222"
        assert name() == "job 11111111"
    assert name() == before
