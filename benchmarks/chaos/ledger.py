"""The database's own view of the jobs, and gates that hold an attempt at a phase (ledger.sql)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import platform

_KEY = 4711
_GATE_SECONDS = 60


def connect() -> psycopg.Connection[Any]:
    return psycopg.connect(platform.conninfo(), autocommit=True)


def begin() -> None:
    """Make the triggers, and forget what was noted before."""
    with connect() as connection:
        connection.execute((Path(__file__).parent / "ledger.sql").read_text())


def rows(query: str, *parameters: Any) -> list[Any]:
    with connect() as connection:
        return connection.execute(query, parameters).fetchall()


class Gate:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def wait(self) -> None:
        """Until an attempt has come to the gate."""
        deadline = time.monotonic() + _GATE_SECONDS
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
        while (self._connection.execute(query, [_KEY]).fetchone() or (0,))[0] == 0:
            if time.monotonic() > deadline:
                raise RuntimeError("No attempt has come to the gate.")
            time.sleep(0.05)


@contextmanager
def closed(phase: str) -> Iterator[Gate]:
    """Attempts wait before they ``claim``, before they ``announce`` their file's name, or at the ``finish``, with the
    file in place and not yet committed."""
    with connect() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_KEY])
        connection.execute("INSERT INTO chaos.gate VALUES (%s)", [phase])
        try:
            yield Gate(connection)
        finally:
            connection.execute("DELETE FROM chaos.gate")
