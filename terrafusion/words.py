"""How dates, counts, values, and errors read in sentences: one way, wherever the platform writes to people. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MAX_SHOWN = 60
_MAX_NAMES = 5
_MAX_ERROR_TEXT = 2_000


def day(value: date) -> str:
    """As ``Jan 5, 2026``: nobody takes the month for the day."""
    return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 district``, ``1,200 districts``; ``many`` is the plural where it is not ``one`` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def shown(value: object) -> str:
    """The beginning of a value, for a message: what JSON has a word for by that."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested as deep as the parser allows, or of too many digits
        return "this"
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def unknown(noun: str, *names: object, available: Iterable[str] | None = None) -> str:
    """``Unknown layer 'x'. Available: parcels, sales.`` Of many names the first 5 and how many more there are. Without
    ``available``, there are too many to list."""
    listed = ", ".join(map(shown, names[:_MAX_NAMES]))
    more = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
    known = "" if available is None else f" Available: {', '.join(available) or 'none'}."
    return f"Unknown {noun} {listed}{more}.{known}"


def error_text(error: Exception) -> str:
    """What the error says, on one line of at most 2,000 characters. The ``detail`` of errors of Django REST framework
    is nested by members, which precede their texts."""
    return " ".join(_texts(getattr(error, "detail", None) or str(error)))[:_MAX_ERROR_TEXT]


def _texts(detail: object, at: str = "") -> list[str]:
    if isinstance(detail, dict):
        return [text for name, inner in detail.items() for text in _texts(inner, f"{at}.{name}" if at else str(name))]
    if isinstance(detail, list):
        return [text for inner in detail for text in _texts(inner, at)]
    return [f"{at}: {detail}" if at else str(detail)]
