"""Queries that an estimate does without where they take too long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

Answer = TypeVar("Answer")


def within(milliseconds: int, ask: Callable[[], Answer]) -> Answer | None:
    """What ``ask`` returns, which makes queries; None where one of them takes longer."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")
            answer = ask()
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
            return answer
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "57014":  # query_canceled
            raise
        return None
