"""Where prices, or assessed values against prices, are high or low: ``stats.hot_spots`` over the places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from market_analysis.analyses.market import (
    PLACE,
    SALES,
    WITHHELD,
    AnalysisResult,
    Market,
    PlaceFigures,
    fewer_than,
    number,
)
from market_analysis.analyses.price_trend import per_sqft
from market_analysis.charts import map_chart
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.hot_spots import HotSpots, hot_spots
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

COLUMNS = (
    PLACE,
    SALES,
    Column("value", Kind.NUMBER, "Figure"),
    Column("neighbors", Kind.INTEGER, "Neighbors"),
    Column("z", Kind.NUMBER, "z of Gi*"),
    Column("p", Kind.NUMBER, "p of Gi*", decimals=4),
    Column("spot", Kind.TEXT, "Spot"),
    Column("moran", Kind.NUMBER, "Local Moran's I", decimals=3),
    Column("moran_p", Kind.NUMBER, "p of Moran's I", decimals=4),
    Column("cluster", Kind.TEXT, "Cluster"),
    WITHHELD,
)
CLUSTERS = ("high-high", "low-low", "high-low", "low-high")
_NO_FIGURES: dict[str, Any] = {column.name: None for column in COLUMNS[2:-1]}
MEASURES = {
    "price_per_sqft": "Median price per sq ft",
    "price": "Median price",
    "ratio": "Median assessed value / price",
}


def run(market: Market, parameters: dict[str, Any]) -> AnalysisResult:
    """Raises InsufficientSales where too few places have a figure and a neighbor."""
    measure, min_sales = parameters["measure"], parameters["min_sales"]
    table = _by_place(market, measure)
    market.report_progress(0.1, "Drawing the places.")
    outlines = {key: shapely.from_wkb(wkb) for key, wkb in market.outlines(list(table.index)).items()}
    table["withheld"] = [
        _withheld(count, min_sales, has_outline=key in outlines) for key, count in table["sales"].items()
    ]
    compared = table[table["withheld"] == ""]
    if compared.empty:
        raise InsufficientSales(f"No place has {counted(min_sales, 'sale')} with a {measure}.")
    market.report_progress(0.3, f"Comparing {counted(len(compared), 'place')} with their neighbors.")
    spots = hot_spots(
        compared["value"].to_numpy(dtype=float),
        np.array([outlines[key] for key in compared.index], dtype=object),
        weights=parameters["neighbors"],
        nearest=parameters["nearest"],
        alpha=parameters["alpha"],
        permutations=parameters["permutations"],
    )
    table.loc[compared.index[spots.neighbors == 0], "withheld"] = "no neighbor has a figure"
    figures = _figures_of_places(compared, spots)
    rows = [
        (key, int(count), *(_NO_FIGURES if reason else figures[key]).values(), reason or None)
        for key, count, reason in table[["sales", "withheld"]].itertuples()
    ]
    areas = [
        PlaceFigures(key, int(count), {} if reason else figures[key], reason)
        for key, count, reason in table[["sales", "withheld"]].itertuples()
    ]
    summary = _summary(table, spots) | {"measure": MEASURES[measure]}
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    return AnalysisResult(
        _message(summary),
        summary,
        COLUMNS,
        rows,
        map_chart.spec(frame, outlines, market, summary["measure"], parameters["alpha"]),
        areas,
        [] if summary["tested"] >= 30 else ["Fewer than 30 places: what stands out among so few says little."],
    )


def _by_place(market: Market, measure: str) -> pd.DataFrame:
    """Of each place with a sale, in the order of the places: ``sales`` with a figure, and the median ``value``."""
    sales = market.sales.assign(figure=_figures(market.sales, measure))
    sales = sales[np.isfinite(sales["figure"]) & (sales["place"] != "")]
    groups = sales.groupby(sales["place"].astype(object))["figure"]
    table = pd.DataFrame({"sales": groups.size(), "value": groups.median()})
    every = market.sales["place"].astype(object)
    table = table.reindex([key for key in market.places() if (every == key).any()])
    table["sales"] = table["sales"].fillna(0).astype(int)
    return table


def _withheld(sales: int, min_sales: int, *, has_outline: bool) -> str:
    """Why a place is not compared; empty where it is."""
    if sales < min_sales:
        return fewer_than(min_sales)
    return "" if has_outline else "no outline"


def _figures_of_places(compared: pd.DataFrame, spots: HotSpots) -> dict[Any, dict[str, Any]]:
    """The columns between the sales and the reason, of each place that was compared."""
    return {
        key: {
            "value": number(value),
            "neighbors": int(spots.neighbors[at]),
            "z": number(spots.z[at]),
            "p": number(spots.p[at]),
            "spot": spots.spot[at] or "none",
            "moran": number(spots.moran[at]),
            "moran_p": number(spots.moran_p[at]),
            "cluster": spots.cluster[at] or "none",
        }
        for at, (key, value) in enumerate(compared["value"].items())
    }


def _summary(table: pd.DataFrame, spots: HotSpots) -> dict[str, Any]:
    return {
        "places": len(table),
        "tested": int((spots.neighbors > 0).sum()),
        "withheld": int((table["withheld"] != "").sum()),
        "hot_spots": int((spots.spot == "hot").sum()),
        "cold_spots": int((spots.spot == "cold").sum()),
        "clusters": {name: int((spots.cluster == name).sum()) for name in CLUSTERS},
        "threshold_p": number(spots.threshold),
        "threshold_moran_p": number(spots.moran_threshold),
    }


def _message(summary: dict[str, Any]) -> str:
    places = counted(summary["tested"], "place")
    return f"{summary['hot_spots']} hot and {summary['cold_spots']} cold of {places} by {summary['measure'].lower()}."


def _figures(sales: pd.DataFrame, measure: str) -> pd.Series:
    price = sales["sale_price"].to_numpy(dtype=float)
    if measure == "price":
        return price
    if measure == "ratio":
        value = sales["total_value"].to_numpy(dtype=float)
        return np.where(value > 0, value, np.nan) / price
    return per_sqft(sales)
