"""Where the land values on record come from, as far as a run of the platform made them."""

from __future__ import annotations

from datetime import date

from django.db.models import Case, OuterRef, QuerySet, Subquery, When

from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory
from valuation.land.sources import SHORT
from valuation.models import PropertyValuation, State

SOURCE = "land_source"


def of_entries(rows: QuerySet[PropertyValueHistory]) -> QuerySet[PropertyValueHistory]:
    """Entries of the value history with ``land_source``, a code; None where a load brought the value."""
    certified = PropertyValuation.objects.filter(
        state=State.CERTIFIED, property=OuterRef("property"), effective_date=OuterRef("effective_date")
    )
    return rows.annotate(**{SOURCE: Case(When(certified=True, then=Subquery(certified.values(SOURCE)[:1])))})


def of_parcels(rows: QuerySet[PropertyOperational], today: date) -> QuerySet[PropertyOperational]:
    """The same of parcels, whose value may be one that was certified and is in effect on the county's ``today``."""
    certified = PropertyValuation.objects.annotate(stood=PropertyValuation.final_value).filter(
        state=State.CERTIFIED,
        county=OuterRef("county"),
        property=OuterRef("pk"),
        effective_date__lte=today,
        tax_year=OuterRef("tax_year"),
        stood=OuterRef("total_value"),
    )
    return rows.annotate(**{SOURCE: Subquery(certified.order_by("-effective_date").values(SOURCE)[:1])})


def any_certified(county: County) -> bool:
    """Whether any value of the county was made and certified here."""
    return PropertyValuation.objects.filter(county=county, state=State.CERTIFIED).exists()


def short(code: str | None) -> str | None:
    """The code in words for a column."""
    return SHORT.get(code, code) if code else None
