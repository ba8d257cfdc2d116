"""Which parcels a report is about, for those that are about some: by number, neighborhood, class or area."""

from __future__ import annotations

from django.db.models import QuerySet

from reporting.reports.base import Request
from reporting.reports.parcels import nothing_there, unknown
from terrafusion.jobs.request import Texts
from terrafusion.records.models import PropertyOperational

MAX_NAMED = 50_000


SELECTION = (
    Texts("parcels", [], "Only these parcel numbers.", MAX_NAMED, label="Parcels"),
    Texts("neighborhoods", [], "Only parcels of these neighborhoods.", label="Neighborhoods"),
    Texts("property_class", [], "Only parcels of these classes.", label="Classes"),
)
"""The parameters; each narrows the parcels of the area."""


_COLUMNS = {"parcels": "parcel_number", "neighborhoods": "neighborhood", "property_class": "property_class"}


def selected(request: Request) -> QuerySet[PropertyOperational]:
    chosen = request.parcels()
    for name, column in _COLUMNS.items():
        if request.values[name]:
            chosen = chosen.filter(**{f"{column}__in": request.values[name]})
    return chosen


def faults(request: Request) -> dict[str, list[str]]:
    """Of a selection that names what the county has not, or that leaves nobody."""
    problems = nothing_there(request)
    if problems:
        return problems
    every = PropertyOperational.objects.filter(county=request.county)
    for name, column in _COLUMNS.items():
        wanted = request.values[name]
        if wanted:
            there = every.filter(**{f"{column}__in": wanted}).values_list(column, flat=True).distinct()
            known = there if set(wanted) <= set(there) else _some(every, column, set(there))
            missing = unknown(wanted, known, name.replace("_", " ").rstrip("s"), request.county.pk)
            if missing:
                problems[f"parameters.{name}"] = missing
    if not problems and not selected(request).exists():
        problems["parameters"] = ["No parcel is left of this selection."]
    return problems


def _some(every: QuerySet[PropertyOperational], column: str, there: set[str]) -> set[str]:
    """Those that are there, and a few others to choose from."""
    return there | set(every.exclude(**{column: ""}).order_by(column).values_list(column, flat=True).distinct()[:10])
