"""Reads and builds a comparison of counties."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, Sum

from reporting.document import blocks as b
from reporting.reports.base import Content, Request
from reporting.reports.comparison.report import values_of
from reporting.reports.ratio_study.read import study_of
from terrafusion.records.models import County, PropertyOperational
from terrafusion.tables import Column, Kind
from valuation.ratio import RatioStudy
from valuation.ratio.ranges import PLACES

_COLUMNS = (
    Column("county", Kind.TEXT, "County", width=20),
    Column("parcels", Kind.INTEGER, "Parcels", width=8),
    Column("valued", Kind.INTEGER, "With a value", width=8),
    Column("total_value", Kind.MONEY, "Total value", width=14),
    Column("average_value", Kind.MONEY, "Average value", width=11),
    Column("valuation_date", Kind.DATE, "Values of", width=12),
    Column("sales", Kind.INTEGER, "Sales studied", width=8),
    Column("median", Kind.NUMBER, "Median ratio", decimals=PLACES["median"], width=7),
    Column("cod", Kind.NUMBER, "COD", decimals=PLACES["cod"], width=7),
    Column("prd", Kind.NUMBER, "PRD", decimals=PLACES["prd"], width=7),
    Column("prb", Kind.NUMBER, "PRB", decimals=PLACES["prb"], width=7),
    Column("remark", Kind.TEXT, "Remark", width=24),
)


@dataclass(frozen=True)
class Line:
    county: str
    parcels: int
    valued: int
    total: int
    day: date
    study: RatioStudy


def read(request: Request, now: datetime) -> Content:
    names = list(dict.fromkeys([request.county.pk, *request.values["counties"]]))
    counties = County.objects.in_bulk(names)
    lines = [_line(replace(request, county=counties[name])) for name in names if name in counties]
    return Content(
        blocks=build(lines), subtitle=", ".join(line.county for line in lines), rows=len(lines) * len(_COLUMNS)
    )


def _line(request: Request) -> Line:
    found = PropertyOperational.objects.filter(county=request.county).aggregate(
        parcels=Count("pk"), valued=Count("pk", filter=Q(total_value__gt=0)), total=Sum("total_value")
    )
    study = study_of(request, values_of(request.county, request.values))
    total = int(found["total"] or 0)
    return Line(str(request.county), found["parcels"], found["valued"], total, study.valuation_date, study.overall)


def build(lines: list[Line]) -> Iterator[b.Block]:
    rows: list[b.Row] = []
    for line in lines:
        m: dict[str, Any] = line.study.measures
        rows.append(
            (
                line.county,
                line.parcels,
                line.valued,
                line.total,
                line.total / line.valued if line.valued else None,
                line.day,
                line.study.sales,
                *(m[name].value if name in m else None for name in ("median", "cod", "prd", "prb")),
                line.study.withheld or " ".join(line.study.warnings),
            )
        )
    yield b.Heading("Level, uniformity and values")
    note = (
        "By each county's own screening rules; prices are brought to the day that its values are of. Few sales "
        "withhold the statistics."
    )
    yield b.Table("counties", "", _COLUMNS, rows, note=note)
    shown = [
        {"county": line.county, "median": line.study.measures["median"].value, "cod": line.study.measures["cod"].value}
        for line in lines
        if "median" in line.study.measures
    ]
    if shown:
        yield _chart(shown)


def _chart(shown: list[dict[str, Any]]) -> b.Chart:
    levels = [one["median"] for one in shown]
    domain = [min(0.9, *levels) - 0.05, max(1.1, *levels) + 0.05]
    return b.Chart(
        "levels",
        "Level of assessment",
        {
            "width": 560,
            "height": 40 + 24 * len(shown),
            "data": {"values": shown},
            "mark": {"type": "point", "filled": True, "size": 90},
            "encoding": {
                "y": {"field": "county", "type": "nominal", "title": None},
                "x": {"field": "median", "type": "quantitative", "title": "Median ratio", "scale": {"domain": domain}},
            },
        },
        "; ".join(f"{one['county']}: median ratio {one['median']:.3f}" for one in shown) + ".",
    )
