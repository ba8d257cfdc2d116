"""Time zones by their IANA names."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


@cache
def names() -> frozenset[str]:
    return frozenset(available_timezones())


def check(name: str) -> None:
    """Raises Django's ValidationError for what is no time zone."""
    if name not in names():
        raise ValidationError("There is no such time zone; give an IANA name such as America/Los_Angeles.", "invalid")
