"""Telling a database that is away from a fault of our own."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from django import db

DATABASE_AWAY = (db.OperationalError, db.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
"""What Django and psycopg raise when the server cannot be reached, goes away, or has no connection left."""

_CONNECTION = ("08", "57P")
"""Classes of SQLSTATE: connection exception; operator intervention (shutdown, crash, still starting)."""


def is_outage(error: BaseException) -> bool:
    """Whether the connection is what failed: a deadlock or a time-out is an OperationalError, too."""
    if not isinstance(error, DATABASE_AWAY):
        return False
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    state = getattr(cause, "sqlstate", None)  # None: the server was not reached
    return state is None or state.startswith(_CONNECTION)


class Formatter(logging.Formatter):
    """A line instead of a traceback where the database is away: each loop of each process meets that once a second."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's name
        error: BaseException = ei[1]
        return f"{type(error).__name__}: {error}" if is_outage(error) else super().formatException(ei)
