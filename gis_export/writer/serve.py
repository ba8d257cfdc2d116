"""What the writer process does: a plan a line comes in; events, a line each, go out.

It ends when its input ends, and with the worker that started it, however that dies.
"""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import json
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TextIO

import adbc_driver_postgresql.dbapi as postgresql
import pyarrow as pa

from gis_export.plan import ExportPlan
from gis_export.writer.errors import WriterError
from gis_export.writer.export import run_plan

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PROGRESS_SECONDS = 0.25
_FULL = (errno.ENOSPC, errno.EDQUOT)
_MIN_ROOM = 1 << 20
_BROKEN = re.compile(r"\[libpq\].*(FATAL:|server closed|no connection|could not receive)", re.DOTALL)


def main() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # Native libraries may print; only events may reach the worker.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        _send(events, event="ready")
        for line in sys.stdin:
            _send(events, **_answer(ExportPlan.from_json(line), events))
            _give_back()
    except BrokenPipeError:  # the worker is gone, and nobody is left to answer
        os._exit(1)


def _give_back() -> None:
    """Return to the system what Arrow and C keep for later: the next export may be long in coming."""
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)


def _answer(plan: ExportPlan, events: TextIO) -> dict[str, Any]:
    passed, sent_at = 0, 0.0

    def progress(records: int) -> None:
        nonlocal passed, sent_at
        passed += records
        if time.monotonic() - sent_at >= _PROGRESS_SECONDS:
            sent_at = time.monotonic()
            _send(events, event="progress", records=passed)

    try:
        return {"event": "done", "result": dataclasses.asdict(run_plan(plan, progress))}
    except WriterError as error:
        return {"event": "failed", "code": error.code, "message": str(error)}
    except Exception as error:
        sys.excepthook(*sys.exc_info())
        return {"event": "failed", "code": _code(plan, error), "message": str(error)}


def _code(plan: ExportPlan, error: Exception) -> str:
    """What kind of trouble an error of a library is."""
    if isinstance(error, MemoryError):
        return "out_of_memory"
    if isinstance(error, OSError) and error.errno in _FULL:
        return "storage_full"
    # GDAL reports a full disk in many words, some of them after it has made room again, and likewise one that is gone.
    if (fault := _storage_fault(Path(plan.folder))) or "I/O failure" in str(error):
        return fault or "storage_full"
    if plan.snapshot and "snapshot" in str(error):
        return "snapshot_lost"
    if "canceling statement due to" in str(error):
        return "query_timed_out"
    # A connection that breaks amid the rows is reported by Arrow, which has no class of its own for it.
    if isinstance(error, postgresql.OperationalError) or _BROKEN.search(str(error)):
        return "database_unavailable"
    if "transform: " in str(error):
        return "crs_unsuitable"
    return "writer_failed"


def _storage_fault(folder: Path) -> str:
    """What is wrong with the storage, found out by writing to it; empty where nothing is."""
    try:
        disk = os.statvfs(folder)
        if disk.f_bavail * disk.f_frsize < _MIN_ROOM:
            return "storage_full"
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        return "storage_full" if error.errno in _FULL else "storage_unavailable"
    return ""


def _send(events: TextIO, **event: Any) -> None:
    events.write(json.dumps(event) + "\n")
