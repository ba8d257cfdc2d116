"""What a ratio study takes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.utils.dateparse import parse_date
from rest_framework import serializers

from reporting.reports.base import Parameters, Report, Request
from reporting.reports.fields import default, optional
from reporting.reports.runs import ValuationRunField
from terrafusion.records.models import Sale
from valuation.study_dates import DatesDoNotFit, StudyDates, settle, with_sales
from valuation.study_terms import CERTIFIED, CURRENT, PropertyKind


class StudyParameters(Parameters):
    values = default(
        CURRENT,
        serializers.ChoiceField,
        "Values",
        "Those on record (current), or the certified ones in force at the valuation date.",
        choices=[CURRENT, CERTIFIED],
    )
    valuation_job = optional(
        ValuationRunField, "Valuation run", 'The values of a completed run, or of the "latest", in their place.'
    )
    valuation_date = optional(
        serializers.DateField,
        "Valuation date",
        "Prices are brought to this day. Without it: the day that the values are of. Another day is refused.",
    )
    sales_from = optional(
        serializers.DateField,
        "Sales from",
        "Without it: from the valuation date; where there is no later sale, the year before it.",
    )
    sales_to = optional(serializers.DateField, "Sales to", "The last day.")
    property_kind = optional(
        serializers.ChoiceField,
        "Kind of property",
        "Which range of the standard the COD must be in. Without it: that of each class, as the county has set it.",
        choices=[kind.value for kind in PropertyKind],
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """The days that were not given, so that a rerun is of the same ones."""
        try:
            dates = self.dates(data)
        except DatesDoNotFit as refused:
            raise serializers.ValidationError(dict(refused.faults)) from None
        return {**data, **vars(dates)}

    def dates(self, data: dict[str, Any]) -> StudyDates:
        """Raises ``DatesDoNotFit``."""
        county, run = self.context["county"], data["valuation_job"]
        given = (data["valuation_date"], data["sales_from"], data["sales_to"])
        if not isinstance(run, dict):
            return settle(county, uuid.UUID(run) if run else data["values"], *given)
        day = parse_date(run["valuation_date"])
        assert day is not None  # noqa: S101 - the field has checked the run
        if given[0] not in (None, day):
            reason = f"The run's values are to be of {day}: give that day, or leave valuation_date out."
            raise DatesDoNotFit({"valuation_date": [reason]})
        return with_sales(county, None, day, *given[1:])


class RatioStudyParameters(StudyParameters):
    list_sales = default(
        False, serializers.BooleanField, "List of sales", "Every sale used: some 50 on a page of the PDF."
    )


class StudyReport(Report):
    """A report whose parameters are a ``StudyParameters``."""

    def shown(self, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
        hidden = "Values" if values["valuation_job"] else ""  # those of the run stand in their place
        return (pair for pair in super().shown(values) if pair[0] != hidden)


class RatioStudyReport(StudyReport):
    name = "ratio_study"
    title = "Ratio study"
    description = (
        "Level, uniformity and equity of values against sales, with intervals and the IAAO's ranges; by group."
    )
    parameters = RatioStudyParameters
    reader = "reporting.reports.ratio_study.read.read"

    def check(self, request: Request) -> dict[str, list[str]]:
        if not Sale.objects.filter(county=request.county).exists():
            return {"county_id": [f"{request.county.pk} has no sales to study."]}
        if request.area is not None and not request.parcels().exists():
            return {"area_of_interest": [f"No parcel of {request.county.pk} is in this area."]}
        return {}

    def estimate(self, request: Request) -> int:
        return 0  # a study is quick, however many sales there are
