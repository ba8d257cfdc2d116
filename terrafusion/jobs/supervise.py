"""Keeping clusters alive from outside.

Killing an idle worker can deadlock a whole django-q2 cluster: the dead worker held the lock of the task queue, and
nobody notices, least of all the cluster's own status. So each cluster runs as a child process in a group of its own,
and is restarted when it has exited, or when its workers no longer take tasks though one of them is idle (pulse.py).
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time

from django.conf import settings

from terrafusion.jobs import broker, canary, marks
from terrafusion.jobs.pulse import Pulse
from terrafusion.setup import processes

log = logging.getLogger(__name__)

STUCK_GRACE = 5.0
"""Seconds that a cluster which takes no tasks and has no running jobs is given to stop before it is killed."""
LIMIT_GRACE = 60.0
"""Seconds past its lane's last time limit after which a worker that is still at the same job counts as stuck."""
QUICK_DEATH = 10.0
MAX_BACKOFF = 60.0


class SupervisedCluster:
    """One cluster, started here. ``watch`` is to be called about once a second."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._start_at = 0.0
        self._backoff = 1.0
        self._pulse = Pulse(name, self._all_busy)
        self._at_work: dict[tuple[int, str], float] = {}  # since when a process has been seen at one job

    def watch(self) -> None:
        """Start, restart, or look for signs of life. A DatabaseError means that nothing is known this time."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._start_at:
                self._start()
            return
        if (code := self.process.poll()) is not None:
            log.error("Cluster %s has exited with %s", self.name, code)
            self._kill_group()
            quick = now - self._started < QUICK_DEATH
            self._backoff = min(MAX_BACKOFF, self._backoff * 2) if quick else 1.0
            self._start_at = now + self._backoff
            self.process = None
            return
        try:
            lost = self._pulse.is_lost(now)
        except Exception:  # whatever the broker's or the database's driver raises
            self._pulse.unknown(now)
            raise
        if lost:
            self._restart()

    def _restart(self) -> None:
        busy = self.busy_workers()
        log.error(
            "Cluster %s is stuck: %s of its %s workers are at a job within its time limit, and the others take none; "
            "the last was taken %s s ago, the oldest waits since %s; restarting it",
            self.name,
            busy,
            broker.workers(self.name),
            canary.age(self.name),
            broker.oldest_waiting(self.name),
        )
        self.stop(settings.SUPERVISOR_STOP_GRACE if busy else STUCK_GRACE)

    def _all_busy(self) -> bool:
        return self.busy_workers() >= broker.workers(self.name)

    def busy_workers(self) -> int:
        """Processes of this cluster that are at a job, as their names say, and not for longer than one may take.

        Heartbeats do not show it: a starved worker writes none, and its claim is lost while it is still at work.
        """
        if self.process is None:
            return 0
        now = time.monotonic()
        self._at_work = {mark: self._at_work.get(mark, now) for mark in marks.workers(self.process.pid).items()}
        limit = broker.time_limit(self.name) + LIMIT_GRACE
        return sum(now - since <= limit for since in self._at_work.values())

    def stop(self, grace: float) -> None:
        """SIGTERM, by which the cluster finishes its running jobs; after ``grace`` seconds SIGKILL to all of it."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            log.warning("Cluster %s has not stopped after %s s: killing it", self.name, grace)
        self._kill_group()
        self.process.wait()
        self.process = None
        self._start_at = 0.0

    def _start(self) -> None:
        command = [sys.executable, sys.argv[0], "run_cluster"]
        environment = {**os.environ, "Q_CLUSTER_NAME": self.name}
        self.process = subprocess.Popen(  # noqa: S603  # our own command line
            command, env=environment, start_new_session=True, preexec_fn=processes.die_with_parent
        )
        self._started = time.monotonic()
        self._pulse.begin()
        log.info("Cluster %s started as process %s", self.name, self.process.pid)

    def _kill_group(self) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
