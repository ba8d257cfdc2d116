"""What a filter of a list of jobs is served by, so that it reads no other jobs: also where none matches, and the list
would be looked for among all that there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connections
from django.db.models import Index, Model, Q

_ORDER = ("-created_at", "-job_id")


def by(column: str, name: str, condition: Q | None = None) -> list[Index]:
    """Indexes of a filter by ``column``, for the list of all counties and for that of one; newest first, as lists are.

    A plugin has them for the column of its type: ``indexes = [*AbstractJob.Meta.indexes, *by("method", "type")]``.
    """
    return [
        Index(fields=[column, *_ORDER], name=f"%(class)s_{name}", condition=condition),
        Index(fields=["county", column, *_ORDER], name=f"%(class)s_in_{name}", condition=condition),
    ]


def is_listed_by(model: type[Model], column: str) -> bool:
    """Whether the model has the indexes of ``by``."""
    return {(column, *_ORDER), ("county", column, *_ORDER)} <= {tuple(index.fields) for index in model._meta.indexes}


def count_together(using: str, types: Iterable[Any]) -> None:
    """Have PostgreSQL count, now and whenever it analyzes the tables, which values of the filters occur together. It
    takes them for independent otherwise, and looks for what no county of a user has among the many that others have."""
    connection = connections[using]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for job_type in types:
            table = job_type.model._meta.db_table
            name = f"{table}_filters"
            cursor.execute("SELECT 1 FROM pg_statistic_ext WHERE stxname = %s", [name])
            if table in tables and not cursor.fetchone():
                columns = ", ".join(map(quote, ("county_id", "status", "error_code", job_type.type_field)))
                cursor.execute(f"CREATE STATISTICS {quote(name)} (mcv) ON {columns} FROM {quote(table)}")
                cursor.execute(f"ANALYZE {quote(table)}")
