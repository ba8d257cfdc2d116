"""How figures look to people, the same in PDF and HTML."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

from reporting.document.blocks import Column, Kind, Value

NOTHING = "\N{EN DASH}"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RIGHT = frozenset({Kind.INTEGER, Kind.YEAR, Kind.MONEY, Kind.NUMBER, Kind.PERCENT})
"""Kinds that are aligned by their last digit."""


def day(value: date) -> str:
    """As ``Jan 5, 2026``: nobody takes the month for the day."""
    return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"


def moment(value: datetime) -> str:
    """To the second, in UTC."""
    return f"{day(value.astimezone(UTC))}, {value.astimezone(UTC):%H:%M:%S} UTC"


def shown(value: Value, kind: Kind = Kind.TEXT, decimals: int | None = None) -> str:
    """A dash for nothing: an absent figure is not a zero. An empty text stays empty."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if isinstance(value, date):
        return moment(value) if isinstance(value, datetime) else day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) or kind is Kind.TEXT:
        return str(value)
    places = Column("", kind, decimals=decimals).places
    if kind is Kind.YEAR:
        return f"{value:.0f}"
    if kind is Kind.PERCENT:
        return f"{100 * value:,.{places}f}%"
    if kind is Kind.MONEY:
        return f"{'-' if value < 0 else ''}${abs(value):,.{places}f}"
    return f"{value:,.{places}f}"


def clean(text: str) -> str:
    """Without the control characters that no format can hold; a line break stays."""
    if text.isprintable():
        return text
    kept = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c if c == "\n" or not _forbidden(ord(c)) else "\ufffd" for c in kept)


def _forbidden(code: int) -> bool:
    return code < 32 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE
