"""A ratio study's figures as blocks: key figures, verdict, statistics with their ranges, groups, years. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reporting.document import blocks as b
from reporting.document.names import UNNAMED, natural
from reporting.document.texts import NOTHING, shown
from terrafusion.money import half_up
from terrafusion.tables import Column, Kind
from terrafusion.words import counted
from valuation.ratio import Measure, RatioStudy
from valuation.ratio.ranges import EDITION, PLACES
from valuation.ratio.verdict import factor, verdict
from valuation.study_terms import PropertyKind
from valuation.study_year import Year

NAMES = {
    "median": "Median ratio",
    "mean": "Mean ratio",
    "weighted_mean": "Weighted mean ratio",
    "cod": "COD",
    "prd": "PRD",
    "prb": "PRB",
    "mki": "MKI",
    "ki": "KI",
    "vei": "VEI",
}
_SHOWN_FIRST = ("median", "cod", "prd", "prb", "weighted_mean", "mki", "vei")
_STATISTICS = (
    Column("statistic", Kind.TEXT, "Statistic", width=18),
    Column("value", Kind.NUMBER, "Figure", decimals=3, width=9),
    Column("low", Kind.NUMBER, "95% from", decimals=3, width=9),
    Column("high", Kind.NUMBER, "to", decimals=3, width=9),
    Column("range", Kind.TEXT, "Range", width=15),
    Column("verdict", Kind.TEXT, "Verdict", width=20),
    Column("trimmed", Kind.NUMBER, "Without extremes", decimals=3, width=10),
)
_GROUP = (
    Column("sales", Kind.INTEGER, "Sales"),
    Column("median", Kind.NUMBER, "Median", decimals=3, width=8),
    Column("low", Kind.NUMBER, "95% from", decimals=3, width=8),
    Column("high", Kind.NUMBER, "to", decimals=3, width=8),
    Column("cod", Kind.NUMBER, "COD", decimals=PLACES["cod"], width=7),
    Column("prd", Kind.NUMBER, "PRD", decimals=PLACES["prd"], width=7),
    Column("prb", Kind.NUMBER, "PRB", decimals=PLACES["prb"], width=7),
    Column("remark", Kind.TEXT, "Remark", width=22),
)
_CLASS = (
    Column("level", Kind.NUMBER, "Level", decimals=3, width=7),
    *_GROUP[:-1],
    Column("most", Kind.TEXT, "COD range", width=11),
    Column("factor", Kind.NUMBER, "Factor", decimals=3, width=7),
    Column("remark", Kind.TEXT, "Verdict", width=22),
)
_TIER = (
    Column("tier", Kind.INTEGER, "Tenth", width=6),
    Column("low_value", Kind.MONEY, "Values from"),
    Column("high_value", Kind.MONEY, "to"),
    Column("sales", Kind.INTEGER, "Sales"),
    Column("median", Kind.NUMBER, "Median ratio", decimals=3),
    Column("low", Kind.NUMBER, "From", decimals=3),
    Column("high", Kind.NUMBER, "to", decimals=3),
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
            note = f"range {_bounds(name, measure)}" if measure.acceptable else ""
            figures.append(b.Figure(name, NAMES[name], measure.value, Kind.NUMBER, PLACES[name], note, measure.met))
    yield b.KeyFigures("ratio_study", tuple(figures))
    for warning in overall.warnings:
        yield b.Text(warning, b.Tone.WARNING)
    rows = []
    for name, title in NAMES.items():
        measure = overall.measures.get(name)
        if measure is None:
            continue
        low, high = (measure.interval.low, measure.interval.high) if measure.interval else (None, None)
        left = trimmed.measures.get(name) if trimmed else None
        rows.append(
            (
                title,
                *(_figure(name, figure) for figure in (measure.value, low, high)),
                _bounds(name, measure),
                _verdict(name, measure, overall.kind),
                _figure(name, left.value if left else None),
            )
        )
    cut = f" Without extremes: {counted(trimmed.trimmed, 'ratio')} left out." if trimmed else ""
    note = (
        f"Ranges and decimals of the {EDITION}; of MKI, Quintos (2020); of VEI, the exposure draft. Values "
        f"{shown(overall.value_total, Kind.MONEY)}, prices {shown(overall.price_total, Kind.MONEY)}.{cut}"
    )
    yield b.Table("statistics", "Statistics", _STATISTICS, rows, note=note)
    chasing = overall.chasing
    if chasing is not None and chasing.suspected:
        yield b.Text(
            "There are more ratios close to the level than chance gives: sales chasing is suspected.", b.Tone.WARNING
        )


def words(overall: RatioStudy, by_class: Mapping[str, RatioStudy]) -> Iterator[b.Block]:
    """The verdict in words, and the factor that would be recommended."""
    outcome = verdict(overall, by_class)
    yield b.Heading("Verdict")
    yield b.Text(outcome.summary, b.Tone.NORMAL if outcome.meets else b.Tone.WARNING)
    if outcome.reasons:
        yield b.Text(" ".join(outcome.reasons))


def deciles(overall: RatioStudy) -> b.Table | None:
    """Ten medians by tenths of value; None where the sales are too few."""
    if not overall.deciles:
        return None
    rows = [
        (
            number,
            int(half_up(tier.low)),
            int(half_up(tier.high)),
            tier.sales,
            tier.median,
            tier.interval.low if tier.interval else None,
            tier.interval.high if tier.interval else None,
        )
        for number, tier in enumerate(overall.deciles, 1)
    ]
    indicators = {name: overall.measures[name].value for name in ("prd", "prb", "vei") if name in overall.measures}
    beside = ", ".join(f"{NAMES[name]} {value:.{PLACES[name]}f}" for name, value in indicators.items())
    note = (
        f"Of the same sales: {beside}. Noise in prices alone moves those three away from even; medians by the values "
        "themselves stay level where cheap and expensive properties are treated alike. Intervals are of 95%."
    )
    return b.Table("by_decile", "By tenth of value", _TIER, rows, note=note)


def _figure(name: str, value: float | None) -> b.Rounded | None:
    return None if value is None else b.Rounded.of(value, PLACES[name])


def _bounds(name: str, measure: Measure) -> str:
    if measure.acceptable is None:
        return NOTHING
    low, high = measure.acceptable
    places = max(
        PLACES[name] if name == "cod" else 2, len(f"{low:g}".partition(".")[2]), len(f"{high:g}".partition(".")[2])
    )
    return f"{low:.{places}f} to {high:.{places}f}"


def _verdict(name: str, measure: Measure, kind: PropertyKind | None) -> str:
    if measure.met is None:
        return "assessed by class" if name == "cod" and kind is None else "no range is set"
    if measure.met:
        return "in range"
    return "out of range, but perhaps by chance" if measure.fails is False else "out of range"


def class_table(studies: Mapping[str, RatioStudy]) -> b.Table:
    """Each class by the level and the COD range that it must meet."""
    rows = []
    for name in sorted(studies, key=natural):
        one = studies[name]
        cod = one.measures.get("cod")
        *figures, remark = _row(name, one)
        outcome = verdict(one)
        remark = remark or ("meets the standard" if outcome.meets else f"out of range: {outcome.missed}")
        rows.append((figures[0], one.level, *figures[1:], _bounds("cod", cod) if cod else None, factor(one), remark))
    head = (Column("group", Kind.TEXT, "Class", width=16), *_CLASS)
    note = "The level and the kind of each class, which decides its COD range, are settings of the county."
    return b.Table("by_class", "By class", head, rows, note=note)


def group_table(title: str, studies: Mapping[str, RatioStudy], name: str = "") -> b.Table:
    """The groups in the order that they have."""
    rows = [_row(group, one) for group, one in studies.items()]
    head = (Column("group", Kind.TEXT, title, width=16), *_GROUP)
    return b.Table(name or f"by_{title.lower().replace(' ', '_')}", f"By {title.lower()}", head, rows)


def _row(name: str, one: RatioStudy) -> tuple[Any, ...]:
    m = one.measures
    interval = m["median"].interval if "median" in m else None
    return (
        name or UNNAMED,
        one.sales,
        m["median"].value if "median" in m else None,
        interval.low if interval else None,
        interval.high if interval else None,
        *(m[key].value if key in m else None for key in ("cod", "prd", "prb")),
        one.withheld or " ".join(one.warnings),
    )


def years(studies: Iterable[Year], own: Year) -> b.Table | None:
    """The study's own year below those before it; None where no earlier one has values and sales."""
    earlier = list(studies)
    if not earlier:
        return None
    rows = [(year.day, *_row("", year.study)[1:]) for year in (*reversed(earlier), own)]
    head = (Column("valuation_date", Kind.DATE, "Values of", width=13), *_GROUP)
    note = "Earlier years: the values in effect then, against sales of as long a span, by today's screening of sales."
    return b.Table("earlier_years", "Earlier years alongside", head, rows, note=note)
