"""Limits of exports: by county, by user, by format, and by day. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from terrafusion.api import keys

if TYPE_CHECKING:
    from terrafusion.records.models import CountyAccess, CountySettings

ACTIVE_JOBS = "max_active_jobs"
_OF_A_FORMAT = ("max_records", "max_bytes")


@dataclass(frozen=True)
class Limit:
    """Most ``records`` or ``bytes`` (or ``jobs``); ``name`` is that of the setting."""

    name: str
    of: str
    allowed: int
    used: int = 0
    """What counts against it already."""


@dataclass(frozen=True)
class Broken:
    """A limit that the export would break, and what it would come to, with what was used before."""

    limit: str
    allowed: int
    estimate: int


@dataclass(frozen=True)
class Used:
    """By the user in the county: in the last day, and at work."""

    records: int
    bytes: int
    active_jobs: int


def effective_limits(
    settings: CountySettings, access: CountyAccess | None, export_format: str, used: Used
) -> list[Limit]:
    """The limits of a county's settings and, where they say otherwise, of the user's own rights."""

    def of(name: str) -> int | None:
        own: int | None = getattr(access, name, None)
        return own if own is not None else getattr(settings, name)

    by_format = settings.format_limits.get(export_format, {})
    limits = [
        ("max_records", "records", of("max_records"), 0),
        ("max_bytes", "bytes", of("max_bytes"), 0),
        *((f"format_limits.{export_format}.{name}", name[4:], by_format.get(name), 0) for name in _OF_A_FORMAT),
        ("max_records_per_day", "records", of("max_records_per_day"), used.records),
        ("max_bytes_per_day", "bytes", of("max_bytes_per_day"), used.bytes),
        (ACTIVE_JOBS, "jobs", settings.max_active_jobs, used.active_jobs),
    ]
    return [Limit(name, what, allowed, before) for name, what, allowed, before in limits if allowed is not None]


def broken(limits: list[Limit], records: int, size: int) -> list[Broken]:
    """Which of the limits an export of so many records and bytes would break."""
    amounts = {"records": records, "bytes": size, "jobs": 1}
    limits_used = [Broken(limit.name, limit.allowed, limit.used + amounts[limit.of]) for limit in limits]
    return [each for each in limits_used if each.estimate > each.allowed]


def describe(each: Broken, county_id: str) -> str:
    """What to say to who asked for it."""
    what = "bytes" if "bytes" in each.limit else "records"
    limit = f"{each.limit} of {county_id} is {each.allowed:,}: choose a smaller area"
    if each.limit.endswith("_per_day"):
        return f"With the exports of the last 24 hours it would be {each.estimate:,} {what}, and {limit}, or wait."
    advice = "or another format" if "format_limits" in each.limit else "or fewer layers"
    return f"The export has {each.estimate:,} {what}, and {limit} {advice}."


def fault(format_limits: object, known: Collection[str]) -> str | None:
    """What is wrong with a county's ``format_limits``."""
    example = 'Give an object such as {"KML": {"max_records": 50000, "max_bytes": 200000000}}.'
    if not isinstance(format_limits, dict) or not all(isinstance(each, dict) for each in format_limits.values()):
        return example
    unknown = [*keys.unknown(format_limits, known, "format").values()]
    unknown += (fault for each in format_limits.values() for fault in keys.unknown(each, _OF_A_FORMAT).values())
    if unknown:
        return " ".join(unknown)
    for value in (value for each in format_limits.values() for value in each.values()):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return example
    return None
