"""How the market moved: ``stats.price_index`` for each place and method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from market_analysis.analyses.market import (
    PERIOD,
    PLACE,
    SALES,
    START,
    WITHHELD,
    Area,
    Market,
    Result,
    fewer_than,
    number,
)
from market_analysis.charts import index_chart
from market_analysis.stats import periods, price_index
from market_analysis.stats.errors import TooFewSales
from market_analysis.stats.price_index import PriceIndex
from terrafusion.tables import Column, Kind

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


def run(market: Market, parameters: dict[str, Any]) -> Result:
    """Raises TooFewSales where no place has an index by any method."""
    methods, confidence, fewest = parameters["methods"], parameters["confidence"], parameters["fewest_sales"]
    places = list(market.by_place())
    rows: list[tuple[Any, ...]] = []
    areas, refusals = [], {}
    told: dict[tuple[str, str], PriceIndex] = {}
    for done, (key, sales) in enumerate(places):
        market.tell(done / len(places), f"{done} of {len(places)} places.")
        for method in methods:
            try:
                index = told[key, method] = price_index.by_method(method, sales, market.step, tick=market.tick)
            except TooFewSales as few:
                refusals[key, method] = str(few)
                rows.append((key, method, *[None] * 7, len(sales), str(few)))
            else:
                rows.extend((key, method, *row) for row in _rows(index, confidence, fewest))
        areas.append(_area(key, methods[0], told.get((key, methods[0])), len(sales), confidence, fewest))
    if not told:
        raise TooFewSales(next(iter(refusals.values())))
    largest = max(told, key=lambda found: (int(told[found].sales.sum()), found[0]))[0]
    summary: dict[str, Any] = {
        "places": len(places),
        "without_index": [
            {"place": key, "method": method, "reason": text} for (key, method), text in list(refusals.items())[:100]
        ],
        "withheld": sum(1 for row in rows if row[-1]),
        "indices": [_last(key, method, index, confidence) for (key, method), index in list(told.items())[:500]],
    }
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    first = told.get((largest, methods[0]))
    message = f"Price index of {len({key for key, _ in told}):,} place(s)."
    if market.is_county and first is not None:
        last = int(np.flatnonzero(np.isfinite(first.log))[-1])
        message = (
            f"Price index ({methods[0]}): {first.value[last]:.1f} in {periods.name(first.first + last, first.step)}, "
            f"{periods.name(first.first, first.step)} = 100."
        )
    return Result(message, summary, COLUMNS, rows, index_chart.spec(frame, market, methods, largest), areas)


def _rows(index: PriceIndex, confidence: float, fewest: int) -> list[tuple[Any, ...]]:
    low, high = index.interval(confidence)
    rows: list[tuple[Any, ...]] = []
    before: float | None = None
    for at, value in enumerate(index.value):
        period = index.first + at
        count = int(index.sales[at])
        withheld = _withheld(count, float(value), fewest, is_base=at == 0)
        shown = None if withheld else float(value)
        change = shown / before - 1 if shown is not None and before is not None else None
        figures = (None, None, None) if withheld else (shown, number(low[at]), number(high[at]))
        error = None if withheld else number(index.error[at])
        start = periods.start(period, index.step)
        rows.append((periods.name(period, index.step), start, *figures, error, change, count, withheld or None))
        before = shown
    return rows


def _withheld(count: int, value: float, fewest: int, *, is_base: bool) -> str:
    if count == 0:
        return "no sales"
    if not np.isfinite(value):
        return "no resales link it to the first period"
    return "" if is_base or count >= fewest else fewer_than(fewest)


def _area(key: str, method: str, index: PriceIndex | None, sales: int, confidence: float, fewest: int) -> Area:
    if index is None:
        return Area(key, sales, withheld="too few sales for an index")
    told = np.flatnonzero(np.isfinite(index.log) & (index.sales >= fewest))
    if not len(told) or told[-1] == 0:
        return Area(key, sales, withheld=fewer_than(fewest) + " in every period")
    last = int(told[-1])
    low, high = index.interval(confidence)
    years = last * periods.MONTHS[index.step] / 12
    values = {
        "method": method,
        "period": periods.name(index.first + last, index.step),
        "index": number(index.value[last]),
        "low": number(low[last]),
        "high": number(high[last]),
        "yearly_change": number(np.expm1(index.log[last] / years)),
    }
    return Area(key, sales, values)


def _last(key: str, method: str, index: PriceIndex, confidence: float) -> dict[str, Any]:
    last = int(np.flatnonzero(np.isfinite(index.log))[-1])
    low, high = index.interval(confidence)
    return {
        "place": key,
        "method": method,
        "base_period": periods.name(index.first, index.step),
        "period": periods.name(index.first + last, index.step),
        "index": number(index.value[last], 3),
        "interval": [number(low[last], 3), number(high[last], 3)],
        "sales": int(index.sales.sum()),
    }
