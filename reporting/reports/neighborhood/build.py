"""The profile's blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reporting.document import blocks as b
from reporting.document.names import UNNAMED
from reporting.maps.names import label_outlines
from reporting.maps.sheet import RATIOS, Extent, MapSheet
from reporting.reports.ratio_study import statistics
from reporting.reports.ratio_study.build import Study, what
from reporting.reports.ratio_study.sales import excluded
from terrafusion.money import dollars
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

if TYPE_CHECKING:
    import pandas as pd

MIN_SALES = 5
"""Sales of a year below which no median is shown."""
_STOCK = (
    Column("characteristic", Kind.TEXT, "Characteristic", width=20),
    Column("known", Kind.INTEGER, "Parcels that say"),
    Column("low", Kind.NUMBER, "A quarter below", decimals=0),
    Column("median", Kind.NUMBER, "Median", decimals=0),
    Column("high", Kind.NUMBER, "A quarter above", decimals=0),
)
_CHARACTERISTICS = {
    "lot_area_sqft": "Lot (sq ft)",
    "living_area_sqft": "Living area (sq ft)",
    "year_built": "Year built",
    "total_value": "Total value",
}
_YEARS = (
    Column("year", Kind.YEAR, "Year", width=7),
    Column("sales", Kind.INTEGER, "Sales", width=7),
    Column("median_price", Kind.MONEY, "Median price"),
    Column("per_sqft", Kind.MONEY, "Per sq ft", decimals=2),
    Column("remark", Kind.TEXT, "Remark", width=24),
)


@dataclass(frozen=True)
class Profile:
    """``parcels`` and ``sales`` are frames of the neighborhood's; sales are screened. ``study`` is of the values."""

    name: str
    parcels: pd.DataFrame
    sales: pd.DataFrame
    study: Study


def build(profile: Profile) -> Iterator[b.Block]:
    parcels, sales = profile.parcels, profile.sales
    valued = parcels["total_value"].dropna()
    yield b.KeyFigures(
        "profile",
        (
            b.Figure("parcels", "Parcels", len(parcels), Kind.INTEGER),
            b.Figure("total_value", "Total value", float(valued.sum()) if len(valued) else None, Kind.MONEY),
            b.Figure("median_value", "Median value", _median(valued), Kind.MONEY),
            b.Figure("sales", "Valid sales on record", len(sales), Kind.INTEGER),
        ),
    )
    map_figure = place_map(profile)
    if map_figure is not None:
        yield map_figure
    yield b.Heading("Stock")
    rows = []
    for name, title in _CHARACTERISTICS.items():
        known = parcels[name].dropna().to_numpy(dtype=float)
        quarters = np.quantile(known, [0.25, 0.5, 0.75]).tolist() if len(known) else [None] * 3
        rows.append((title, len(known), *quarters))
    yield b.Table("stock", "What there is", _STOCK, rows)
    uses = parcels["use"].value_counts()
    columns = (
        Column("use", Kind.TEXT, "Use", width=30),
        Column("parcels", Kind.INTEGER, "Parcels"),
        Column("share", Kind.PERCENT, "Share"),
    )
    counted = [(str(use) or UNNAMED, int(count), int(count) / len(parcels)) for use, count in uses.items() if count]
    yield b.Table("uses", "Uses", columns, counted)
    yield b.Heading("Sales")
    years = [_year(int(year), group) for year, group in sales.groupby(sales["sale_date"].dt.year)]
    yield b.Table("sales_by_year", "Valid sales by year", _YEARS, years)
    shown_years = [row for row in years if row[2] is not None]
    if len(shown_years) > 1:
        yield _chart(shown_years)
    yield b.Heading("Equity")
    yield what(profile.study)
    yield from statistics.summary(profile.study.overall, profile.study.trimmed)
    for note in profile.study.notes:
        yield b.Text(note, b.Tone.WARNING)
    yield excluded(profile.study.screening)


def _median(values: pd.Series) -> float | None:
    return float(values.median()) if len(values) else None


def _year(year: int, sales: pd.DataFrame) -> b.Row:
    if len(sales) < MIN_SALES:
        return (year, len(sales), None, None, f"Fewer than {MIN_SALES} sales: no median is shown.")
    sized = sales[sales["living_area_sqft"] > 0]
    rate = float((sized["sale_price"] / sized["living_area_sqft"]).median()) if len(sized) >= MIN_SALES else None
    return (year, len(sales), float(sales["sale_price"].median()), rate, "")


def _chart(years: list[b.Row]) -> b.Chart:
    values = [{"year": str(row[0]), "median_price": row[2], "sales": row[1]} for row in years]
    return b.Chart(
        "median_prices",
        "Median price by year of sale",
        {
            "width": 560,
            "height": 130,
            "data": {"values": values},
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}},
                "y": {
                    "field": "median_price",
                    "type": "quantitative",
                    "title": "Dollars",
                    "scale": {"zero": False},
                    "axis": {"format": "$,.0f"},
                },
            },
        },
        f"The median price was {dollars(values[0]['median_price'])} in {values[0]['year']} and "
        f"{dollars(values[-1]['median_price'])} in {values[-1]['year']}.",
        "As paid; not brought to one date.",
    )


def place_map(profile: Profile) -> b.Map | None:
    """The neighborhood among the others, with its sales by ratio where there are figures."""
    outlines, places = profile.study.outlines, profile.study.places
    own = [outline for outline in outlines if outline.name == profile.name]
    corners = [point for outline in own for ring in outline.rings for point in ring]
    corners += [(x, y) for x, y, _ in places]
    if not corners:
        return None
    xs, ys = zip(*corners, strict=True)
    sheet = MapSheet(Extent(min(xs), min(ys), max(xs), max(ys)).shaped(1.6, margin=0.25, min_width=1_000.0), 480)
    for outline in outlines:
        sheet.rings(
            outline.rings, "#dfe9f2" if outline in own else "#f4f4ef", "#1f4e79" if outline in own else "#c0c0c0"
        )
    for x, y, ratio in places:
        sheet.dot(x, y, RATIOS.color(ratio))
    label_outlines(sheet, outlines)
    keys = RATIOS.keys(dot=True) if places else ()
    return b.Map(
        "place",
        "",
        sheet.svg(keys),
        f"Map of neighborhood {profile.name} among its neighbors, with {counted(len(places), 'sale')}.",
        "Dots are sales by the ratio of value to price. Up is grid north." if places else "Up is grid north.",
    )
