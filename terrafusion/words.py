"""How dates and counts read in sentences: one way, wherever the platform writes to people. Pure."""

from __future__ import annotations

from datetime import date

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: date) -> str:
    """As ``Jan 5, 2026``: nobody takes the month for the day."""
    return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 district``, ``1,200 districts``; ``many`` is the plural where it is not ``one`` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
