"""Reads finished market analyses, or makes them."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.storage import storages

from market_analysis import publication, sales
from market_analysis.catalogue import ANALYSES
from market_analysis.errors import AnalysisError
from market_analysis.models import MarketAnalysisJob
from market_analysis.stats.errors import InsufficientSales
from reporting.errors import SourceOutdated
from reporting.reports.base import Content, Request
from reporting.reports.market import report
from reporting.reports.market.build import ReportedAnalysis, build
from terrafusion.jobs import intact
from terrafusion.tables import Column, Kind

_KINDS = ((pa.types.is_date, Kind.DATE), (pa.types.is_timestamp, Kind.DATETIME), (pa.types.is_boolean, Kind.BOOLEAN))


def read(request: Request, now: datetime) -> Content:
    refused: list[tuple[str, str]] = []
    if request.values["market_jobs"]:
        shown = [_of_job(MarketAnalysisJob.objects.get(pk=key)) for key in request.values["market_jobs"]]
    else:
        shown = []
        for name in report.names(request):
            try:
                shown.append(_made(request, name))
            except (AnalysisError, InsufficientSales) as few:
                refused.append((ANALYSES[name].title, str(few)))
    return Content(blocks=build(shown, refused), subtitle=", ".join(analysis.title for analysis in shown), rows=1_000)


def _made(request: Request, name: str) -> ReportedAnalysis:
    wanted = report.wanted(request, name)
    market = sales.market(wanted, lambda: None, lambda done, message: None)
    result = wanted.analysis.run(market, wanted.values)
    summary = publication.summary(wanted, market, result)
    if name == "price_index":
        summary |= _of_neighborhoods(request, result.areas[0].values.get("method"))
    rows = [tuple(row) for row in result.rows]
    return ReportedAnalysis(
        name,
        wanted.analysis.title,
        result.message,
        summary,
        result.columns,
        rows,
        result.chart,
        summary.get("notes", ()),
    )


def _of_neighborhoods(request: Request, method: str | None) -> dict[str, Any]:
    """The neighborhoods' indices, shrunk toward the county's, by the method that the county's index is shown by."""
    if method is None:
        return {}
    asked = {"methods": [method], "shown": "first", "value_tiers": 1}
    wanted = report.wanted(request, "price_index", "neighborhood", **asked)
    try:
        result = wanted.analysis.run(sales.market(wanted, lambda: None, lambda done, message: None), wanted.values)
    except (AnalysisError, InsufficientSales) as few:
        return {"shrunk_geography": "neighborhood", "shrunk_withheld": str(few)}
    return {"shrunk_geography": "neighborhood"} | {
        name: figure for name, figure in result.summary.items() if name.startswith("shrunk")
    }


def _of_job(job: MarketAnalysisJob) -> ReportedAnalysis:
    """The table and the chart out of the job's package."""
    name = job.analysis_type
    try:
        if fault := intact.fault(job):
            raise ValueError(fault)
        with storages["default"].open(job.result_file) as file, zipfile.ZipFile(file) as package:
            chart = json.loads(package.read(f"{name}_chart.vl.json"))
            with package.open(f"{name}.parquet") as member:
                table = pq.read_table(pa.BufferReader(member.read()))
    except (OSError, KeyError, ValueError) as gone:
        raise SourceOutdated(f"The files of the market analysis {job.pk} are not there any more.") from gone
    return ReportedAnalysis(
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


def _kind(field: pa.Field) -> Kind:
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
