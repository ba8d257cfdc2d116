"""One transaction of a user at a time, where a limit is counted: each sees what the one before it has added."""

from __future__ import annotations

from django.db import connection

_CLASS = 0x7466_6A62  # "tfjb": our class of advisory locks


def acquire_lock(user_id: int | None) -> None:
    """Wait until no other transaction of the user has the lock; it is released when the open transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_CLASS, user_id or 0])
