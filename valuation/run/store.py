"""Rows into their tables by COPY, in the transaction that is open."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.csv
from django.db import connection, models
from psycopg import sql

from valuation.models import ValuationJob

_OPTIONS = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")


def clear(job: ValuationJob, *tables: type[models.Model]) -> None:
    """Remove the rows of a job; one statement a table, however many they are."""
    with connection.cursor() as cursor:
        for table in tables:
            statement = sql.SQL("DELETE FROM {} WHERE job_id = %s").format(sql.Identifier(table._meta.db_table))
            cursor.execute(statement, [job.pk])


def copy(model: type[models.Model], columns: dict[str, pa.Array], **constants: Any) -> None:
    """Append rows. ``constants`` are the same in each. An empty text and a null stay apart."""
    length = len(next(iter(columns.values())))
    same = {name: pa.array([str(value)] * length) for name, value in constants.items()}
    table = pa.table({**same, **columns})
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(table, buffer, _OPTIONS)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, table.column_names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        stream.write(buffer.getbuffer())
