"""What is paid: median and mean price, and price per square foot, by place and period, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from market_analysis.analyses.market import (
    PERIOD,
    PLACE,
    SALES,
    START,
    WITHHELD,
    AnalysisResult,
    Market,
    PlaceFigures,
    fewer_than,
)
from market_analysis.charts import trend_chart
from market_analysis.stats import intervals, periods
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.growth import growth
from terrafusion.money import dollars
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

_FIGURES = ("median_price", "average_price", "median_price_per_sqft")
COLUMNS = (
    PLACE,
    PERIOD,
    START,
    *(
        Column(f"{name}{end}", Kind.MONEY, f"{title}{suffix}", decimals=decimals)
        for name, title, decimals in (
            ("median_price", "Median price", 0),
            ("average_price", "Average price", 0),
            ("median_price_per_sqft", "Median price per sq ft", 2),
        )
        for end, suffix in (("", ""), ("_low", ", from"), ("_high", ", to"))
    ),
    SALES,
    WITHHELD,
)


def run(market: Market, parameters: dict[str, Any]) -> AnalysisResult:
    """Raises InsufficientSales where no cell has enough sales."""
    rows: list[dict[str, Any]] = []
    areas = []
    places = market.places()
    for done, (key, sales) in enumerate(market.by_place()):
        market.report_progress(done / len(places), f"{done:,} of {counted(len(places), 'place')}.")
        of_place = [{"place": key, **cell} for cell in _cells(sales, market, parameters)]
        rows.extend(of_place)
        areas.append(_area(key, sales, of_place, parameters))
    if not any(row["withheld"] is None for row in rows):
        raise InsufficientSales(
            f"No period of any place has {counted(parameters['min_sales'], 'sale')}: ask for longer periods, larger "
            "places or a lower min_sales."
        )
    trends = [_trend(row) for row in rows]
    shown = [row for row in rows if row["withheld"] is None]
    last = shown[-1]
    message = f"Price trend of {counted(len(places), 'place')}."
    if market.is_county:
        message = f"Median price of {last['period']}: {dollars(last['median_price'])}."
    return AnalysisResult(
        message,
        {
            "places": len(places),
            "withheld": len(rows) - len(shown),
            "confidence": parameters["confidence"],
            "trends": trends[:2_000],
            "trends_left_out": max(len(trends) - 2_000, 0),
        },
        COLUMNS,
        [tuple(row.get(column.name) for column in COLUMNS) for row in rows],
        trend_chart.spec(pd.DataFrame(rows), market),
        areas,
    )


def _cells(sales: pd.DataFrame, market: Market, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    min_sales = parameters["min_sales"]
    groups = dict(list(sales.groupby(periods.of_dates(sales["sale_date"], market.step))))
    for number in market.periods():
        market.tick()
        members = groups.get(number)
        count = 0 if members is None else len(members)
        cell = {
            "period": periods.name(number, market.step),
            "period_start": periods.start(number, market.step),
            "sales": count,
            "withheld": None if count >= min_sales else fewer_than(min_sales) if count else "no sales",
        }
        if members is not None and cell["withheld"] is None:
            cell |= _figures(members, min_sales, parameters)
        yield cell


def _figures(sales: pd.DataFrame, min_sales: int, parameters: dict[str, Any]) -> dict[str, float | None]:
    price = sales["sale_price"].to_numpy(dtype=float)
    rate = per_sqft(sales)
    rate = rate[np.isfinite(rate)]
    confidence = parameters["confidence"]
    ends = {
        "median_price": (float(np.median(price)), intervals.median(price, confidence)),
        "average_price": (float(np.mean(price)), intervals.mean(price, confidence, parameters["resamples"])),
    }
    if len(rate) >= min_sales:
        ends["median_price_per_sqft"] = (float(np.median(rate)), intervals.median(rate, confidence))
    figures: dict[str, float | None] = {}
    for name, (value, interval) in ends.items():
        low, high = interval or (None, None)
        figures |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return figures


def per_sqft(sales: pd.DataFrame) -> pd.Series:
    """Price per square foot of living area; NaN where none is recorded."""
    area = sales["living_area_sqft"].to_numpy(dtype=float)
    return sales["sale_price"].to_numpy(dtype=float) / np.where(area > 0, area, np.nan)


def _trend(row: dict[str, Any]) -> dict[str, Any]:
    """As the API returns it."""
    figures: dict[str, Any] = {name: row[name] for name in ("place", "period")}
    for name in _FIGURES:
        digits = 2 if name.endswith("sqft") else 0
        figures[name] = round(row[name], digits) if name in row else None
        ends = (row.get(f"{name}_low"), row.get(f"{name}_high"))
        figures[f"{name}_interval"] = [round(end, digits) for end in ends if end is not None] or None
    return {**figures, "sales_count": row["sales"], "withheld": row["withheld"]}


def _area(key: str, sales: pd.DataFrame, cells: list[dict[str, Any]], parameters: dict[str, Any]) -> PlaceFigures:
    shown_cells = [cell for cell in cells if cell["withheld"] is None]
    if not shown_cells:
        return PlaceFigures(key, len(sales), withheld=f"{fewer_than(parameters['min_sales'])} in every period")
    last = shown_cells[-1]
    values = {name: last.get(name) for name in ("period", *_FIGURES, "median_price_low", "median_price_high")}
    values["sales_of_period"] = last["sales"]
    try:
        change = growth(sales["sale_price"].to_numpy(dtype=float), sales["sale_date"], parameters["confidence"])
    except InsufficientSales:
        values["yearly_change"] = None
    else:
        values["yearly_change"] = change.rate
    return PlaceFigures(key, len(sales), values)
