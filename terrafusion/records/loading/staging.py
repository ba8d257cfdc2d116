"""The staging table: a temporary table of the target's column types, filled by COPY."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.csv
from django.db.backends.utils import CursorWrapper
from psycopg import sql

TABLE = sql.Identifier("load_staging")
ROW_NUMBER = "row_number"
REFUSED = "row_refused"
"""Marks rows that are here only for what they share with others: the record of which they are a part."""


def create(cursor: CursorWrapper, columns: dict[str, str]) -> None:
    """An empty staging table. ``columns`` has the PostgreSQL type of each; the row number in the file comes first.

    It goes with the transaction, or with the next load when a test holds the transaction open.
    """
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(TABLE))
    definitions = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in {ROW_NUMBER: "bigint", **columns}.items()
    )
    cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(TABLE, definitions))


def copy(
    cursor: CursorWrapper, columns: list[str], batches: Iterable[dict[str, pa.Array]], joined: Iterable[str]
) -> None:
    """Stream the batches into the staging table; memory holds one of them at a time. ``joined`` names the columns by
    which rows are compared with others, whose statistics the planner needs."""
    names = [ROW_NUMBER, *columns]
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        TABLE, sql.SQL(", ").join(map(sql.Identifier, names))
    )
    # An empty text is quoted and a null is not: the two that COPY's csv format distinguishes.
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    with cursor.copy(statement) as stream:
        for batch in batches:
            buffer = io.BytesIO()
            pyarrow.csv.write_csv(pa.table({name: batch[name] for name in names}), buffer, options)
            stream.write(buffer.getvalue())
    cursor.execute(sql.SQL("ANALYZE {} ({})").format(TABLE, sql.SQL(", ").join(map(sql.Identifier, joined))))
