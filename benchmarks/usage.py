"""What a command takes: seconds, processor seconds with the database's backends, and the peak of its memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil
import psycopg

from benchmarks import memory
from terrafusion.setup import processes
from terrafusion.setup.errors import SetupError

_POLL_SECONDS = 0.1
_BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type IN ('client backend', 'parallel worker') AND backend_start >= %s"
)


@dataclass(frozen=True)
class Usage:
    """``cpu`` is that of the command and of the backends that work for it, each up to its last 0.1 s; ``client_cpu``
    that of the command alone; ``peak_mb`` its resident peak, in MB of 10^6 bytes."""

    seconds: float
    cpu: float
    client_cpu: float
    peak_mb: float
    output: str


def of(command: Sequence[str], conninfo: str, environment: Mapping[str, str], limit_seconds: float) -> Usage:
    """Run ``command``, which is the only one that uses the database of ``conninfo``. The server must run on this
    machine. Raises ``SetupError`` where the command fails, or does not end in time."""
    with (
        psycopg.connect(conninfo, autocommit=True) as watcher,
        tempfile.TemporaryFile("w+") as output,
        tempfile.TemporaryFile("w+") as errors,
    ):
        if not psutil.pid_exists(watcher.info.backend_pid):
            raise SetupError("The database server does not run on this machine: its processor seconds are not known.")
        (since,) = watcher.execute("SELECT now()").fetchone() or ("-infinity",)
        backends: dict[int, float] = {}
        peak, begun = 0.0, time.perf_counter()
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            preexec_fn=processes.die_with_parent,
        )
        try:
            while True:
                pid, status, used = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    break
                if time.perf_counter() - begun > limit_seconds:
                    raise SetupError(f"{command[0]} did not end in {limit_seconds:,.0f} seconds.")
                with contextlib.suppress(OSError, psutil.Error):  # it may end meanwhile
                    peak = max(peak, memory.peak_mb(process.pid))
                for (backend,) in watcher.execute(_BACKENDS, [since]).fetchall():
                    with contextlib.suppress(psutil.Error):
                        backends[backend] = sum(psutil.Process(backend).cpu_times()[:2])
                time.sleep(_POLL_SECONDS)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise SetupError(f"{' '.join(command[:4])} ... failed: {errors.read()[-2000:]}")
        client = used.ru_utime + used.ru_stime
        return Usage(seconds, client + sum(backends.values()), client, peak, output.read())
