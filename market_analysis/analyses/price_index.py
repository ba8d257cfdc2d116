"""How the market moved: ``stats.price_index`` for each place and method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from market_analysis.analyses import index_tables
from market_analysis.analyses.market import (
    PERIOD,
    PLACE,
    SALES,
    START,
    WITHHELD,
    AnalysisResult,
    DetailTable,
    Market,
    PlaceFigures,
    fewer_than,
    number,
)
from market_analysis.charts import index_chart
from market_analysis.stats import periods, price_index
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.price_index import TITLES, PriceIndex
from market_analysis.stats.selection import IndexSelection, select
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

COLUMNS = (
    PLACE,
    Column("method", Kind.TEXT, "Method"),
    PERIOD,
    START,
    Column("index", Kind.NUMBER, "Index"),
    Column("low", Kind.NUMBER, "From"),
    Column("high", Kind.NUMBER, "To"),
    Column("standard_error", Kind.NUMBER, "Standard error of the log", decimals=4),
    Column("change", Kind.PERCENT, "Change from the period before"),
    SALES,
    WITHHELD,
)


_TIERS_ARE = (
    "Value tiers are equal parts of the sales by what characteristics and place make a home worth, not by its own "
    "price, which would make high sales seem to fall and low ones to rise."
)


def run(market: Market, parameters: dict[str, Any]) -> AnalysisResult:
    """Raises InsufficientSales where no place has an index by any method."""
    confidence, min_sales = parameters["confidence"], parameters["min_sales"]
    methods, shown = _ordered(market, parameters)
    places = list(market.by_place())
    rows: list[tuple[Any, ...]] = []
    areas: list[PlaceFigures] = []
    refusals: dict[tuple[str, str], str] = {}
    last: dict[tuple[str, str], dict[str, Any]] = {}
    own_indices: dict[str, PriceIndex | None] = {key: None for key, _ in places}
    for done, (key, sales) in enumerate(places):
        market.report_progress(done / len(places), f"{done:,} of {counted(len(places), 'place')}.")
        for method in methods:
            try:
                index = price_index.by_method(method, sales, market.step, tick=market.tick)
            except InsufficientSales as few:
                refusals[key, method] = str(few)
                rows.append((key, method, *[None] * 7, len(sales), str(few)))
            else:
                if method == methods[0]:
                    own_indices[key] = index
                own = list(_rows(index, confidence, min_sales))
                rows.extend((key, method, *row) for row in own)
                if entry := _last(key, method, index, own):
                    last[key, method] = entry
                else:
                    refusals[key, method] = (
                        f"Every later period has {fewer_than(min_sales)}, or too few for an interval."
                    )
        areas.append(_area(key, methods[0], last.get((key, methods[0])), refusals, len(sales)))
    if not last:
        raise InsufficientSales(next(iter(refusals.values())))
    largest = max(last, key=lambda entry: (last[entry]["sales"], entry[0]))[0]
    summary: dict[str, Any] = {
        "places": len(places),
        "shown": shown,
        "without_index": [
            {"place": key, "method": method, "reason": text} for (key, method), text in list(refusals.items())[:100]
        ],
        "withheld": sum(1 for row in rows if row[-1]),
        "indices": list(last.values())[:500],
    }
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    first = last.get((largest, methods[0]))
    message = f"Price index of {counted(len({key for key, _ in last}), 'place')}."
    if market.is_county and first is not None:
        based = f"{first['index']:.1f} in {first['period']}, {first['base_period']} = 100."
        message = f"Price index ({TITLES[methods[0]]}): {based}"
    notes = [f"The first index shown is {TITLES[methods[0]]}. {shown['reason']}"]
    tables: list[DetailTable] = []
    if parameters["value_tiers"] > 1:
        table, summary["value_tiers"], alike = _tiers(places, methods[0], largest, market, parameters)
        tables.append(table)
        notes.append(f"{_TIERS_ARE} {alike}".strip())
    if len(places) > 1:
        shrunk = index_tables.toward_county(own_indices, methods[0], market, parameters)
        tables.append(DetailTable("shrunk", index_tables.SHRUNK, shrunk))
        by_place = {entry["place"]: entry for entry in index_tables.last_shrunk(shrunk)}
        summary["shrunk"] = list(by_place.values())[:500]
        if by_place:
            areas = [index_tables.with_shrunk(area, by_place.get(area.key)) for area in areas]
            summary["shrunk_meaning"] = index_tables.SHRUNK_ARE
        else:
            summary["shrunk_withheld"] = next((row[-1] for row in reversed(shrunk)), "No later period has sales.")
    # Last, for the rows of a million sales' resales would stand beside the designs of the tiers.
    tables.insert(0, DetailTable("resales", index_tables.RESALES, list(index_tables.resales(market))))
    return AnalysisResult(
        message,
        summary,
        COLUMNS,
        rows,
        index_chart.spec(frame, market, methods, largest),
        areas,
        notes=notes,
        tables=tables,
    )


def _tiers(
    places: list[tuple[str, pd.DataFrame]], method: str, largest: str, market: Market, parameters: dict[str, Any]
) -> tuple[DetailTable, list[dict[str, Any]], str]:
    """The indices by value tier, what the summary says of them, and whether those of ``largest`` moved alike."""
    rows: list[tuple[Any, ...]] = []
    entries: list[dict[str, Any]] = []
    alike = ""
    for key, sales in places:
        own_rows, own_entries, text = index_tables.by_tier(key, sales, method, market, parameters)
        rows.extend(own_rows)
        entries.extend(own_entries)
        alike = text if key == largest else alike
    return DetailTable("value_tiers", index_tables.TIERS, rows), entries[:500], alike


def _ordered(market: Market, parameters: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The methods, the one that is shown first, and why it is."""
    methods, asked = parameters["methods"], parameters["shown"]
    if asked == "first":
        choice = IndexSelection(methods[0], {}, 0, "It is the first that was asked for.")
    else:
        choice = select(market.sales, market.step, methods, market.tick)
    summary = {
        "method": choice.method,
        "reason": choice.reason,
        "held_out_pairs": choice.pairs,
        "held_out_errors": {name: round(error, 4) for name, error in choice.errors.items()},
    }
    return [choice.method, *(name for name in methods if name != choice.method)], summary


def _rows(index: PriceIndex, confidence: float, min_sales: int) -> Iterator[tuple[Any, ...]]:
    low, high = index.interval(confidence)
    before: float | None = None
    for at, value in enumerate(index.value):
        period = index.first + at
        count = int(index.sales[at])
        withheld = index_tables.withheld(index, at, min_sales)
        shown = None if withheld else float(value)
        change = shown / before - 1 if shown is not None and before is not None else None
        figures = (None, None, None) if withheld else (shown, number(low[at]), number(high[at]))
        error = None if withheld else number(index.error[at])
        start = periods.start(period, index.step)
        yield (periods.name(period, index.step), start, *figures, error, change, count, withheld or None)
        before = shown


def _last(key: str, method: str, index: PriceIndex, rows: list[tuple[Any, ...]]) -> dict[str, Any] | None:
    """Of the last period that is shown; None where only the base is."""
    shown = [at for at, row in enumerate(rows) if not row[-1]]
    if not shown or shown[-1] == 0:
        return None
    at = shown[-1]
    period, _, value, low, high, *_ = rows[at]
    return {
        "place": key,
        "method": method,
        "base_period": periods.name(index.first, index.step),
        "period": period,
        "index": number(value, 3),
        "interval": [number(low, 3), number(high, 3)],
        "yearly_change": number(np.expm1(index.log[at] / (at * periods.MONTHS[index.step] / 12)), 5),
        "sales": int(index.sales.sum()),
    }


def _area(
    key: str, method: str, last: dict[str, Any] | None, refusals: dict[tuple[str, str], str], sales: int
) -> PlaceFigures:
    if last is None:
        return PlaceFigures(key, sales, withheld=refusals[key, method])
    low, high = last["interval"]
    values = {name: last[name] for name in ("method", "period", "index", "yearly_change")}
    return PlaceFigures(key, sales, {**values, "low": low, "high": high})
