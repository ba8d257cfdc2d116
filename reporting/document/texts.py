"""How figures look to people, the same in PDF and HTML."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime

from reporting.document.blocks import Column, Kind, Rounded, Value
from terrafusion.money import half_up
from terrafusion.words import day

NOTHING = "\N{EN DASH}"
DATES = frozenset({Kind.DATE, Kind.DATETIME})
"""Kinds whose texts are never broken over lines."""
INDENT = "\N{EM SPACE}"
"""What the first text of a row begins with that goes on with the row above."""
RIGHT = frozenset({Kind.INTEGER, Kind.YEAR, Kind.MONEY, Kind.NUMBER, Kind.PERCENT})
"""Kinds that are aligned by their last digit."""


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
    places = value.decimals if isinstance(value, Rounded) else Column("", kind, decimals=decimals).places
    if kind is Kind.YEAR:
        return f"{value:.0f}"
    if kind is Kind.PERCENT:
        return f"{_rounded(100 * value, places):,.{places}f}%"
    if kind is Kind.MONEY:
        rounded = _rounded(value, places)
        return f"{'-' if rounded < 0 else ''}${abs(rounded):,.{places}f}"
    return f"{_rounded(value, places):,.{places}f}"


def _rounded(value: float, places: int) -> float:
    """A figure that is rounded to zero has no sign."""
    return half_up(value, places)


def dated(text: str) -> str:
    """A sentence of the statistics, which write dates as data has them, with its dates as people read them."""
    return re.sub(r"\b\d{4}-\d{2}-\d{2}\b", lambda match: day(date.fromisoformat(match[0])), text)


def clean(text: str) -> str:
    """Without the control characters that no format can hold; a line break stays."""
    if text.isprintable():
        return text
    kept = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c if c == "\n" or not _forbidden(ord(c)) else "\ufffd" for c in kept)


def _forbidden(code: int) -> bool:
    return code < 32 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE
