"""Which places behave like one: ``stats.similarity`` of their level, trend, stock and turnover, with the reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from market_analysis.analyses.market import (
    PLACE,
    SALES,
    WITHHELD,
    AnalysisResult,
    Market,
    PlaceFigures,
    fewer_than,
    natural,
    number,
)
from market_analysis.analyses.price_trend import per_sqft
from market_analysis.catalogue import ASPECTS
from market_analysis.charts import similarity_chart
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.growth import growth
from market_analysis.stats.similarity import compare
from terrafusion.tables import Column, Kind
from terrafusion.words import counted, unknown

_YEAR = 365.25
FEATURES = {
    # name: aspect, how it is said, the column's kind
    "price_per_sqft": ("level", "Median price per sq ft", Kind.MONEY),
    "yearly_change": ("trend", "Price change a year", Kind.PERCENT),
    "living_area": ("stock", "Median living area, sq ft", Kind.NUMBER),
    "year_built": ("stock", "Median year built", Kind.YEAR),
    "turnover": ("turnover", "Turnover a year", Kind.PERCENT),
}
COLUMNS = (
    PLACE,
    Column("rank", Kind.INTEGER, "Rank"),
    Column("distance", Kind.NUMBER, "Distance", decimals=3),
    *(Column(f"{aspect}_part", Kind.PERCENT, f"Of it by {aspect}") for aspect in ASPECTS),
    *(Column(name, kind, title, decimals=int(kind == Kind.PERCENT)) for name, (_, title, kind) in FEATURES.items()),
    SALES,
    Column("reasons", Kind.TEXT, "Reasons", width=80),
    WITHHELD,
)


def run(market: Market, parameters: dict[str, Any]) -> AnalysisResult:
    """Raises InsufficientSales where the subject has too few sales, or no place is left to compare it with."""
    subject, minimum = parameters["subject"], parameters["min_sales"]
    stock = market.stock()
    table = pd.DataFrame.from_dict(
        {key: _features(sales, stock.get(key), market) for key, sales in market.by_place()}, orient="index"
    )
    if subject not in table.index:
        raise InsufficientSales(unknown("place with valid sales:", subject, available=[*table.index[:20], "..."]))
    compared = table[table["sales"] >= minimum]
    if subject not in compared.index or len(compared) < 2:
        raise InsufficientSales(
            f"{subject} has {counted(int(table.loc[subject, 'sales']), 'sale')}; places with {minimum}: "
            f"{len(compared)}. Ask for a longer period or a lower min_sales."
        )
    names = list(FEATURES)
    compared = compared.astype(dict.fromkeys(names, float))  # a column in which nothing is known has no type
    weights = np.array([_weight(name, parameters) for name in names])
    similar = compare(compared[names].to_numpy(dtype=float), compared.index.get_loc(subject), weights)
    order = sorted(range(len(compared)), key=lambda at: (not np.isfinite(similar.distance[at]), similar.distance[at]))
    rows, areas = [], []
    for rank, at in enumerate(order):
        key, own = str(compared.index[at]), compared.iloc[at]
        parts = _parts(similar.parts[at])
        features = {name: number(own[name]) for name in names}
        distance = number(similar.distance[at])
        reasons = "the subject" if key == subject else _reasons(own, compared.loc[subject], similar.parts[at])
        rows.append((key, rank, distance, *parts.values(), *_typed(features), int(own["sales"]), reasons, None))
        values = {"subject": subject, "rank": rank, "distance": distance, **features, "reasons": reasons}
        areas.append(PlaceFigures(key, int(own["sales"]), values))
    for key in sorted(set(table.index) - set(compared.index), key=natural):
        sales = int(table.loc[key, "sales"])
        rows.append((key, *[None] * (2 + len(ASPECTS) + len(names)), sales, None, fewer_than(minimum)))
        areas.append(PlaceFigures(key, sales, {"subject": subject}, fewer_than(minimum)))
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    others = frame[(frame["place"] != subject) & frame["distance"].notna()]
    if others.empty:
        raise InsufficientSales(f"No other place shares a known feature with {subject}.")
    nearest = others.iloc[0]
    summary = {
        "subject": subject,
        "subject_features": {name: number(compared.loc[subject, name], 4) for name in names},
        "places": len(table),
        "withheld": len(table) - len(compared),
        "most_alike": [
            {
                "place": row.place,
                "distance": round(row.distance, 4),
                "reasons": row.reasons,
                "sales": int(row.sales),
                **{name: number(getattr(row, name), 4) for name in names},
            }
            for row in others.head(20).itertuples()
        ],
    }
    return AnalysisResult(
        f"Most like {subject} is {nearest['place']} (distance {nearest['distance']:.2f}): {nearest['reasons']}.",
        summary,
        COLUMNS,
        rows,
        similarity_chart.spec(others.head(15), market, subject),
        areas,
    )


def _features(sales: pd.DataFrame, parcels: int | None, market: Market) -> dict[str, Any]:
    rate = per_sqft(sales)
    known = np.isfinite(rate)
    days = (market.last - market.first).days + 1
    try:
        change = growth(rate[known], sales["sale_date"][known]).rate
    except InsufficientSales:
        change = None
    return {
        "sales": len(sales),
        "price_per_sqft": float(np.median(rate[known])) if known.any() else None,
        "yearly_change": change,
        "living_area": sales["living_area_sqft"].median(),
        "year_built": sales["year_built"].median(),
        "turnover": len(sales) / parcels * _YEAR / days if parcels else None,
    }


def _typed(features: dict[str, float | None]) -> list[float | None]:
    """A median year between two is given as the earlier one."""
    return [
        value if value is None or FEATURES[name][2] != Kind.YEAR else int(value) for name, value in features.items()
    ]


def _weight(name: str, parameters: dict[str, Any]) -> float:
    """An aspect's weight, shared by its features."""
    aspect = FEATURES[name][0]
    return float(parameters[f"{aspect}_weight"]) / sum(1 for other in FEATURES.values() if other[0] == aspect)


def _parts(parts: NDArray[np.float64]) -> dict[str, float | None]:
    """The share of each aspect in the squared distance."""
    total = float(parts.sum())
    sums = dict.fromkeys(ASPECTS, 0.0)
    for (aspect, _, _), part in zip(FEATURES.values(), parts, strict=True):
        sums[aspect] += float(part)
    return {aspect: value / total if total > 0 else None for aspect, value in sums.items()}


def _reasons(own: pd.Series, subject: pd.Series, parts: NDArray[np.float64]) -> str:
    """In words, what sets it apart most and least."""
    known = [
        (float(part), name)
        for part, name in zip(parts, FEATURES, strict=True)
        if np.isfinite(own[name]) and np.isfinite(subject[name])
    ]
    if not known:
        return "no feature is known of both"
    known.sort()
    alike, apart = known[0][1], known[-1][1]
    return f"alike in {_comparison(alike, own, subject)}; apart in {_comparison(apart, own, subject)}"


def _comparison(name: str, own: pd.Series, subject: pd.Series) -> str:
    _, title, kind = FEATURES[name]
    form = {Kind.MONEY: "${:,.0f}", Kind.PERCENT: "{:.1%}", Kind.YEAR: "{:.0f}"}.get(kind, "{:,.0f}")
    return f"{title.lower()} ({form.format(own[name])} against {form.format(subject[name])})"
