"""What parcels were valued at, at a date: of the history's entries that stand, the latest that was in effect."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from terrafusion.records.models import PropertyValueHistory

AMOUNTS = ("land_value", "improvement_value", "total_value", "exemptions")
COLUMNS = (*AMOUNTS, "tax_year")
_NEWEST_FIRST = ("-effective_date", "-tax_year", "-certified", "-id")


def standing(rows: QuerySet[PropertyValueHistory] | None = None) -> QuerySet[PropertyValueHistory]:
    """Entries that count: not revoked, and no load that a certified value stands before. A certified value stands
    before loads of its tax year and earlier ones, from its day on."""
    certified = PropertyValueHistory.objects.filter(
        property=OuterRef("property"),
        certified=True,
        revoked_by=None,
        tax_year__gte=OuterRef("tax_year"),
        effective_date__lte=OuterRef("effective_date"),
    )
    entries = PropertyValueHistory.objects.all() if rows is None else rows
    return entries.filter(revoked_by=None).filter(Q(certified=True) | ~Exists(certified))


def in_effect(county_id: str, day: date | None) -> QuerySet[Any, Any]:
    """``property_id`` and ``COLUMNS`` of each parcel that had a value on ``day``; with None the latest of all."""
    rows = standing().filter(county=county_id)
    if day is not None:
        rows = rows.filter(effective_date__lte=day)
    newest = rows.order_by("property_id", *_NEWEST_FIRST).distinct("property_id")
    newest_values: QuerySet[Any, Any] = newest.values("property_id", *COLUMNS)
    return newest_values


def value_in_effect(column: str, day: date) -> Subquery:
    """The same of one column, as an expression on a queryset of parcels."""
    rows = standing().filter(property=OuterRef("pk"), effective_date__lte=day)
    return Subquery(rows.order_by(*_NEWEST_FIRST).values(column)[:1])
