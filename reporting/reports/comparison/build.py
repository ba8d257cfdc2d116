"""The blocks of a comparison of counties. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from reporting.document import blocks as b
from terrafusion.tables import Column, Kind
from valuation.ratio import RatioStudy
from valuation.ratio.ranges import PLACES

COLUMNS = (
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
class CountyLine:
    county: str
    parcels: int
    valued: int
    total: int
    day: date
    study: RatioStudy


def build(lines: list[CountyLine]) -> Iterator[b.Block]:
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
    yield b.Table("counties", "", COLUMNS, rows, note=note)
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
