"""What parcels were valued at, at a date: of the history's rows the latest that was in effect."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from terrafusion.records.models import PropertyValueHistory

AMOUNTS = ("land_value", "improvement_value", "total_value", "exemptions")
COLUMNS = (*AMOUNTS, "tax_year")
_NEWEST_FIRST = ("-effective_date", "-tax_year", "-id")


def in_effect(county_id: str, day: date | None) -> QuerySet[Any, Any]:
    """``property_id`` and ``COLUMNS`` of each parcel that had a value on ``day``; with None the latest of all."""
    rows = PropertyValueHistory.objects.filter(county=county_id)
    if day is not None:
        rows = rows.filter(effective_date__lte=day)
    newest = rows.order_by("property_id", *_NEWEST_FIRST).distinct("property_id")
    found: QuerySet[Any, Any] = newest.values("property_id", *COLUMNS)
    return found


def value_in_effect(column: str, day: date) -> Subquery:
    """The same of one column, as an expression on a queryset of parcels."""
    rows = PropertyValueHistory.objects.filter(property=OuterRef("pk"), effective_date__lte=day)
    return Subquery(rows.order_by(*_NEWEST_FIRST).values(column)[:1])
