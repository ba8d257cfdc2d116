"""How long a query of a web request may take: a thread of the web server waits for it, and so do other requests."""

from __future__ import annotations

from typing import Any

from django.db.backends.utils import CursorWrapper


def limit(database: dict[str, Any], seconds: int) -> None:
    """Have each new connection of this process end queries that take longer; 0 is no limit. ``database`` is Django's
    settings of it, as its connections read them.

    As an option of the connection it costs no query of its own, and is what SET ... = DEFAULT goes back to.
    """
    if seconds:
        options = database.setdefault("OPTIONS", {})
        options["options"] = f"{options.get('options', '')} -c statement_timeout={seconds * 1000}".strip()


def allow(cursor: CursorWrapper, seconds: int) -> None:
    """In the open transaction, let a query take so long: for what is known to be long, and is done while one waits."""
    cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(seconds * 1000)])
