"""Whether the workers of a cluster still take tasks, as seen from outside.

A canary waits its turn in the queue like any task. So its silence proves nothing while every worker has a job, however
long the jobs and the queue behind them are: only the time counts in which a worker was idle and left it waiting.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from terrafusion.jobs import canary

START_GRACE = 60.0
"""Seconds that a cluster may take to start on a slow machine, before its silence counts."""


class Pulse:
    """Of one cluster; ``all_busy`` says whether each of its workers is at a job at this moment."""

    def __init__(self, cluster: str, all_busy: Callable[[], bool]) -> None:
        self._cluster = cluster
        self._all_busy = all_busy
        self.begin()

    def begin(self) -> None:
        """The cluster has just been started."""
        self._sent: float | None = None  # the last canary
        self._idle_since: float | None = None  # a worker was idle and left a canary waiting all the time since
        self._heard = False

    def unknown(self, now: float) -> None:
        """The database or the broker does not answer: whether a canary has sung is not to be known."""
        if self._idle_since is not None:
            self._idle_since = now

    def is_lost(self, now: float) -> bool:
        """To be called about once a second with the monotonic clock. Sends the next canary when it is due."""
        silence = canary.age(self._cluster)  # below zero where the clock was set back since: no sign of life
        since = now - min(self._sent or now, self._idle_since or now)
        if self._sent is not None and silence is not None and 0 <= silence < since:
            self._heard, self._idle_since = True, None
            if now - self._sent < settings.CANARY_INTERVAL:
                return False
        if self._idle_since is None:
            self._send(now)
            self._idle_since = now
        elif self._all_busy():
            self._idle_since = now
        elif self._sent is None or now - self._sent >= settings.CANARY_STALE_AFTER / 2:
            self._send(now)  # the broker may have lost the one before
        patience = settings.CANARY_STALE_AFTER if self._heard else max(settings.CANARY_STALE_AFTER, START_GRACE)
        return now - self._idle_since >= patience

    def _send(self, now: float) -> None:
        canary.send(self._cluster)
        self._sent = now
