"""What ``execute(job, context)`` is given, and what it returns."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrafusion.jobs.errors import JobError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Member:
    """One of several files that a result file holds, as it is, ``size`` bytes from ``offset`` on."""

    name: str
    media_type: str
    size: int
    sha256: str
    offset: int


@dataclass(frozen=True)
class ResultFile:
    """A finished file inside the workdir, to be published in media storage as ``name``; ``package.pack`` makes one of
    several files."""

    path: Path
    name: str
    sha256: str
    size: int
    members: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What a job came to. ``columns`` are the plugin's own model columns, written in the UPDATE that says COMPLETED.

    ``save`` writes rows of other tables in the same transaction, under the job's lock. It may be called again, after a
    transaction that was rolled back. ``personal``: whether the result holds personal data; None leaves what the job's
    needs said when it was submitted.
    """

    message: str
    file: ResultFile | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    save: Callable[[], None] | None = None
    personal: bool | None = None


class JobContext:
    """The plugin's side of a running attempt.

    ``workdir`` is a private folder of this attempt, on the filesystem of MEDIA_ROOT where results are kept locally,
    so that publishing is a rename. The runner removes it, whatever happens.

    ``checkpoint`` touches no database, so it may be called once a batch or more often, inside any transaction: it
    leaves progress for the heartbeat thread to write, and raises what that thread has found.
    """

    def __init__(self, workdir: Path) -> None:
        self.workdir = workdir
        self._lock = threading.Lock()
        self._interruption: JobError | None = None
        self._stops: list[Callable[[], None]] = []
        self._progress: dict[str, Any] = {}

    def checkpoint(self, progress: float | None = None, message: str | None = None) -> None:
        """Say how far the work is: 0 to 100, and in words.

        Raises JobCancelled, ClaimLost or TimedOut when the work must end.
        """
        if self._interruption is not None:
            raise self._interruption
        if progress is not None or message is not None:
            with self._lock:
                if progress is not None:
                    self._progress["progress"] = max(0, min(100, int(progress)))
                if message is not None:
                    self._progress["message"] = message

    @contextmanager
    def stop_with(self, stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, ``stop`` ends its work from outside.

        It is called at most once, from the heartbeat thread, when cancel is asked, the claim is lost or time is up;
        it must be quick and safe to call from another thread (cancel a query, kill a child process). What the block
        then raises counts as the interruption.
        """
        with self._lock:
            if self._interruption is not None:
                raise self._interruption
            self._stops.append(stop)
        try:
            yield
        finally:
            with self._lock:
                if stop in self._stops:
                    self._stops.remove(stop)

    @property
    def interruption(self) -> JobError | None:
        """Why the attempt must end, or None."""
        return self._interruption

    def interrupt(self, reason: JobError) -> None:
        """For the heartbeat thread: the attempt must end. Only the first reason counts."""
        with self._lock:
            if self._interruption is not None:
                return
            self._interruption = reason
            stops, self._stops = self._stops, []
        for stop in reversed(stops):
            try:
                stop()
            except Exception:  # whatever a driver raises here, the other work must be stopped all the same
                log.exception("Stopping the work of %s failed", self.workdir.name)

    def take_progress(self) -> dict[str, Any]:
        """For the heartbeat thread: the columns to write since the last call."""
        with self._lock:
            taken, self._progress = self._progress, {}
        return taken
