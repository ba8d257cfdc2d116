"""Versions of the data: equal only while nothing has changed.

Each transaction that changes rows leaves a ``DataChange``, so the rows that can be seen name a state of the data: when
a change becomes visible, so does its row. A version read before the data is read is never newer than the data; who
keeps it beside a result therefore never takes old data for new.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, models

MAX_CHANGES = 1_000
"""Rows of one source; more are compacted to one."""


def source(model: type[models.Model], key: str | int) -> str:
    """The rows of a table that belong to a county (or, for reference layers, to a layer)."""
    return f"{model._meta.db_table} {key}"


def of(sources: Iterable[str]) -> str:
    """The version of the sources together. Whatever empties a whole table is noted under the table alone."""
    wanted = sorted({name for given in sources for name in (given, given.split(" ")[0])})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(md5(string_agg(id::text, ' ' ORDER BY id)), '') FROM records_datachange "
            "WHERE source = ANY(%s)",
            [wanted],
        )
        (version,) = cursor.fetchone()
    return str(version)


def compact() -> int:
    """Replace the changes of sources that have very many by one; the number removed.

    The one has a number of its own, so no version comes back that was another state's.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH many AS (SELECT source FROM records_datachange GROUP BY source HAVING count(*) > %s), "
            "removed AS (DELETE FROM records_datachange USING many WHERE records_datachange.source = many.source "
            "RETURNING records_datachange.source), "
            "kept AS (INSERT INTO records_datachange (source, transaction, began_at) SELECT DISTINCT source, "
            "pg_current_xact_id()::text::bigint, statement_timestamp() FROM removed) "
            "SELECT count(*) FROM removed",
            [MAX_CHANGES],
        )
        (removed,) = cursor.fetchone()
    return int(removed)
