"""What brings a price of one day to another: ``stats.time_adjustment`` for each place."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from market_analysis.analyses.market import PERIOD, PLACE, SALES, START, WITHHELD, Area, Market, Result, number
from market_analysis.charts import adjustment_chart
from market_analysis.stats import periods, time_adjustment
from market_analysis.stats.errors import TooFewSales
from market_analysis.stats.time_adjustment import HORIZON
from terrafusion.tables import Column, Kind

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


def run(market: Market, parameters: dict[str, Any]) -> Result:
    """Raises TooFewSales where no place has a factor."""
    to = date.fromisoformat(parameters["valuation_date"]) if parameters["valuation_date"] else market.last
    rows: list[tuple[Any, ...]] = []
    areas = []
    refusals: list[dict[str, str]] = []
    places = market.places()
    for done, (key, sales) in enumerate(market.by_place()):
        market.tell(done / len(places), f"{done} of {len(places)} places.")
        market.tick()
        try:
            found = list(_rows(sales, market.last, to, parameters["confidence"]))
        except TooFewSales as few:
            refusals.append({"place": key, "reason": str(few)})
            rows.append((key, *[None] * 7, len(sales), str(few)))
            areas.append(Area(key, len(sales), withheld=str(few)))
            continue
        rows.extend((key, *row) for row in found)
        areas.append(_area(key, len(sales), found, to))
    if len(refusals) == len(places):
        raise TooFewSales(refusals[0]["reason"])
    first = next(area for area in areas if not area.withheld)
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    largest = frame[frame["factor"].notna()].groupby("place", sort=False)["sales"].sum().idxmax()
    message = f"Time adjustment to {to} of {len(places) - len(refusals):,} place(s)."
    if market.is_county:
        year, low, high = (first.values[name] for name in ("factor_of_a_year_before", "low", "high"))
        told = f" A price of a year before is multiplied by {year:.3f} ({low:.3f} to {high:.3f})." if year else ""
        message = f"Time adjustment to {to}.{told}"
    return Result(
        message,
        {
            "places": len(places),
            "valuation_date": to.isoformat(),
            "without_adjustment": refusals[:100],
            "withheld": len(refusals),
            "areas": [area.told() for area in areas if not area.withheld][:500],
        },
        COLUMNS,
        rows,
        adjustment_chart.spec(frame[frame["place"] == largest], market, str(largest), to),
        areas,
    )


def _rows(sales: pd.DataFrame, last: date, to: date, confidence: float) -> Any:
    """A row for the middle of each month, from the first sale to the later of the last month and the valuation date."""
    fit = time_adjustment.fit(sales, last)
    end = max(periods.of_date(to), periods.of_date(last))
    known = fit.first + len(fit.level) - HORIZON
    months = range(fit.first, end + 1)
    if end - fit.first >= len(fit.level):
        ahead = periods.name(fit.first + len(fit.level) - 1)
        raise TooFewSales(f"Factors are carried {HORIZON} months ahead, to {ahead}; {to} is later.")
    if periods.of_date(to) < fit.first:
        raise TooFewSales(f"The first sale is of {periods.name(fit.first)}; {to} is earlier.")
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


def _area(key: str, sales: int, rows: list[Any], to: date) -> Area:
    """The factor of a sale of the month a year before the valuation date."""
    before = periods.name(periods.of_date(to) - 12)
    row = next((row for row in rows if row[0] == before), None)
    values = {
        "factor_of_a_year_before": number(row[2]) if row else None,
        "low": number(row[3]) if row else None,
        "high": number(row[4]) if row else None,
    }
    return Area(key, sales, values)
