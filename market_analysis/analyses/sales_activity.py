"""How much is sold: volume, velocity, turnover, the share of invalid sales, and the season."""

from __future__ import annotations

import calendar
from typing import Any

import numpy as np
import pandas as pd

from market_analysis.analyses.market import PERIOD, PLACE, START, AnalysisResult, Market, PlaceFigures, natural
from market_analysis.charts import activity_chart
from market_analysis.stats import periods, seasonality
from market_analysis.stats.errors import InsufficientSales
from terrafusion.money import dollars
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

_YEAR = 365.25
_MIN_DAYS = 28  # from which a rate of a month or a year is more than chance
_NO_INVENTORY = (
    "Months of inventory are homes listed for sale over sales a month. The county's records hold no listings, so they "
    "cannot be computed."
)
COLUMNS = (
    PLACE,
    PERIOD,
    START,
    Column("days", Kind.INTEGER, "Days", width=8),
    Column("sales", Kind.INTEGER, "Valid sales"),
    Column("excluded", Kind.INTEGER, "Excluded sales"),
    Column("invalid_share", Kind.PERCENT, "Share excluded"),
    Column("volume", Kind.MONEY, "Dollars paid", width=16),
    Column("sales_per_month", Kind.NUMBER, "Sales per 30 days"),
    Column("parcels", Kind.INTEGER, "Parcels"),
    Column("turnover", Kind.PERCENT, "Turnover a year", decimals=2),
)


def run(market: Market, parameters: dict[str, Any]) -> AnalysisResult:
    """Counts every place and period, those with nothing sold too; a turnover needs parcels on the roll."""
    stock = market.stock()
    cells = _cells(market)
    with_sales = {str(key) for key in cells.index.get_level_values("place") if key}
    places = sorted(with_sales | set(stock), key=natural)
    rows: list[tuple[Any, ...]] = []
    areas = []
    for key in places:
        market.tick()
        of_place = [_row(key, number, market, cells, stock.get(key)) for number in market.periods()]
        rows.extend(of_place)
        areas.append(_area(key, of_place, stock.get(key)))
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    season, reason = _season(market)
    volume = float(frame["volume"].sum())
    summary = {
        "places": len(places),
        "sales": int(frame["sales"].sum()),
        "volume": volume,
        "seasonality": [{"month": name, "factor": round(value, 4)} for name, value in season],
        "seasonality_withheld": reason,
        "months_of_inventory": None,
        "months_of_inventory_withheld": _NO_INVENTORY,
        "parcels": sum(stock.values()),
        "areas": [area.as_summary() for area in areas[:500]],
    }
    days = (market.last - market.first).days + 1
    notes = [_NO_INVENTORY]
    if days < _MIN_DAYS:
        notes.append(f"Rates are withheld for periods with less than {_MIN_DAYS} days.")
    sales, where = counted(int(frame["sales"].sum()), "valid sale"), counted(len(places), "place")
    message = f"{sales} for {dollars(volume)} in {where}."
    return AnalysisResult(message, summary, COLUMNS, rows, activity_chart.spec(frame, season, market), areas, notes)


def _cells(market: Market) -> pd.DataFrame:
    read = market.read
    valid = (read["reason"] == "").to_numpy()
    table = pd.DataFrame(
        {
            "place": read["place"].astype(object).to_numpy(),
            "period": periods.of_dates(read["sale_date"], market.step),
            "sales": valid,
            "excluded": ~valid,
            "volume": np.where(valid, read["sale_price"].to_numpy(dtype=float), 0),
        }
    )
    return table.groupby(["place", "period"]).sum()


def _row(key: str, number: int, market: Market, cells: pd.DataFrame, parcels: int | None) -> tuple[Any, ...]:
    start = periods.start(number, market.step)
    end = periods.start(number + 1, market.step)
    first, last = max(start, market.first), min(end, _after(market))
    days = max((last - first).days, 1)  # of the period that were asked for
    at = (key, number)
    sales, excluded, volume = cells.loc[at] if at in cells.index else (0, 0, 0.0)
    total = sales + excluded
    return (
        key,
        periods.name(number, market.step),
        start,
        days,
        int(sales),
        int(excluded),
        float(excluded / total) if total else None,
        float(volume),
        float(sales * 30 / days) if days >= _MIN_DAYS else None,
        parcels,
        float(sales / parcels * _YEAR / days) if parcels and days >= _MIN_DAYS else None,
    )


def _after(market: Market) -> pd.Series:
    return (pd.Timestamp(market.last) + pd.Timedelta(days=1)).date()


def _area(key: str, rows: list[tuple[Any, ...]], parcels: int | None) -> PlaceFigures:
    days = sum(row[3] for row in rows)
    sales = sum(row[4] for row in rows)
    excluded = sum(row[5] for row in rows)
    values = {
        "excluded": excluded,
        "invalid_share": excluded / (sales + excluded) if sales + excluded else None,
        "volume": sum(row[7] for row in rows),
        "sales_per_month": sales * 30 / days if days >= _MIN_DAYS else None,
        "parcels": parcels,
        "turnover": sales / parcels * _YEAR / days if parcels and days >= _MIN_DAYS else None,
    }
    reason = "" if parcels else "no parcels on the roll, so no turnover"
    return PlaceFigures(
        key, sales, values, reason if days >= _MIN_DAYS else f"no rates from less than {_MIN_DAYS} days"
    )


def _season(market: Market) -> tuple[list[tuple[str, float]], str | None]:
    """Of all places together; or why there is none."""
    months = periods.of_dates(market.sales["sale_date"])
    first, last = periods.of_date(market.first), periods.of_date(market.last)
    counts = np.bincount(months - first, minlength=last - first + 1).astype(float)
    try:
        factors = seasonality.factors(counts, first % 12 + 1)
    except InsufficientSales as few:
        return [], str(few)
    return list(zip(calendar.month_name[1:], map(float, factors), strict=True)), None
