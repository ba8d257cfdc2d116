"""Keeping clusters alive from outside.

Killing an idle worker can deadlock a whole django-q2 cluster: the dead worker held the lock of the task queue, and
nobody notices, least of all the cluster's own status. So each cluster runs as a child process in a group of its own,
and is restarted when it has exited, or when a worker should have sung (canary.py) and none has.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from terrafusion.jobs import broker, canary
from terrafusion.jobs.registry import all_types
from terrafusion.jobs.states import CLAIMED

log = logging.getLogger(__name__)

STUCK_GRACE = 5.0
"""Seconds that a cluster which does not sing is given to stop before it is killed."""
START_GRACE = 60.0
"""Seconds that a cluster may take to start on a slow machine, before its silence counts."""
QUICK_DEATH = 10.0
MAX_BACKOFF = 60.0
_PR_SET_PDEATHSIG = 1


class SupervisedCluster:
    """One cluster, started here. ``watch`` is to be called about once a second."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._start_at = 0.0
        self._backoff = 1.0
        self._sent: float | None = None  # the last canary
        self._heard = False  # since the cluster was started
        self._unheard_since: float | None = None  # the first canary since a worker last did anything

    def watch(self) -> None:
        """Start, restart, or send the next canary. A DatabaseError means that nothing is known this time."""
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
        if self.is_stuck():
            log.error("Cluster %s is stuck: no worker has done anything though one is idle; restarting it", self.name)
            self.stop(STUCK_GRACE)
            return
        self._send_canary(now)

    def is_stuck(self) -> bool:
        """A canary was sent long ago, nothing has been done since, and a worker that is not busy should have.

        Workers are busy with the jobs whose heartbeats they keep: a queue that waits for long jobs is not stuck.
        """
        patience = settings.CANARY_STALE_AFTER if self._heard else max(settings.CANARY_STALE_AFTER, START_GRACE)
        if self._unheard_since is None or time.monotonic() - self._unheard_since < patience:
            return False
        silence = canary.age(self.name)
        if silence is not None and silence < settings.CANARY_STALE_AFTER:
            return False
        oldest = broker.oldest_waiting(self.name)
        log.warning("Cluster %s: silent for %s s; its oldest waiting task is of %s", self.name, silence, oldest)
        return self.busy_workers() < broker.workers(self.name)

    def _send_canary(self, now: float) -> None:
        """One at a time, so that they do not pile up before a busy cluster; and again, should the broker lose one."""
        silence = canary.age(self.name)
        if self._sent is not None and silence is not None and silence < now - self._sent:
            self._unheard_since = None
            self._heard = True
        waited = float("inf") if self._sent is None else now - self._sent
        if waited >= (settings.CANARY_INTERVAL if self._unheard_since is None else settings.CANARY_STALE_AFTER / 2):
            canary.send(self.name)
            self._sent = now
            self._unheard_since = now if self._unheard_since is None else self._unheard_since

    def busy_workers(self) -> int:
        """Jobs with a fresh heartbeat that processes of this cluster hold."""
        after = timedelta(seconds=settings.JOB_LOST_AFTER)
        host = f"{socket.gethostname()}:"
        holders = {
            holder
            for job_type in all_types()
            for holder in job_type.model.objects.filter(
                status__in=CLAIMED, worker__startswith=host, heartbeat_at__gte=Now() - after
            ).values_list("worker", flat=True)
        }
        return sum(self._is_ours(int(holder.removeprefix(host))) for holder in holders)

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
            command, env=environment, start_new_session=True, preexec_fn=_die_with_parent
        )
        self._started = time.monotonic()
        self._sent = self._unheard_since = None
        self._heard = False
        log.info("Cluster %s started as process %s", self.name, self.process.pid)

    def _kill_group(self) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def _is_ours(self, pid: int) -> bool:
        try:
            return self.process is not None and os.getpgid(pid) == self.process.pid
        except ProcessLookupError:
            return False


def _die_with_parent() -> None:
    """In the child: the kernel sends SIGTERM when the supervisor dies, even by SIGKILL; no cluster is orphaned."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
