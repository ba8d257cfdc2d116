"""Distinguishing a database that is away, gave up a query, or undid a transaction, from a fault of our own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import psycopg
from django import db

if TYPE_CHECKING:
    from logging import _SysExcInfoType

DATABASE_AWAY = (db.OperationalError, db.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
"""What Django and psycopg raise when the server cannot be reached, goes away, or has no connection left."""

_CONNECTION = ("08", "57P")
"""Classes of SQLSTATE: connection exception; operator intervention (shutdown, crash, still starting)."""

_GIVEN_UP = ("57014", "55P03")
"""SQLSTATEs of a query that the server ended (statement_timeout, pg_cancel_backend), and of a lock that was not had in
time (lock_timeout)."""

_UNDONE = ("40001", "40P01")
"""SQLSTATEs of a transaction that was undone for another's sake: serialization failure, deadlock."""


def is_connection_error(error: BaseException) -> bool:
    """Whether the connection is what failed: a deadlock or a time-out is an OperationalError, too."""
    if not isinstance(error, DATABASE_AWAY):
        return False
    state = _state(error)
    return state is None or state.startswith(_CONNECTION)


def is_time_out(error: BaseException) -> bool:
    """Whether the server gave up the query: the connection is sound, and asking again may take as long."""
    return isinstance(error, DATABASE_AWAY) and _state(error) in _GIVEN_UP


def is_conflict(error: BaseException) -> bool:
    """Whether the server undid the transaction for another's sake: the same again may well succeed, at once."""
    return isinstance(error, DATABASE_AWAY) and _state(error) in _UNDONE


def _state(error: BaseException) -> str | None:
    """The SQLSTATE; None where the server was not reached."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    return getattr(cause, "sqlstate", None)


class Formatter(logging.Formatter):
    """A line instead of a traceback where the database is away: each loop of each process meets that once a second."""

    def formatException(self, ei: _SysExcInfoType | tuple[None, None, None]) -> str:  # noqa: N802  # logging's name
        error = ei[1]
        if error is not None and is_connection_error(error):
            return f"{type(error).__name__}: {error}"
        return super().formatException(ei)
