"""Which day the values of a study are of, and which sales they are held against.

A ratio says something only where value and price are of one day. A study is of the day that its values are of; another
day, or a span without a sale to study, is refused when the study is asked for.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from terrafusion.records.county_time import today
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, Sale
from valuation import values
from valuation.errors import InvalidStudyDates
from valuation.models import ValuationJob
from valuation.study_terms import CERTIFIED, CURRENT

YEAR = timedelta(days=365)
_NEAR = timedelta(days=366)  # a roll's tax year may begin a year after the day that its values are of

_SHOWN = 5
_WHAT = {CURRENT: "The values on record", CERTIFIED: "The certified values"}

Values = str | uuid.UUID
"""``current``, ``certified``, or the id of a run."""


@dataclass(frozen=True)
class StudyDates:
    """Prices are brought to ``valuation_date``; sales are dated ``sales_from`` to ``sales_to`` (None: without end)."""

    valuation_date: date
    sales_from: date
    sales_to: date | None


def settle(
    county: County,
    studied: Values,
    valuation_date: date | None = None,
    sales_from: date | None = None,
    sales_to: date | None = None,
) -> StudyDates:
    """The days of a study; those that are not given follow from the values. Raises ``InvalidStudyDates``.

    Without a span, sales are those from the valuation date on; where there is none yet, those of the year before it.
    """
    own = effective_date(county, studied)
    if valuation_date is not None and own is not None:
        _check_day(county, studied, valuation_date, own)
    return with_sales(county, studied, valuation_date or own or _last_new_year(county), sales_from, sales_to)


def with_sales(
    county: County, studied: Values | None, day: date, sales_from: date | None = None, sales_to: date | None = None
) -> StudyDates:
    """The same for a day that is settled. ``studied`` is None for a run that is still to be made."""
    sales = Sale.objects.filter(county=county, sale_date__lte=today(county))
    if sales_from is None and sales_to is None and not sales.filter(sale_date__gte=day).exists():
        sales_from, sales_to = day - YEAR, day - timedelta(days=1)
    elif sales_from is None:
        sales_from = day if sales_to is None or sales_to >= day else sales_to - YEAR
    if sales_to is not None and sales_to < sales_from:
        raise InvalidStudyDates({"sales_to": [f"The last day, {sales_to}, is before the first, {sales_from}."]})
    span = sales.filter(sale_date__gte=sales_from, **({} if sales_to is None else {"sale_date__lte": sales_to}))
    within = f"from {sales_from} " + (f"to {sales_to}" if sales_to else "on")
    if not span.exists():
        known = sales.aggregate(first=Min("sale_date"), last=Max("sale_date"))
        if known["first"] is None:
            raise InvalidStudyDates({"sales_from": [f"{county.pk} has no sales to study: load them first."]})
        there = f"its sales are from {known['first']} to {known['last']}"
        raise InvalidStudyDates(
            {
                "sales_from": [
                    f"{county.pk} has no sale {within} to hold values of {day} against; {there}. Give sales_from and "
                    "sales_to, or load sales."
                ]
            }
        )
    if studied is not None and studied != CURRENT and not span.filter(_has_value(studied, day)).exists():
        raise InvalidStudyDates(
            {"sales_from": [f"No sale {within} is of a parcel with {_named(studied)}. Give another sales_from."]}
        )
    return StudyDates(day, sales_from, sales_to)


def effective_date(county: County, studied: Values) -> date | None:
    """The day that the values are of: a run's, the latest of the certified ones, or that of most values on the roll.
    None where the roll does not say. Raises ``InvalidStudyDates`` where there are no such values."""
    if studied == CURRENT:
        return _of_the_roll(county)
    if studied == CERTIFIED:
        entries = certified(county)
        effective = entries.filter(effective_date__lte=today(county)).aggregate(day=Max("effective_date"))["day"]
        effective = effective or entries.aggregate(day=Min("effective_date"))["day"]  # certified for a day to come
        if effective is None:
            raise InvalidStudyDates(
                {"values": [f"{county.pk} has no certified values: certify some, or study others."]}
            )
        day: date = effective
        return day
    job: ValuationJob = ValuationJob.objects.get(pk=studied)
    return job.valuation_date


def certified(county: County) -> QuerySet[PropertyValueHistory]:
    """Entries of the value history that an assessor certified."""
    return PropertyValueHistory.objects.filter(county=county, certified=True, revoked_by=None)


def _of_the_roll(county: County) -> date | None:
    """The day of the history's entries that hold the most of the roll's values; the first of the most common tax year
    where the history has none of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT h.effective_date FROM records_propertyoperational p JOIN records_propertyvaluehistory h "
            "ON h.property_id = p.id AND h.tax_year = p.tax_year AND h.total_value = p.total_value "
            "WHERE p.county_id = %s AND p.total_value > 0 AND h.revoked_by IS NULL "
            "GROUP BY 1 ORDER BY count(*) DESC, 1 DESC LIMIT 1",
            [county.pk],
        )
        row = cursor.fetchone()
    if row:
        return row[0]  # type: ignore[no-any-return]
    parcels = PropertyOperational.objects.filter(county=county, total_value__gt=0, tax_year__isnull=False)
    year = parcels.values("tax_year").annotate(parcels=Count("pk")).order_by("-parcels", "-tax_year").first()
    return date(int(year["tax_year"] or 0), 1, 1) if year else None


def _check_day(county: County, studied: Values, day: date, own: date) -> None:
    """A day other than the values' own is refused; that of a loaded roll may be a year off its tax year."""
    days = [own]
    if studied == CURRENT and not certified(county).filter(effective_date=own).exists():
        fits = abs(day - own) <= _NEAR
    elif studied == CERTIFIED:
        days = list(certified(county).order_by("effective_date").values_list("effective_date", flat=True).distinct())
        fits = day in days
    else:
        fits = day == own
    if not fits:
        listed = ", ".join(str(one) for one in days[-_SHOWN:])
        what = _WHAT.get(str(studied), "The values of the run")
        raise InvalidStudyDates(
            {
                "valuation_date": [
                    f"{what} are of {listed}, not of {day}: against prices of another day every ratio would be wrong. "
                    "Give the day of the values, or leave valuation_date out."
                ]
            }
        )


def _last_new_year(county: County) -> date:
    """For values of an unknown day: the first day of the last sale's year."""
    last = Sale.objects.filter(county=county, sale_date__lte=today(county)).aggregate(day=Max("sale_date"))["day"]
    if last is None:
        raise InvalidStudyDates({"values": [f"{county.pk} has no sales to study: load them first."]})
    return date(last.year, 1, 1)


def _has_value(studied: Values, day: date) -> Exists:
    """Of a sale: its parcel has such a value."""
    if studied == CERTIFIED:
        rows = PropertyValueHistory.objects.filter(
            certified=True, revoked_by=None, effective_date__lte=day, total_value__gt=0
        )
        return Exists(rows.filter(property=OuterRef("property")))
    job = ValuationJob.objects.get(pk=studied)
    given = values.of_job(job).exclude(state="rejected").filter(Q(value__gt=0) | Q(override_value__gt=0))
    return Exists(given.filter(property=OuterRef("property")))


def _named(studied: Values) -> str:
    return "a certified value" if studied == CERTIFIED else "a value of the run"
