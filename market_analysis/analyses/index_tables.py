"""The tables beside a price index: the resales, the indices by value tier, and those shrunk toward the county's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from market_analysis.analyses.market import (
    PERIOD,
    PLACE,
    SALES,
    START,
    WITHHELD,
    Market,
    PlaceFigures,
    fewer_than,
    number,
)
from market_analysis.stats import pairs, periods, price_index, shrinkage, tiers
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.price_index import PriceIndex
from terrafusion.tables import Column, Kind

RESALES = (
    PLACE,
    Column("parcel_number", Kind.TEXT, "Parcel"),
    Column("sold", Kind.DATE, "Sold"),
    Column("price", Kind.MONEY, "For"),
    Column("sold_again", Kind.DATE, "Sold again"),
    Column("price_again", Kind.MONEY, "For"),
    Column("days", Kind.INTEGER, "Days between"),
    Column("change", Kind.PERCENT, "Change of the price"),
    Column("left_out", Kind.TEXT, "Left out of the index because", width=40),
)
TIERS = (
    PLACE,
    Column("tier", Kind.TEXT, "Value tier"),
    PERIOD,
    START,
    Column("index", Kind.NUMBER, "Index"),
    Column("low", Kind.NUMBER, "From"),
    Column("high", Kind.NUMBER, "To"),
    SALES,
    WITHHELD,
)
SHRUNK = (
    PLACE,
    PERIOD,
    START,
    Column("base_period", Kind.TEXT, "Base", width=10),
    Column("shrunk", Kind.NUMBER, "Index, shrunk toward the county's"),
    Column("low", Kind.NUMBER, "From"),
    Column("high", Kind.NUMBER, "To"),
    Column("index", Kind.NUMBER, "Own index"),
    Column("county_index", Kind.NUMBER, "County's index"),
    Column("own_weight", Kind.PERCENT, "Weight of its own"),
    WITHHELD,
)
SHRUNK_ARE = (
    "The shrunk index lies between the place's own and that of all places together, the nearer to the latter the less "
    "the place's own sales decide; where a place has few, it misses by less. Own weight 0% is the index of all places."
)
"""What ``SHRUNK`` shows, for readers."""
_UNSOUND = {
    "": None,
    "short_hold": f"sold again within {pairs.SHORTEST_HOLD} days",
    "changed": "the property changed between the sales",
    "extreme_change": f"its price changed by {pairs.MAX_RISE:.0%} a year more or less than the median pair's",
}


def resales(market: Market) -> Iterator[tuple[Any, ...]]:
    """Every pair of sales of one parcel, and why an index leaves it out."""
    sales = market.sales
    try:
        every = pairs.pairs(sales, market.step)
    except InsufficientSales:
        return
    reasons = pairs.unsound(sales, every)
    place, parcel = (sales[name].astype(object).to_numpy() for name in ("place", "parcel_number"))
    day, price = sales["sale_date"].dt.date.to_numpy(), sales["sale_price"].to_numpy()
    for before, after, days, reason in zip(*every.rows, every.days, reasons, strict=True):
        change = float(price[after] / price[before] - 1)
        ends = (day[before], int(price[before]), day[after], int(price[after]))
        yield (place[after] or None, parcel[after], *ends, int(days), change, _UNSOUND[reason])


def withheld(index: PriceIndex, at: int, min_sales: int) -> str:
    """Why the period ``at`` of an index is not shown; empty where it is."""
    count = int(index.sales[at])
    if count == 0:
        return "no sales"
    if not np.isfinite(index.log[at]):
        return "its sales do not decide its level against the first period"
    if at == 0:
        return ""
    if count < min_sales:
        return fewer_than(min_sales)
    return "" if np.isfinite(index.error[at]) else "too few sales for an interval"


def by_tier(
    place: str, sales: pd.DataFrame, method: str, market: Market, parameters: dict[str, Any]
) -> tuple[list[tuple[Any, ...]], list[dict[str, Any]], str]:
    """Rows of ``TIERS``; what the summary says of each tier's last period; whether the tiers moved alike."""
    count, rows, entries, last = parameters["value_tiers"], [], [], []
    try:
        tier = tiers.of_sales(sales, count, market.step)
    except InsufficientSales as few:
        return [(place, None, *[None] * 5, len(sales), str(few))], [{"place": place, "withheld": str(few)}], ""
    for at in range(1, count + 1):
        market.tick()
        name, part = f"tier {at} of {count}", sales[(tier == at).to_numpy()]
        try:
            index = price_index.by_method(method, part, market.step, tick=market.tick)
        except InsufficientSales as few:
            rows.append((place, name, *[None] * 5, len(part), str(few)))
            entries.append({"place": place, "tier": name, "sales": len(part), "withheld": str(few)})
            continue
        shown = list(_points(index, parameters))
        rows.extend((place, name, *row) for row in shown)
        entries.append({"place": place, "tier": name, "method": method, "sales": len(part), **_last(index, shown)})
        if not shown[-1][-1]:
            last.append((index.first, index.first + len(index.log), index.log[-1], index.error[-1]))
    same = len(last) == count > 1 and len({ends[:2] for ends in last}) == 1
    logs, errors = (np.array([ends[at] for ends in last]) for at in (2, 3))
    return rows, entries, tiers.alike(logs, errors).text if same and (errors > 0).all() else ""


def _points(index: PriceIndex, parameters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    low, high = index.interval(parameters["confidence"])
    for at, value in enumerate(index.value):
        period = index.first + at
        reason = withheld(index, at, parameters["min_sales"])
        figures = [None] * 3 if reason else [float(value), number(low[at]), number(high[at])]
        start = periods.start(period, index.step)
        yield (periods.name(period, index.step), start, *figures, int(index.sales[at]), reason or None)


def _last(index: PriceIndex, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    shown = [row for row in rows[1:] if row[-1] is None]
    if not shown:
        return {"withheld": "No later period has enough sales."}
    period, _, value, low, high, *_ = shown[-1]
    ends = [number(low, 3), number(high, 3)]
    return {
        "base_period": periods.name(index.first, index.step),
        "period": period,
        "index": number(value, 3),
        "interval": ends,
    }


def toward_county(
    indices: dict[str, PriceIndex | None], method: str, market: Market, parameters: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Rows of ``SHRUNK``: of each place and later period, whether the place has an index of its own or not."""
    try:
        county = price_index.by_method(method, market.sales, market.step, tick=market.tick)
    except InsufficientSales as few:
        return [(key, *[None] * 9, f"no index of all places together: {few}") for key in indices]
    bases = np.array([index.first if index else county.first for index in indices.values()])
    half = stats.norm.ppf(0.5 + parameters["confidence"] / 2)
    rows: dict[str, list[tuple[Any, ...]]] = {key: [] for key in indices}
    for period in range(county.first + 1, county.first + len(county.log)):
        market.tick()
        named = (periods.name(period, market.step), periods.start(period, market.step))
        level, error = _against(county, period, bases)
        own = np.array([_own(index, period, parameters["min_sales"]) for index in indices.values()])
        later = period > bases
        years = np.maximum(period - bases, 1) * periods.MONTHS[market.step] / 12
        reason = withheld(county, period - county.first, parameters["min_sales"])
        try:
            shrunk = shrinkage.shrink(np.where(later, own[:, 0] - level, np.nan), own[:, 1], years)
        except InsufficientSales as few:
            reason = reason or str(few)
        for place, key in enumerate(indices):
            why = reason or ("" if later[place] and np.isfinite(level[place]) else "its index begins later")
            if why:
                rows[key].append((key, *named, *[None] * 7, why))
                continue
            log, weight = level[place] + shrunk.log[place], shrunk.weight[place]
            spread = half * np.hypot(shrunk.error[place], (1 - weight) * error[place])
            ends = (log, log - spread, log + spread, own[place, 0], level[place])
            base = periods.name(int(bases[place]), market.step)
            rows[key].append((key, *named, base, *(number(100 * np.exp(end)) for end in ends), float(weight), None))
    return [row for own_rows in rows.values() for row in own_rows]


def last_shrunk(rows: list[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """What the summary says of the last period of each place that is shown."""
    last = {row[0]: row for row in rows if row[-1] is None}
    for place, period, _, base, value, low, high, own, _, weight, _ in last.values():
        yield {
            "place": place,
            "base_period": base,
            "period": period,
            "index": number(value, 3),
            "interval": [number(low, 3), number(high, 3)],
            "own_index": number(own, 3),
            "own_weight": number(weight, 3),
        }


def with_shrunk(area: PlaceFigures, entry: dict[str, Any] | None) -> PlaceFigures:
    """The area with what ``last_shrunk`` has of its place."""
    if entry is None:
        return area
    low, high = entry["interval"]
    figures = {"shrunk": entry["index"], "shrunk_low": low, "shrunk_high": high}
    figures |= {"shrunk_period": entry["period"], "own_weight": entry["own_weight"]}
    return replace(area, values={**area.values, **figures})


def _own(index: PriceIndex | None, period: int, min_sales: int) -> tuple[float, float]:
    """The place's own log index and its standard error; NaN where none is shown."""
    at = period - index.first if index else 0
    if index is None or not 0 < at < len(index.log) or withheld(index, at, min_sales):
        return np.nan, np.nan
    return float(index.log[at]), float(index.error[at])


def _against(
    county: PriceIndex, period: int, bases: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The county's log index of a period against each place's base, and its standard error at most."""
    at, base = period - county.first, bases - county.first
    inside = (base >= 0) & (base < len(county.log))
    base = np.where(inside, base, 0)
    level = np.where(inside, county.log[at] - county.log[base], np.nan)
    return level, np.hypot(county.error[at], county.error[base])
