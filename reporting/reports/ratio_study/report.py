"""What a ratio study takes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

from reporting.reports.base import Report, Request
from reporting.reports.runs import ValuationRun
from terrafusion.jobs.request import Boolean, Choice, Day, InvalidRequest
from terrafusion.records.models import County, Sale
from terrafusion.types import AnyUser
from valuation.errors import InvalidStudyDates
from valuation.study_dates import StudyDates, settle, with_sales
from valuation.study_terms import CERTIFIED, CURRENT, PropertyKind

STUDY = (
    Choice(
        "values",
        CURRENT,
        "Those on record (current), or the certified ones in effect at the valuation date.",
        [CURRENT, CERTIFIED],
        label="Values",
    ),
    ValuationRun(
        "valuation_job",
        None,
        'The values of a completed run, or of the "latest", in their place.',
        label="Valuation run",
    ),
    Day(
        "valuation_date",
        None,
        "Prices are brought to this day. Without it: the day that the values are of. Another day is refused.",
        label="Valuation date",
    ),
    Day(
        "sales_from",
        None,
        "Without it: from the valuation date; where there is no later sale, the year before it.",
        label="Sales from",
    ),
    Day("sales_to", None, "The last day.", label="Sales to"),
    Choice(
        "property_kind",
        None,
        "Which range of the standard the COD must be in. Without it: that of each class, as the county has set it.",
        [kind.value for kind in PropertyKind],
        label="Kind of property",
    ),
)


class StudyReport(Report):
    """A report whose parameters begin with ``STUDY``."""

    def complete(self, values: dict[str, Any], county: County, user: AnyUser) -> dict[str, Any]:
        """The days that were not given, so that a rerun is of the same ones."""
        try:
            dates = _dates(values, county)
        except InvalidStudyDates as invalid:
            raise InvalidRequest(invalid.faults) from None
        return {**values, **{name: None if day is None else day.isoformat() for name, day in vars(dates).items()}}

    def shown(self, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
        hidden = "Values" if values["valuation_job"] else ""  # those of the run stand in their place
        return (pair for pair in super().shown(values) if pair[0] != hidden)


def days_of(values: dict[str, Any]) -> tuple[date | None, date | None, date | None]:
    """The valuation date and the span of the sales, as far as they are given."""
    day, first, last = (values[name] for name in ("valuation_date", "sales_from", "sales_to"))
    return day and date.fromisoformat(day), first and date.fromisoformat(first), last and date.fromisoformat(last)


def _dates(values: dict[str, Any], county: County) -> StudyDates:
    """Raises ``InvalidStudyDates``."""
    given, run = days_of(values), values["valuation_job"]
    if not isinstance(run, dict):
        return settle(county, uuid.UUID(run) if run else values["values"], *given)
    day = date.fromisoformat(run["valuation_date"])
    if given[0] not in (None, day):
        reason = f"The run's values are to be of {day}: give that day, or leave valuation_date out."
        raise InvalidStudyDates({"valuation_date": [reason]})
    return with_sales(county, None, day, *given[1:])


class RatioStudyReport(StudyReport):
    name = "ratio_study"
    title = "Ratio study"
    description = (
        "Level, uniformity and equity of values against sales, with intervals and the IAAO's ranges; by group."
    )
    parameters = (
        *STUDY,
        Boolean("list_sales", False, "Every sale used: some 50 on a page of the PDF.", label="List of sales"),
    )
    reader = "reporting.reports.ratio_study.read.read"

    def check(self, request: Request) -> dict[str, list[str]]:
        if not Sale.objects.filter(county=request.county).exists():
            return {"county_id": [f"{request.county.pk} has no sales to study."]}
        if request.area is not None and not request.parcels().exists():
            return {"area_of_interest": [f"No parcel of {request.county.pk} is in this area."]}
        return {}

    def estimate(self, request: Request) -> int:
        return 0  # a study is quick, however many sales there are
