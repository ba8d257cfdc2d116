"""How kinds of property differ: class, age band and value tier, by price, growth and activity."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from market_analysis.analyses.market import PLACE, SALES, WITHHELD, AnalysisResult, Market, fewer_than, number
from market_analysis.analyses.price_trend import per_sqft
from market_analysis.charts import segment_chart
from market_analysis.stats import intervals
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.growth import growth
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

KINDS = {"property_class": "Class", "use_code": "Use", "age_band": "Age", "value_tier": "Value tier"}
COLUMNS = (
    PLACE,
    Column("kind", Kind.TEXT, "By"),
    Column("segment", Kind.TEXT, "Segment"),
    SALES,
    Column("share", Kind.PERCENT, "Share of sales"),
    Column("median_price", Kind.MONEY, "Median price"),
    Column("median_price_low", Kind.MONEY, "Median price, from"),
    Column("median_price_high", Kind.MONEY, "Median price, to"),
    Column("median_price_per_sqft", Kind.MONEY, "Median price per sq ft", decimals=2),
    Column("median_living_area", Kind.NUMBER, "Median living area, sq ft", decimals=0),
    Column("yearly_change", Kind.PERCENT, "Price change a year"),
    Column("yearly_change_low", Kind.PERCENT, "Change, from"),
    Column("yearly_change_high", Kind.PERCENT, "Change, to"),
    WITHHELD,
)
_BANDS = (10, 25, 50, 75, 100)  # years of age


def run(market: Market, parameters: dict[str, Any]) -> AnalysisResult:
    """Raises InsufficientSales where no segment has enough sales."""
    rows: list[tuple[Any, ...]] = []
    places = market.places()
    for done, (key, sales) in enumerate(market.by_place()):
        market.report_progress(done / len(places), f"{done:,} of {counted(len(places), 'place')}.")
        for kind in parameters["by"]:
            for segment, part in _split(sales, kind, parameters["tiers"]):
                market.tick()
                rows.append((key, kind, segment, *_row(part, len(sales), parameters)))
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    shown = frame[frame["withheld"].isna()]
    if shown.empty:
        raise InsufficientSales(
            f"No segment has {counted(parameters['min_sales'], 'sale')}: ask for a lower min_sales."
        )
    summary = {
        "places": len(places),
        "withheld": len(frame) - len(shown),
        "segments": [
            {name: number(value, 4) if isinstance(value, float) else value for name, value in row.items()}
            for row in frame.head(1_000).to_dict("records")
        ],
    }
    notes = []
    if "value_tier" in parameters["by"]:
        notes.append(f"Value tiers are {parameters['tiers']} equal parts of the sales of each year and place by price.")
    largest = shown.groupby("place", sort=False)["sales"].sum().idxmax()
    kinds = ", ".join(KINDS[kind].lower() for kind in parameters["by"])
    return AnalysisResult(
        f"{counted(len(shown), 'segment')} of {counted(len(places), 'place')} by {kinds}.",
        summary,
        COLUMNS,
        rows,
        segment_chart.spec(shown[shown["place"] == largest], market, str(largest), KINDS),
        notes=notes,
    )


def _split(sales: pd.DataFrame, kind: str, tiers: int) -> list[tuple[str, pd.DataFrame]]:
    """The segments in their order, each with its sales."""
    if kind == "age_band":
        age = sales["sale_date"].dt.year - sales["year_built"]
        edges = [-1, *_BANDS, np.inf]
        names = ["0-9", *(f"{low}-{high - 1}" for low, high in pairwise(_BANDS)), f"{_BANDS[-1]}+"]
        labels = pd.cut(age.where(age >= 0), edges, right=False, labels=[f"{name} years" for name in names])
    elif kind == "value_tier":
        # By year, so that growth does not fill the tiers with late sales.
        rank = sales.groupby(sales["sale_date"].dt.year)["sale_price"].rank(pct=True, method="first")
        labels = pd.Series(np.ceil(rank * tiers).astype(int).clip(1, tiers), index=sales.index).map(
            lambda tier: f"tier {tier} of {tiers}"
        )
    else:
        labels = sales[kind].astype(object).replace("", "none recorded")
    labels = labels.astype(object).fillna("unknown")
    groups = dict(list(sales.groupby(labels)))
    return [(str(name), groups[name]) for name in sorted(groups, key=_in_order)]


def _in_order(name: str) -> tuple[int, str]:
    digits = "".join(letter if letter.isdigit() else " " for letter in name).split()
    return (int(digits[0]) if digits else 10**9, name)


def _row(sales: pd.DataFrame, total: int, parameters: dict[str, Any]) -> tuple[Any, ...]:
    count, min_sales = len(sales), parameters["min_sales"]
    share = count / total
    if count < min_sales:
        return (count, share, *[None] * 8, fewer_than(min_sales))
    confidence = parameters["confidence"]
    price = sales["sale_price"].to_numpy(dtype=float)
    rate = per_sqft(sales)
    known = np.isfinite(rate)
    low, high = intervals.median(price, confidence) or (None, None)
    try:
        change = growth(rate[known], sales["sale_date"][known], confidence)
        changes: tuple[float | None, ...] = (change.rate, change.low, change.high)
    except InsufficientSales:
        changes = (None, None, None)
    return (
        count,
        share,
        float(np.median(price)),
        low,
        high,
        float(np.median(rate[known])) if known.sum() >= min_sales else None,
        number(sales["living_area_sqft"].median()),
        *changes,
        None,
    )
