"""Faults that the reports about parcels share."""

from __future__ import annotations

from collections.abc import Iterable

from reporting.reports.base import Request
from terrafusion import words


def nothing_there(request: Request) -> dict[str, list[str]]:
    """The faults of a request about parcels when there is none."""
    if request.parcels().exists():
        return {}
    if request.area is not None:
        return {"area_of_interest": [f"No parcel of {request.county.pk} is in this area."]}
    return {"county_id": [f"{request.county.pk} has no parcels: load them first (manage.py load_layer)."]}


def unknown(values: Iterable[str], known: Iterable[str], what: str, county_id: str) -> list[str]:
    """Faults of values that the county has not."""
    there = set(known)
    missing = [value for value in values if value not in there]
    if not missing:
        return []
    return [words.unknown(f"{what} in {county_id}:", *missing[:10], available=sorted(there)[:20])]
