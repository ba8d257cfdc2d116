"""A ratio study's figures as blocks: key figures, statistics with their ranges, groups. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reporting.document import blocks as b
from reporting.document.names import UNNAMED, natural
from reporting.document.texts import NOTHING, shown
from terrafusion.tables import Column, Kind
from valuation.ratio import RatioStudy

NAMES = {
    "median": ("Median ratio", 3),
    "mean": ("Mean ratio", 3),
    "weighted_mean": ("Weighted mean ratio", 3),
    "cod": ("COD", 1),
    "prd": ("PRD", 3),
    "prb": ("PRB", 3),
    "mki": ("MKI", 3),
    "ki": ("KI", 3),
    "vei": ("VEI", 1),
}
_SHOWN_FIRST = ("median", "cod", "prd", "prb", "weighted_mean", "mki", "vei")
_STATISTICS = (
    Column("statistic", Kind.TEXT, "Statistic", width=16),
    Column("value", Kind.NUMBER, "Figure", decimals=3),
    Column("low", Kind.NUMBER, "95% from", decimals=3),
    Column("high", Kind.NUMBER, "to", decimals=3),
    Column("range", Kind.TEXT, "Must be in", width=13),
    Column("verdict", Kind.TEXT, "Verdict", width=24),
    Column("trimmed", Kind.NUMBER, "Without extremes", decimals=3),
)
_GROUP = (
    Column("sales", Kind.INTEGER, "Sales"),
    Column("median", Kind.NUMBER, "Median", decimals=3, width=8),
    Column("low", Kind.NUMBER, "95% from", decimals=3, width=8),
    Column("high", Kind.NUMBER, "to", decimals=3, width=8),
    Column("cod", Kind.NUMBER, "COD", decimals=1, width=7),
    Column("prd", Kind.NUMBER, "PRD", decimals=3, width=7),
    Column("prb", Kind.NUMBER, "PRB", decimals=3, width=7),
    Column("remark", Kind.TEXT, "Remark", width=22),
)


def summary(overall: RatioStudy, trimmed: RatioStudy | None = None) -> Iterator[b.Block]:
    """Key figures and the table of statistics; why, where they are withheld."""
    if overall.withheld:
        yield b.Text(f"No statistics are shown: {overall.withheld}", b.Tone.WARNING)
        yield b.KeyFigures("ratio_study", (b.Figure("sales", "Sales", overall.sales, Kind.INTEGER),))
        return
    figures = [b.Figure("sales", "Sales", overall.sales, Kind.INTEGER)]
    for name in _SHOWN_FIRST:
        measure = overall.measures.get(name)
        if measure is not None:
            title, decimals = NAMES[name]
            figures.append(b.Figure(name, title, measure.value, Kind.NUMBER, decimals, _range(measure), measure.met))
    yield b.KeyFigures("ratio_study", tuple(figures))
    for warning in overall.warnings:
        yield b.Text(warning, b.Tone.WARNING)
    rows = []
    for name, (title, _) in NAMES.items():
        measure = overall.measures.get(name)
        if measure is None:
            continue
        low, high = (measure.interval.low, measure.interval.high) if measure.interval else (None, None)
        left = trimmed.measures.get(name) if trimmed else None
        rows.append(
            (title, measure.value, low, high, _bounds(measure), _verdict(measure), left.value if left else None)
        )
    cut = f" {trimmed.trimmed:,} extreme ratios are left out in the last column." if trimmed else ""
    note = (
        "Ranges of the IAAO Standard on Ratio Studies (2013); of MKI, Quintos (2020); of VEI, the exposure draft. "
        f"Values {shown(overall.value_total, Kind.MONEY)}, prices {shown(overall.price_total, Kind.MONEY)}.{cut}"
    )
    yield b.Table("statistics", "Statistics", _STATISTICS, rows, note=note)
    chasing = overall.chasing
    if chasing is not None and chasing.suspected:
        yield b.Text("There are more ratios close to 1 than chance gives: sales chasing is suspected.", b.Tone.WARNING)


def _range(measure: Any) -> str:
    return f"must be in {_bounds(measure)}" if measure.acceptable else ""


def _bounds(measure: Any) -> str:
    if measure.acceptable is None:
        return NOTHING
    low, high = measure.acceptable
    return f"{low:g} to {high:g}"


def _verdict(measure: Any) -> str:
    if measure.met is None:
        return "no range is set"
    if measure.met:
        return "in range"
    return "out of range" if measure.fails else "out of range, but perhaps by chance"


def group_table(title: str, studies: Mapping[str, RatioStudy], name: str = "") -> b.Table:
    rows = []
    for group in sorted(studies, key=natural):
        one = studies[group]
        m = one.measures
        interval = m["median"].interval if "median" in m else None
        rows.append(
            (
                group or UNNAMED,
                one.sales,
                *(m["median"].value if "median" in m else None,),
                interval.low if interval else None,
                interval.high if interval else None,
                *(m[key].value if key in m else None for key in ("cod", "prd", "prb")),
                one.withheld or " ".join(one.warnings),
            )
        )
    head = (Column("group", Kind.TEXT, title, width=16), *_GROUP)
    return b.Table(name or f"by_{title.lower().replace(' ', '_')}", f"By {title.lower()}", head, rows)
