"""Reads what a comparison of counties shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db.models import Count, Q, Sum

from reporting.reports.base import Content, Request
from reporting.reports.comparison.build import COLUMNS, CountyLine, build
from reporting.reports.comparison.report import values_of
from reporting.reports.ratio_study.read import study_of
from terrafusion.records.models import County, PropertyOperational


def read(request: Request, now: datetime) -> Content:
    names = list(dict.fromkeys([request.county.pk, *request.values["counties"]]))
    counties = County.objects.in_bulk(names)
    lines = [_line(replace(request, county=counties[name])) for name in names if name in counties]
    return Content(
        blocks=build(lines), subtitle=", ".join(line.county for line in lines), rows=len(lines) * len(COLUMNS)
    )


def _line(request: Request) -> CountyLine:
    totals = PropertyOperational.objects.filter(county=request.county).aggregate(
        parcels=Count("pk"), valued=Count("pk", filter=Q(total_value__gt=0)), total=Sum("total_value")
    )
    study = study_of(request, values_of(request.county, request.values))
    total = int(totals["total"] or 0)
    return CountyLine(
        str(request.county), totals["parcels"], totals["valued"], total, study.valuation_date, study.overall
    )
