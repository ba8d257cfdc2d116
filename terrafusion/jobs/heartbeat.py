"""The heartbeat thread of a running attempt.

It has a database connection of its own, so it goes on while the main thread is in one long SQL statement or C call:
it keeps ``heartbeat_at`` fresh, writes progress, and interrupts the attempt when cancel is asked, the claim is lost or
time is up. A database that is away for a while is asked again at each tick.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from contextvars import copy_context
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from terrafusion.jobs.context import JobContext
from terrafusion.jobs.errors import ClaimLost, JobCancelled, TimedOut
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.states import Status
from terrafusion.words import counted

log = logging.getLogger(__name__)

TICK = 0.5
"""Seconds between looks at the row: how soon a cancel is seen, and how often progress is written at most."""


class Heartbeat(threading.Thread):
    """A context manager around an attempt; ``token`` is the attempt's claim."""

    def __init__(self, job: AbstractJob, context: JobContext, time_limit: float) -> None:
        super().__init__(name=f"heartbeat {job.pk}", daemon=True)
        self._job = job
        self._token: uuid.UUID = job.claim_token  # type: ignore[assignment]  # a claimed job has one
        self._context = context
        self._time_limit = time_limit
        self._done = threading.Event()
        self._caller = copy_context()  # its lines have the job's ids

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self.join(timeout=10)

    def run(self) -> None:
        self._caller.run(self._beat)

    def _beat(self) -> None:
        began = beat = time.monotonic()
        away = False
        try:
            while not self._done.wait(TICK):
                if time.monotonic() - began > self._time_limit:
                    self._context.interrupt(
                        TimedOut(f"The job took longer than {counted(round(self._time_limit), 'second')}.")
                    )
                try:
                    beat = self._look(beat)
                    away = False
                except DatabaseError:
                    if not away:
                        log.warning("No heartbeat of %s: the database does not answer", self._job.pk, exc_info=True)
                    away = True
                    connection.close()
        finally:
            connection.close()

    def _look(self, beat: float) -> float:
        """One look at the row; returns when the last heartbeat was written."""
        jobs = type(self._job).objects
        status = jobs.held(self._job.pk, self._token).values_list("status", flat=True).first()
        if status is None:
            # Not ours any more; or ours and just finished by the main thread, which then needs no interruption.
            if not self._done.is_set():
                self._context.interrupt(ClaimLost())
            return beat
        if status == Status.CANCELLING:
            self._context.interrupt(JobCancelled())
        now = time.monotonic()
        progress = self._context.take_progress()
        if progress or now - beat >= settings.JOB_HEARTBEAT:
            if status == Status.CANCELLING:
                progress.pop("message", None)  # the row says that it is being cancelled
            jobs.heartbeat(self._job.pk, self._token, **progress)
            return now
        return beat
