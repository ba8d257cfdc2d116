"""What a ratio study takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.dateparse import parse_date
from rest_framework import serializers

from reporting.reports.base import Report, Request
from reporting.reports.fields import default, optional
from reporting.reports.runs import ValuationRunField
from terrafusion.records.county_time import today
from terrafusion.records.models import Sale
from valuation.models import ValuationJob
from valuation.study_terms import CERTIFIED, CURRENT, PropertyKind


class StudyParameters(serializers.Serializer[Any]):
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
        "Prices are brought to this day. Without it: the run's, or the first day of the last sale's year.",
    )
    sales_from = optional(serializers.DateField, "Sales from", "Without it: from the valuation date.")
    sales_to = optional(serializers.DateField, "Sales to", "The last day.")
    property_kind = default(
        PropertyKind.RESIDENTIAL.value,
        serializers.ChoiceField,
        "Kind of property",
        "Which range of the standard the COD must be in.",
        choices=[kind.value for kind in PropertyKind],
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """The days that were not given, so that a rerun is of the same ones."""
        county = self.context["county"]
        if data["valuation_date"] is None:
            run = data["valuation_job"]
            if isinstance(run, dict):
                data["valuation_date"] = parse_date(run["valuation_date"])
            elif run:
                data["valuation_date"] = ValuationJob.objects.get(pk=run).valuation_date
            else:
                last = Sale.objects.filter(county=county, sale_date__lte=today(county)).order_by("-sale_date").first()
                if last is None:
                    raise serializers.ValidationError({"valuation_date": [f"{county.pk} has no sales to study."]})
                data["valuation_date"] = date(last.sale_date.year, 1, 1)
        start, end = data["sales_from"], data["sales_to"]
        if start and end and start > end:
            raise serializers.ValidationError({"sales_to": ["The last day is before the first."]})
        return data


class RatioStudyParameters(StudyParameters):
    list_sales = default(True, serializers.BooleanField, "List of sales", "Every sale used.")


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
