"""A result as files, as JSON, and as the areas that the layers show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon

from market_analysis.models import MarketAnalysisJob, MarketArea
from market_analysis.request import MarketRequest
from market_analysis.sales import excluded
from terrafusion import tables
from terrafusion.jobs.context import JobContext, ResultFile
from terrafusion.jobs.package import pack
from terrafusion.words import counted

if TYPE_CHECKING:
    from market_analysis.analyses.market import AnalysisResult, Market


def summary(request: MarketRequest, market: Market, result: AnalysisResult) -> dict[str, Any]:
    """What the API returns about the result: plain JSON, in which what is not known is null."""
    unplaced = int((market.sales["place"] == "").sum())
    notes = [*request.notes, *result.notes]
    if unplaced:
        notes.append(f"In no place of {request.geography.text}: {counted(unplaced, 'valid sale')}.")
    return {
        "analysis_type": request.analysis.name,
        "county_id": request.county.pk,
        "period": {"from": market.first.isoformat(), "to": market.last.isoformat(), "step": market.step},
        "geography": request.geography.text,
        "outlines": request.geography.about,
        "property_class": request.property_classes,
        "parameters": request.values,
        "screening": {
            "sales": len(market.read),
            "kept": len(market.sales),
            "excluded": excluded(market.read),
            "rules": request.rules.as_dict(),
        },
        **result.summary,
        "notes": notes,
    }


def files(job: MarketAnalysisJob, context: JobContext, summary: dict[str, Any], result: AnalysisResult) -> ResultFile:
    """Summary, tables, chart and its picture, as one package."""
    from market_analysis.charts import render

    name = job.analysis_type
    paths: list[Path] = []
    for stem, columns, rows in [
        (name, result.columns, result.rows),
        *((f"{name}_{table.name}", table.columns, table.rows) for table in result.tables),
    ]:
        files = [context.workdir / f"{stem}{ending}" for ending in tables.ENDINGS]
        tables.write(columns, rows, files, title=stem, progress=lambda _: context.checkpoint())
        paths.extend(files)
    texts = {
        "summary.json": json.dumps(summary, indent=1, allow_nan=False, ensure_ascii=False),
        "chart.vl.json": json.dumps(result.chart, allow_nan=False, ensure_ascii=False),
        "chart.svg": render.svg(result.chart),
    }
    for ending, text in texts.items():
        path = context.workdir / f"{name}_{ending}"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    target = context.workdir / "result.zip"
    published = f"market_analysis_output/{job.county_id}/{job.job_id}_{name}.zip"
    return pack(paths, target, published, checkpoint=context.checkpoint)


def areas(job: MarketAnalysisJob, market: Market, result: AnalysisResult) -> list[MarketArea]:
    """The unsaved areas of a result, with their outlines."""
    shapes = market.outlines([area.key for area in result.areas]) if result.areas else {}
    return [
        MarketArea(
            job=job,
            county_id=job.county_id,
            key=area.key,
            sales=area.sales,
            withheld=area.withheld,
            values=area.values,
            geometry=_shape(shapes[area.key]) if area.key in shapes else None,
        )
        for area in result.areas
    ]


def _shape(wkb: bytes) -> MultiPolygon:
    shape = GEOSGeometry(memoryview(wkb), srid=4326)
    assert isinstance(shape, MultiPolygon)  # noqa: S101 - which is what the SQL makes
    return shape


def save_areas(job: MarketAnalysisJob, areas: list[MarketArea]) -> None:
    """In the transaction that completes the job. Areas of the county's jobs whose result is no more go with it."""
    holders = MarketAnalysisJob.objects.filter(county=job.county_id, status="COMPLETED")
    kept = {made_by or pk for pk, made_by in holders.values_list("pk", "reused_from")}
    MarketArea.objects.filter(county=job.county_id).exclude(job__in=kept).delete()
    MarketArea.objects.bulk_create(areas, batch_size=1_000)
