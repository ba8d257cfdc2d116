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
        raise ValidationError("Unknown time zone. Give an IANA name such as America/Los_Angeles.", "invalid")
