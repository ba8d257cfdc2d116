"""One state of the database for a whole report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import connection, transaction

from terrafusion.records.models import DataChange


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read inside is of one moment; nothing can be written."""
    outermost = not connection.in_atomic_block  # PostgreSQL sets this at the beginning of a transaction only
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def changed_at(sources: tuple[str, ...]) -> datetime:
    """When the data last changed: the moment that a report of it is as of. Now, where nobody noted a change."""
    names = {name for given in sources for name in (given, given.split(" ")[0])}
    newest = (
        DataChange.objects.filter(source__in=names).order_by("-began_at").values_list("began_at", flat=True).first()
    )
    return newest or datetime.now(UTC)
