"""Reads finished market analyses, or makes them."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.storage import storages
from rest_framework import serializers

from market_analysis import publication, sales
from market_analysis import request as market_requests
from market_analysis.catalogue import ANALYSES, STEPS
from market_analysis.errors import AnalysisError, RequestFaults
from market_analysis.models import MarketAnalysisJob
from market_analysis.stats.errors import TooFewSales
from reporting.errors import SourceOutdated
from reporting.reports.base import Content, Report, Request
from reporting.reports.fields import default, optional
from reporting.reports.market.build import Analysis, build
from reporting.reports.runs import MarketRunField
from terrafusion.records.county_time import today
from terrafusion.records.models import Sale
from terrafusion.tables import Column, Kind

_KINDS = ((pa.types.is_date, Kind.DATE), (pa.types.is_timestamp, Kind.DATETIME), (pa.types.is_boolean, Kind.BOOLEAN))


class MarketParameters(serializers.Serializer[Any]):
    market_jobs = default(
        list,
        serializers.ListField,
        "Market analyses",
        "Completed analyses to tell. Without any, the analyses below are made for the report.",
        child=MarketRunField(),
        max_length=20,
    )
    analyses = default(
        list,
        serializers.ListField,
        "Analyses to make",
        "Without any: all that tell of the county as a whole.",
        child=serializers.ChoiceField(choices=list(ANALYSES)),
    )
    period_from = optional(serializers.DateField, "From", "Of new analyses; without it, the first sale.")
    period_to = optional(serializers.DateField, "To", "Of new analyses; without it, the last sale.")
    step = default("quarter", serializers.ChoiceField, "Step", "Of new analyses.", choices=list(STEPS))


class MarketSummary(Report):
    name = "market_summary"
    title = "Market summary"
    description = "The market analysis results told with charts: finished analyses, or new ones of the county."
    parameters = MarketParameters
    takes_area = False

    def check(self, request: Request) -> dict[str, list[str]]:
        if not Sale.objects.filter(county=request.county).exists():
            return {"county_id": [f"{request.county.pk} has no sales to analyse."]}
        if request.values["market_jobs"]:
            return {}
        found: dict[str, list[str]] = {}
        for name in _names(request):
            try:
                _wanted(request, name)
            except RequestFaults as refused:
                for field, texts in refused.faults.items():
                    found.setdefault("parameters.period_to" if field.startswith("period") else "parameters", []).extend(
                        texts
                    )
        return found

    def estimate(self, request: Request) -> int:
        return 0

    def read(self, request: Request, now: datetime) -> Content:
        refused: list[tuple[str, str]] = []
        if request.values["market_jobs"]:
            found = [_of_job(MarketAnalysisJob.objects.get(pk=key)) for key in request.values["market_jobs"]]
        else:
            found = []
            for name in _names(request):
                try:
                    found.append(_made(request, name))
                except (AnalysisError, TooFewSales) as few:
                    refused.append((ANALYSES[name].title, str(few)))
        return Content(
            blocks=build(found, refused), subtitle=", ".join(analysis.title for analysis in found), rows=1_000
        )


def _names(request: Request) -> list[str]:
    return request.values["analyses"] or [name for name, analysis in ANALYSES.items() if not analysis.several_places]


def _wanted(request: Request, name: str) -> market_requests.MarketRequest:
    asked = request.values
    given: dict[str, Any] = {
        "analysis_type": name,
        "geography": "neighborhood" if ANALYSES[name].several_places else "county",
        "period": {"from": asked["period_from"], "to": asked["period_to"], "step": asked["step"]},
        "property_class": [],
        "area_of_interest": None,
        "parameters": {},
    }
    return market_requests.check(request.county, given, today(request.county), request.user)


def _made(request: Request, name: str) -> Analysis:
    wanted = _wanted(request, name)
    market = sales.market(wanted, lambda: None, lambda done, message: None)
    result = wanted.analysis.run(market, wanted.parameters)
    told = publication.summary(wanted, market, result)
    rows = [tuple(row) for row in result.rows]
    return Analysis(
        name, wanted.analysis.title, result.message, told, result.columns, rows, result.chart, told.get("notes", ())
    )


def _of_job(job: MarketAnalysisJob) -> Analysis:
    """The table and the chart out of the job's package."""
    name = job.analysis_type
    try:
        with storages["default"].open(job.result_file) as file, zipfile.ZipFile(file) as package:
            chart = json.loads(package.read(f"{name}_chart.vl.json"))
            with package.open(f"{name}.parquet") as member:
                table = pq.read_table(pa.BufferReader(member.read()))
    except (OSError, KeyError, ValueError) as gone:
        raise SourceOutdated(f"The files of the market analysis {job.pk} are not there any more.") from gone
    return Analysis(
        name,
        ANALYSES[name].title,
        job.message,
        job.result_summary,
        [Column(field.name, _kind(field), _title(field.name)) for field in table.schema],
        [tuple(row.values()) for row in table.to_pylist()],
        chart,
        job.result_summary.get("notes", ()),
        str(job.pk),
    )


def _kind(field: Any) -> Kind:
    for fits, kind in _KINDS:
        if fits(field.type):
            return kind
    if pa.types.is_integer(field.type):
        return Kind.INTEGER
    if pa.types.is_floating(field.type):
        return Kind.MONEY if "price" in field.name and "per" not in field.name else Kind.NUMBER
    return Kind.TEXT


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
