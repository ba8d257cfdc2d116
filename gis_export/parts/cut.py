"""Where to cut layers, and the snapshot in which all the parts are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import psycopg

from gis_export.selection import LayerSelection, literal_sql


@dataclass(frozen=True)
class Cut:
    """The rows of a layer whose key is at least ``first`` and less than ``before``; None where there is no bound."""

    layer: str
    first: int | None
    before: int | None


class Snapshot:
    """A read-only view of the database that other sessions can share while this one holds it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        row = self.row("SELECT pg_export_snapshot(), now()")
        self.id: str = row[0]
        self.taken_at: datetime = row[1]

    def cancel(self) -> None:
        """End the query that is being asked; from any thread."""
        self._connection.cancel_safe()

    def row(self, sql: str) -> tuple[Any, ...]:
        row = self._connection.execute(sql).fetchone()
        assert row is not None  # noqa: S101 - aggregates give one row
        return tuple(row)


@contextmanager
def snapshot(database: str) -> Iterator[Snapshot]:
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            # It is idle while the parts are written.
            "SET LOCAL idle_in_transaction_session_timeout = 0",
            "SET LOCAL statement_timeout = 0",
        ):
            connection.execute(statement)
        yield Snapshot(connection)


def count(selection: LayerSelection, held: Snapshot) -> int:
    """How many rows are selected, before what a clip leaves empty."""
    (number,) = held.row(f"SELECT count(*) FROM ({_keys(selection)}) AS keys")
    return int(number)


def cuts(selection: LayerSelection, held: Snapshot, number: int) -> list[Cut]:
    """The layer in ``number`` cuts of about as many rows each; fewer where there are not so many keys."""
    name = selection.layer.name
    if number < 2:
        return [Cut(name, None, None)]
    fractions = ", ".join(str(i / number) for i in range(1, number))
    (values,) = held.row(
        f"SELECT percentile_disc(ARRAY[{fractions}]::float8[]) WITHIN GROUP (ORDER BY k) "
        f"FROM ({_keys(selection)}) AS keys(k)"
    )
    bounds = [None, *sorted(set(values)), None]
    return [Cut(name, first, before) for first, before in pairwise(bounds)]


def _keys(selection: LayerSelection) -> str:
    return literal_sql(selection.rows().values("pk"))
