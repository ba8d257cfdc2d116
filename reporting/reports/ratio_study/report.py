"""Reads a ratio study."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
from django.utils.dateparse import parse_date
from rest_framework import serializers

from reporting.geometry import layer_outlines, to_feet
from reporting.reports.base import Content, Report, Request
from reporting.reports.fields import default, optional
from reporting.reports.ratio_study.build import Study, build
from reporting.reports.runs import ValuationRunField
from terrafusion.records.county_time import today
from terrafusion.records.models import Sale
from valuation import ratio, studies
from valuation.models import ValuationJob
from valuation.ratio import PropertyKind
from valuation.scope import Scope

NEIGHBORHOODS = "neighborhoods"
"""The layer that is drawn below sales, where a county has it."""


class StudyParameters(serializers.Serializer[Any]):
    values = default(
        studies.CURRENT,
        serializers.ChoiceField,
        "Values",
        "Those on record (current), or the certified ones in force at the valuation date.",
        choices=[studies.CURRENT, studies.CERTIFIED],
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

    def check(self, request: Request) -> dict[str, list[str]]:
        if not Sale.objects.filter(county=request.county).exists():
            return {"county_id": [f"{request.county.pk} has no sales to study."]}
        if request.area is not None and not request.parcels().exists():
            return {"area_of_interest": [f"No parcel of {request.county.pk} is in this area."]}
        return {}

    def estimate(self, request: Request) -> int:
        return 0  # a study is quick, however many sales there are

    def read(self, request: Request, now: datetime) -> Content:
        asked = request.values
        found = study_of(request, asked)
        kind = "Values of a valuation run" if asked["valuation_job"] else f"{asked['values'].capitalize()} values"
        measure = found.overall.measures.get("median")
        return Content(
            blocks=build(found),
            subtitle=f"{kind} against sales, as of {asked['valuation_date']}",
            rows=len(found.sales) * 8,
            facts={"sales": found.overall.sales, "median_ratio": measure.value if measure else None},
        )


def study_of(request: Request, asked: dict[str, Any], neighborhood: str | None = None) -> Study:
    """The study of parameters as ``StudyParameters`` has them, in the request's area or of one neighborhood."""
    kind = PropertyKind(asked["property_kind"])
    day = _day(asked["valuation_date"])
    assert day is not None  # noqa: S101 - validate() sees to it
    wanted = studies.Wanted(
        county_id=request.county.pk,
        valuation_date=day,
        values=uuid.UUID(asked["valuation_job"]) if asked["valuation_job"] else asked["values"],
        sales_from=_day(asked["sales_from"]),
        sales_to=_day(asked["sales_to"]),
        kind=kind,
        scope=_scope(request, neighborhood),
    )
    judged = studies.judge(wanted)
    sales = judged.sales
    study = studies.of_frame(sales, kind)
    value, price = sales["value"].to_numpy(dtype=float), sales["price"].to_numpy(dtype=float)

    def grouped(names: list[str]) -> dict[str, ratio.RatioStudy]:
        return ratio.study_by_group(value, price, names, kind, resamples=200)

    quarters = [f"{day.year} Q{(day.month + 2) // 3}" for day in sales["sale_date"]]
    return Study(
        overall=study.overall,
        trimmed=study.trimmed,
        groups={
            "Class": study.by_class,
            "Neighborhood": study.by_neighborhood,
            "Tier of worth": study.by_tier,
            "Age": grouped(_ages(sales, day)) if "year_built" in sales else {},
            "Quarter of sale": grouped(quarters),
        },
        sales=sales,
        screening=judged.screening,
        notes=judged.notes,
        balance=judged.balance,
        valuation_date=day,
        places=_places(request, sales, value / price),
        outlines=layer_outlines(request.county, NEIGHBORHOODS),
        list_sales=asked.get("list_sales", False),
    )


def _scope(request: Request, neighborhood: str | None) -> Scope | None:
    if neighborhood is not None:
        return Scope(request.county, {"neighborhoods": [neighborhood]})
    return Scope(request.county, {"area_of_interest": request.area.notes}, request.area) if request.area else None


def _places(request: Request, sales: Any, ratios: Any) -> list[tuple[float, float, float]]:
    if not {"longitude", "latitude"} <= set(sales.columns) or not len(sales):
        return []
    longitude, latitude = (sales[name].to_numpy(dtype=float) for name in ("longitude", "latitude"))
    there = np.isfinite(longitude) & np.isfinite(latitude)
    x, y = to_feet(request.county, longitude[there], latitude[there])
    return [(float(a), float(c), float(r)) for a, c, r in zip(x, y, ratios[there], strict=True)]


_AGES = ((10, "up to 10 years"), (30, "11 to 30 years"), (60, "31 to 60 years"), (10_000, "over 60 years"))


def _ages(sales: Any, day: date) -> list[str]:
    ages = day.year - sales["year_built"].to_numpy(dtype=float)
    return ["unknown" if not np.isfinite(age) else next(text for most, text in _AGES if age <= most) for age in ages]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
