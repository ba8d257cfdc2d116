"""A ratio study's blocks. Pure: studies in, blocks out. Other reports take parts of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from reporting.document import blocks as b
from reporting.document.names import UNNAMED, natural
from reporting.document.texts import NOTHING, shown
from reporting.maps.sheet import RATIOS, Extent, Sheet
from terrafusion.tables import Column, Kind
from valuation.ratio import RatioStudy

if TYPE_CHECKING:
    import pandas as pd

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
SALES = (
    Column("parcel_number", Kind.TEXT, "Parcel", width=12),
    Column("neighborhood", Kind.TEXT, "Neighborhood", width=12),
    Column("property_class", Kind.TEXT, "Class", width=12),
    Column("sale_date", Kind.DATE, "Sold", width=11),
    Column("sale_price", Kind.MONEY, "Price"),
    Column("price", Kind.MONEY, "Price at valuation date", width=12),
    Column("value", Kind.MONEY, "Value"),
    Column("ratio", Kind.NUMBER, "Ratio", decimals=3, width=7),
)
MOST_DOTS = 4_000


@dataclass(frozen=True)
class Study:
    """``groups``: studies by what they are by. ``sales`` has value, price, sale_date and so on, a row a sale;
    ``places`` are x and y of those that have a place, in feet, with their ratio. ``outlines`` are drawn below them."""

    overall: RatioStudy
    trimmed: RatioStudy
    groups: Mapping[str, Mapping[str, RatioStudy]]
    sales: pd.DataFrame
    screening: Mapping[str, Any]
    notes: tuple[str, ...]
    balance: Any
    valuation_date: date
    places: Sequence[tuple[float, float, float]] = ()
    outlines: Sequence[Any] = ()
    list_sales: bool = True


def build(study: Study) -> Iterator[b.Block]:
    yield from summary(study.overall, study.trimmed)
    for note in study.notes:
        yield b.Text(note, b.Tone.WARNING)
    if not study.overall.withheld:
        yield from charts(study.sales)
        drawn = ratio_map(study.places, study.outlines)
        if drawn is not None:
            yield drawn
    yield b.Heading("By group")
    for title, studies in study.groups.items():
        if studies:
            yield group_table(title, studies)
    yield b.Heading("Sales")
    yield from screening(study.screening)
    if study.balance is not None:
        yield _balance(study.balance)
    if study.list_sales:
        yield b.Table("sales", "Sales used", SALES, _rows(study.sales))


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


def charts(sales: pd.DataFrame) -> Iterator[b.Chart]:
    """The ratios' histogram, and the ratio against the value."""
    ratio = (sales["value"] / sales["price"]).to_numpy(dtype=float)
    edges = np.arange(0.5, 1.5001, 0.05)
    counts, _ = np.histogram(np.clip(ratio, 0.5001, 1.4999), edges)
    median = float(np.median(ratio))
    bars = [
        {"from": round(float(low), 2), "to": round(float(low) + 0.05, 2), "sales": int(count)}
        for low, count in zip(edges[:-1], counts, strict=True)
    ]
    inside = float(np.mean((ratio >= 0.9) & (ratio <= 1.1)))
    yield b.Chart(
        "ratio_histogram",
        "Ratios of value to price",
        {
            "width": 560,
            "height": 150,
            "data": {"values": bars},
            "layer": [
                {
                    "mark": {"type": "bar", "tooltip": False},
                    "encoding": {
                        "x": {
                            "field": "from",
                            "type": "quantitative",
                            "bin": {"binned": True, "step": 0.05},
                            "title": "Ratio",
                        },
                        "x2": {"field": "to"},
                        "y": {"field": "sales", "type": "quantitative", "title": "Sales"},
                    },
                },
                {
                    "mark": {"type": "rule", "color": "#d9812b", "strokeWidth": 2},
                    "encoding": {"x": {"datum": round(median, 4)}},
                },
            ],
        },
        f"Histogram of {len(ratio):,} ratios. The median is {median:.3f}; {inside:.0%} lie from 0.90 to 1.10.",
        "The line is the median. Ratios below 0.50 and above 1.50 are in the outermost bars.",
    )
    worth = (0.5 * sales["price"] + 0.5 * sales["value"] / median).to_numpy(dtype=float)
    order = np.argsort(worth, kind="stable")
    bands = [part for part in np.array_split(order, min(10, max(1, len(order) // 20))) if len(part)]
    points = [
        {
            "worth": round(float(np.median(worth[part]))),
            "median": round(float(np.median(ratio[part])), 4),
            "low": round(float(np.quantile(ratio[part], 0.25)), 4),
            "high": round(float(np.quantile(ratio[part], 0.75)), 4),
            "sales": len(part),
        }
        for part in bands
    ]
    yield b.Chart(
        "ratio_by_value",
        "Ratio against worth",
        {
            "width": 560,
            "height": 150,
            "data": {"values": points},
            "encoding": {
                "x": {
                    "field": "worth",
                    "type": "quantitative",
                    "title": "Worth in dollars (half price, half value)",
                    "axis": {"format": "~s"},
                    "scale": {"type": "log", "nice": False},
                }
            },
            "layer": [
                {
                    "mark": {"type": "rule", "color": "#9bb3c9", "strokeWidth": 3},
                    "encoding": {
                        "y": {"field": "low", "type": "quantitative", "title": "Ratio", "scale": {"zero": False}},
                        "y2": {"field": "high"},
                    },
                },
                {
                    "mark": {"type": "line", "point": {"size": 50}},
                    "encoding": {"y": {"field": "median", "type": "quantitative"}},
                },
            ],
        },
        f"The median ratio of the cheapest sales is {points[0]['median']:.3f}, "
        f"that of the dearest {points[-1]['median']:.3f}.",
        "Each point is the median of an equal share of the sales, the bar their middle half. A level line treats cheap "
        "and dear alike.",
    )


def ratio_map(places: Sequence[tuple[float, float, float]], outlines: Sequence[Any]) -> b.Map | None:
    """Sales by their ratio, over the neighborhoods; None where no sale has a place."""
    if not places:
        return None
    shown_places = places[:: -(-len(places) // MOST_DOTS)]
    xs, ys = [place[0] for place in shown_places], [place[1] for place in shown_places]
    sheet = Sheet(Extent(min(xs), min(ys), max(xs), max(ys)).shaped(1.25, least=1_000.0), 480)
    for outline in outlines:
        sheet.rings(outline.rings, "#f1f1ec", "#b0b0b0")
    for x, y, ratio in shown_places:
        sheet.dot(x, y, RATIOS.color(ratio))
    thin = f" Every {-(-len(places) // MOST_DOTS)}th sale is drawn." if len(shown_places) < len(places) else ""
    low = sum(ratio < 0.95 for *_, ratio in places) / len(places)
    high = sum(ratio >= 1.05 for *_, ratio in places) / len(places)
    return b.Map(
        "ratio_map",
        "Where the ratios are",
        sheet.svg(RATIOS.keys(dot=True)),
        f"Map of {len(places):,} sales: {low:.0%} have a ratio below 0.95, {high:.0%} one of 1.05 or more.",
        f"Sales of the county's records at the points of their parcels; up is grid north.{thin}",
    )


def screening(told: Mapping[str, Any]) -> Iterator[b.Block]:
    """Sales used, and excluded by reason."""
    columns = (
        Column("reason", Kind.TEXT, "Reason", width=16),
        Column("sales", Kind.INTEGER, "Sales"),
        Column("meaning", Kind.TEXT, "Meaning", width=50),
    )
    rows: list[b.Row] = [(one["reason"], one["sales"], one["meaning"]) for one in told.get("excluded", ())]
    if told.get("without_a_value"):
        rows.append(("without_a_value", told["without_a_value"], "The parcel has no value to compare the price with."))
    of_span = f"; {told['in_span']:,} of them from {told['studied_from']} on" if "in_span" in told else ""
    note = f"{told.get('sales', 0):,} sales were read and {told.get('kept', 0):,} passed the screening{of_span}."
    yield b.Table("excluded", "Sales excluded", columns, rows, note=note)


def _balance(balance: Any) -> b.Text:
    told = "in balance" if balance.balanced else "out of balance: sold parcels may have been valued from their prices"
    return b.Text(
        f"Sold and unsold: the median value per square foot is ${balance.median_sold:,.2f} of {balance.sold:,} sold "
        f"and ${balance.median_unsold:,.2f} of {balance.unsold:,} unsold parcels; they are {told}."
    )


def _rows(sales: pd.DataFrame) -> Iterator[b.Row]:
    for one in sales.sort_values(["sale_date", "parcel_number"]).itertuples():
        yield (
            one.parcel_number,
            one.neighborhood or None,
            one.property_class or None,
            one.sale_date.date(),
            int(one.sale_price),
            round(float(one.price)),
            round(float(one.value)),
            float(one.value) / float(one.price),
        )
