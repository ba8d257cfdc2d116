"""What brings a price of one day to another: ``stats.time_adjustment`` for each place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
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
    DetailTable,
    Market,
    PlaceFigures,
    number,
)
from market_analysis.charts import adjustment_chart
from market_analysis.stats import periods, time_adjustment, trend_test
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.time_adjustment import HORIZON, TimeAdjustment
from terrafusion.money import all_half_up
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

COLUMNS = (
    PLACE,
    PERIOD,
    START,
    Column("factor", Kind.NUMBER, "Factor", decimals=4),
    Column("low", Kind.NUMBER, "From", decimals=4),
    Column("high", Kind.NUMBER, "To", decimals=4),
    Column("season", Kind.PERCENT, "Season", decimals=2),
    Column("carried_ahead", Kind.BOOLEAN, "Carried ahead"),
    SALES,
    WITHHELD,
)
ADJUSTED = (
    PLACE,
    Column("parcel_number", Kind.TEXT, "Parcel"),
    Column("sale_date", Kind.DATE, "Sold"),
    Column("sale_price", Kind.MONEY, "Price"),
    Column("factor", Kind.NUMBER, "Factor", decimals=4),
    Column("adjusted_price", Kind.MONEY, "Adjusted price"),
    Column("adjusted_low", Kind.MONEY, "Adjusted price, from"),
    Column("adjusted_high", Kind.MONEY, "Adjusted price, to"),
)


def run(market: Market, parameters: dict[str, Any]) -> AnalysisResult:
    """Raises InsufficientSales where no place has a factor."""
    to = date.fromisoformat(parameters["valuation_date"]) if parameters["valuation_date"] else market.last
    rows: list[tuple[Any, ...]] = []
    areas = []
    adjusted: list[tuple[Any, ...]] = []
    refusals: list[dict[str, str]] = []
    places = market.places()
    for done, (key, sales) in enumerate(market.by_place()):
        market.report_progress(done / len(places), f"{done:,} of {counted(len(places), 'place')}.")
        market.tick()
        try:
            fit = time_adjustment.fit(sales, market.last)
            months = list(_rows(fit, market.last, to, parameters["confidence"]))
        except InsufficientSales as few:
            refusals.append({"place": key, "reason": str(few)})
            rows.append((key, *[None] * 7, len(sales), str(few)))
            areas.append(PlaceFigures(key, len(sales), withheld=str(few)))
            continue
        rows.extend((key, *row) for row in months)
        areas.append(_area(key, len(sales), months, to))
        adjusted.extend(_adjusted(key, sales, fit, to, parameters["confidence"]))
    if len(refusals) == len(places):
        raise InsufficientSales(refusals[0]["reason"])
    first = next(area for area in areas if not area.withheld)
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    largest = frame[frame["factor"].notna()].groupby("place", sort=False)["sales"].sum().idxmax()
    message = f"Time adjustment to {to} of {counted(len(places) - len(refusals), 'place')}."
    if market.is_county:
        year, low, high = (first.values[name] for name in ("factor_of_a_year_before", "low", "high"))
        example = f" A price of a year before is multiplied by {year:.3f} ({low:.3f} to {high:.3f})." if year else ""
        message = f"Time adjustment to {to}.{example}"
    return AnalysisResult(
        message,
        {
            "places": len(places),
            "valuation_date": to.isoformat(),
            "without_adjustment": refusals[:100],
            "withheld": len(refusals),
            "areas": [area.as_summary() for area in areas if not area.withheld][:500],
            "checks": _checks(str(largest), dict(market.by_place())[str(largest)], areas, market, parameters),
        },
        COLUMNS,
        rows,
        adjustment_chart.spec(frame[frame["place"] == largest], market, str(largest), to),
        areas,
        tables=(DetailTable("adjusted_sales", ADJUSTED, adjusted),),
    )


def _adjusted(key: str, sales: pd.DataFrame, fit: TimeAdjustment, to: date, confidence: float) -> Iterator[Any]:
    """Each sale with its price at the valuation date."""
    factors = fit.factors(sales["sale_date"], to, confidence)
    price = sales["sale_price"].to_numpy(dtype=float)
    number, day = sales["parcel_number"].astype(object), sales["sale_date"].dt.date
    brought = (all_half_up(price * factor) for factor in (factors.value, factors.low, factors.high))
    for one in zip(number, day, price, factors.value, *brought, strict=True):
        yield key, *one


def _checks(
    place: str, sales: pd.DataFrame, areas: list[PlaceFigures], market: Market, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Of the place with the most sales: the verdict, the sales-ratio trend beside it, and the backtest."""
    area = next(area for area in areas if area.key == place)
    year, low, high = (area.values[name] for name in ("factor_of_a_year_before", "low", "high"))
    checks: dict[str, Any] = {
        "place": place,
        "verdict": trend_test.verdict(year, low, high) if year else "The sales do not reach back a year.",
    }
    try:
        trend = trend_test.ratio_trend(sales, parameters["confidence"])
        ends = [number(trend.low, 4), number(trend.high, 4)]
        checks["sales_ratio_trend"] = {"yearly_change": number(trend.rate, 4), "interval": ends}
    except InsufficientSales as few:
        checks["sales_ratio_trend"] = {"withheld": str(few)}
    market.tick()
    try:
        missed = [asdict(span) for span in trend_test.backtest(sales, market.last)]
        checks["backtest"] = missed or {"withheld": "The last year has too few sales."}
    except InsufficientSales as few:
        checks["backtest"] = {"withheld": str(few)}
    return checks


def _rows(fit: TimeAdjustment, last: date, to: date, confidence: float) -> pd.Series:
    """A row for the middle of each month, from the first sale to the later of the last month and the valuation date."""
    end = max(periods.of_date(to), periods.of_date(last))
    known = fit.first + len(fit.level) - HORIZON
    months = range(fit.first, end + 1)
    if end - fit.first >= len(fit.level):
        ahead = periods.name(fit.first + len(fit.level) - 1)
        raise InsufficientSales(f"Factors are carried {HORIZON} months ahead, to {ahead}; {to} is later.")
    if periods.of_date(to) < fit.first:
        raise InsufficientSales(f"The first sale is of {periods.name(fit.first)}; {to} is earlier.")
    middles = pd.Series([pd.Timestamp(periods.start(month)) + pd.Timedelta(days=14) for month in months])
    factors = fit.factors(middles, to, confidence)
    for at, month in enumerate(months):
        yield (
            periods.name(month),
            periods.start(month),
            float(factors.value[at]),
            float(factors.low[at]),
            float(factors.high[at]),
            float(np.expm1(fit.season[at])),
            month >= known,
            int(fit.sales[at]),
            None,
        )


def _area(key: str, sales: int, rows: list[Any], to: date) -> PlaceFigures:
    """The factor of a sale of the month a year before the valuation date."""
    before = periods.name(periods.of_date(to) - 12)
    row = next((row for row in rows if row[0] == before), None)
    values = {
        "factor_of_a_year_before": number(row[2]) if row else None,
        "low": number(row[3]) if row else None,
        "high": number(row[4]) if row else None,
    }
    return PlaceFigures(key, sales, values)
