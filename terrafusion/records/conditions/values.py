"""Values of conditions, read as the type of their field."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from terrafusion.records.layers import FieldType

EXPECTED = {
    FieldType.TEXT: "a text",
    FieldType.INTEGER: "a whole number of 64 bits",
    FieldType.REAL: "a number",
    FieldType.BOOLEAN: "true or false",
    FieldType.DATE: "a date such as 2024-12-31",
    FieldType.DATETIME: "a time with its offset such as 2024-12-31T12:00:00Z",
}
_BEYOND_64_BITS = 2**63


def read(value: object, kind: FieldType) -> Any:
    """The JSON value as Python's own of the field's type. ValueError where it is none."""
    return _READERS[kind](value)


def _text(value: object) -> str:
    if not isinstance(value, str) or "\x00" in value:  # which PostgreSQL's text cannot hold
        raise ValueError
    value.encode()  # a lone surrogate is no character: UnicodeEncodeError is a ValueError
    return value


def _integer(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -_BEYOND_64_BITS <= value < _BEYOND_64_BITS:
        raise ValueError
    return value


def _real(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError
    try:
        number = float(value)
    except OverflowError:
        raise ValueError from None
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _date(value: object) -> date:
    return date.fromisoformat(_text(value))


def _datetime(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    try:  # PostgreSQL takes offsets below 16 hours only, ISO 8601 any below 24
        return moment.astimezone(UTC)
    except OverflowError:  # in UTC it lies outside the years 1 to 9999
        raise ValueError from None


_READERS: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.REAL: _real,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
}
