"""Reads PostGIS as Arrow record batches, every query of an export in one snapshot."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, ClassVar

import adbc_driver_postgresql.dbapi as postgresql
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions

BATCH_BYTES = 4 << 20
_AHEAD = 2  # batches read while the writer is busy; bounds memory
_END = object()


class Snapshot:
    """A read-only REPEATABLE READ view of the database that several connections share.

    The first connection holds the snapshot open; ``connect`` gives further ones that see the same data, for work
    beside the main stream. On leaving, the connections are kept for the next snapshot of the same database, for a new
    one costs tens of milliseconds until PostGIS is loaded; after an error they are closed.
    """

    _idle: ClassVar[dict[str, list[postgresql.Connection]]] = {}

    def __init__(self, database: str, other: str = "") -> None:
        """``other``: the id of a snapshot that another session holds, to see what it sees."""
        self._database = database
        self._used: list[postgresql.Connection] = []
        self._id = other

    def __enter__(self) -> Snapshot:
        exported = "" if self._id else "pg_export_snapshot()"
        taken = row(self.connect(), f"SELECT {exported or 'NULL::text'} AS id, now() AS taken_at")
        self._id, self.taken_at = taken["id"] or self._id, taken["taken_at"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._used:
            if kind is None:
                _execute(connection, "ROLLBACK")
                self._idle.setdefault(self._database, []).append(connection)
            else:
                connection.close()

    def connect(self) -> postgresql.Connection:
        begin = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
        if self._id:
            begin.append(f"SET TRANSACTION SNAPSHOT '{self._id}'")
        idle = self._idle.get(self._database, [])
        while idle:
            connection = idle.pop()
            try:
                _execute(connection, *begin)
            except postgresql.Error:  # the server was restarted meanwhile
                connection.close()
            else:
                break
        else:
            connection = postgresql.connect(self._database, autocommit=True)
            _execute(connection, *_SESSION, *begin)
        self._used.append(connection)
        return connection


_SESSION = (
    # A killed writer cannot cancel its queries, so the server looks after that itself.
    "SET client_connection_check_interval = '1s'",
    "SET statement_timeout = 0",
    "SET jit = off",
    # Gathering rows from parallel workers measured slower than one backend that streams them.
    "SET max_parallel_workers_per_gather = 0",
    # A scan that began where another's is would add the same numbers in another order, to another sum.
    "SET synchronize_seqscans = off",
    "SET timezone = 'UTC'",
    "SET datestyle = 'ISO, YMD'",
    # Text must be the shortest that reads back as the same number.
    "SET extra_float_digits = 1",
)


def _execute(connection: postgresql.Connection, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def row(connection: postgresql.Connection, sql: str) -> dict[str, Any]:
    """The one row of ``sql``, by column name."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


@contextmanager
def batches(connection: postgresql.Connection, sql: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The rows of ``sql`` as batches of about ``BATCH_BYTES``, read ahead by a thread."""
    options = {StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)}
    with connection.cursor(adbc_stmt_kwargs=options) as cursor:
        cursor.execute(sql)
        reader = cursor.fetch_record_batch()
        stop = threading.Event()
        batches = _prefetched(reader, stop)
        try:
            yield reader.schema, batches
        finally:
            stop.set()
            batches.close()
            reader.close()


def _prefetched(reader: pa.RecordBatchReader, stop: threading.Event) -> Generator[pa.RecordBatch, None, None]:
    waiting: queue.Queue[Any] = queue.Queue(_AHEAD)

    def put(item: object) -> bool:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.5)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for batch in reader:
                if not put(batch):
                    return
        except BaseException as error:  # handed to the consumer, who raises it
            put(error)
        else:
            put(_END)

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
