"""The worker's side of the writer process: one, kept warm, for each worker process.

Starting it takes most of a second, which a small export cannot afford, so it outlives the job; it is replaced after a
crash, a cancel or ``_JOBS_PER_PROCESS`` exports. It dies with the worker.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from gis_export.errors import (
    CrsUnsuitable,
    FormatLimitExceeded,
    ReconciliationFailed,
    SnapshotLost,
    WriterCrashed,
    WriterFailed,
)
from gis_export.plan import ExportPlan, ExportResult
from terrafusion.jobs.context import JobContext
from terrafusion.jobs.errors import (
    DatabaseLost,
    JobError,
    OutOfMemory,
    QueryCancelled,
    StorageFull,
    StorageUnavailable,
)
from terrafusion.words import counted

log = logging.getLogger(__name__)
_WRITTEN = 95  # percent of a job's progress; the rest is checks, packing and publishing
_JOBS_PER_PROCESS = 200  # native libraries never give back all of their memory
# A library's own words may hold paths and SQL, so they go to the log only; these are for the user.
_WORDS: dict[type[JobError], str] = {
    CrsUnsuitable: "Some records lie where the chosen CRS has no coordinates for them: choose another.",
    DatabaseLost: "The database could not be read.",
    OutOfMemory: "The worker has too little memory for this job.",
    QueryCancelled: "The database ended a query of this export, because it took longer than it may.",
    SnapshotLost: "The export that the part belongs to is no longer at work.",
    StorageFull: "There is no space left to write the file.",
    StorageUnavailable: "The storage did not take the file.",
    WriterFailed: "The file could not be written; the worker's log says more.",
}
_IN_ITS_OWN_WORDS: tuple[type[JobError], ...] = (FormatLimitExceeded, ReconciliationFailed)
_ERRORS: dict[str, type[JobError]] = {kind.code: kind for kind in (*_WORDS, *_IN_ITS_OWN_WORDS)}
# What the writer's libraries may need of the environment; secrets stay behind.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH")
_ENVIRONMENT_PREFIXES = ("PG", "GDAL_", "PROJ_", "OGR_")
# By itself glibc keeps memory for each thread that once was, and exports begin new ones; and the holes that a growing
# array leaves behind. What has 2 MiB and more goes back at once.
_MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(2 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
}


class Writer:
    """A writer process. ``run`` from the worker's main thread; ``kill`` from any."""

    def __init__(self) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if (name in _ENVIRONMENT or name.startswith(_ENVIRONMENT_PREFIXES)) and name != "PGPASSWORD"
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gis_export.writer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment | _MEMORY,
        )
        self._jobs = 0
        self._killed = False

    @property
    def usable(self) -> bool:
        # A process that was ordered to end may still be there for the next job to see.
        return not self._killed and self._process.poll() is None and self._jobs < _JOBS_PER_PROCESS

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(self, plan: ExportPlan, progress: Callable[[int], None]) -> ExportResult:
        """Carry out the plan. ``progress`` gets the records written so far; what it raises ends the process.

        Raises the JobError that fits the writer's report, or WriterCrashed when the process ended without one.
        """
        self._jobs += 1
        try:
            self._send(plan.to_json())
            while True:
                event = self._receive()
                if event["event"] == "progress":
                    progress(event["records"])
                elif event["event"] == "done":
                    return ExportResult(**event["result"])
                elif event["event"] == "failed":
                    kind = _ERRORS.get(event["code"], WriterFailed)
                    log.error("The writer failed with %s: %s", event["code"], event["message"])
                    raise kind(_WORDS.get(kind, event["message"]))
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        self._killed = True
        self._process.kill()

    def close(self) -> None:
        """End the process and wait for it."""
        self.kill()
        self._process.communicate()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._crashed() from None

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - it was opened as a pipe
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            raise self._crashed()
        event: dict[str, Any] = json.loads(line)
        return event

    def _crashed(self) -> WriterCrashed:
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return WriterCrashed(f"The program that writes the file ended unexpectedly ({how}).")


def write(plan: ExportPlan, context: JobContext, expected: int | None = None) -> ExportResult:
    """Carry out the plan by this worker's writer process, which ends where the job must end. With the number of records
    that are ``expected``, the job's progress is reported. Raises what ``Writer.run`` does, and the context's
    interruption.
    """

    def progress(records: int) -> None:
        if expected is None:
            context.checkpoint()
        else:
            context.checkpoint(min(records / max(expected, 1), 1) * _WRITTEN, f"{counted(records, 'record')} written.")

    process = writer()
    with context.stop_with(process.kill):
        return process.run(plan, progress)


_warm: Writer | None = None


def writer() -> Writer:
    """This worker's writer process, a new one where there is none that can be used."""
    global _warm
    if _warm is not None and not _warm.usable:
        _warm.close()
        _warm = None
    if _warm is None:
        _warm = Writer()
    return _warm
