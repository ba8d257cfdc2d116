"""Where prices, or assessed values against prices, are high or low: ``stats.hot_spots`` over the places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from market_analysis.analyses.market import PLACE, SALES, WITHHELD, Area, Market, Result, fewer_than, number
from market_analysis.analyses.price_trend import per_sqft
from market_analysis.charts import map_chart
from market_analysis.stats.errors import TooFewSales
from market_analysis.stats.hot_spots import hot_spots
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

COLUMNS = (
    PLACE,
    SALES,
    Column("value", Kind.NUMBER, "Figure"),
    Column("neighbours", Kind.INTEGER, "Neighbors"),
    Column("z", Kind.NUMBER, "z of Gi*"),
    Column("p", Kind.NUMBER, "p of Gi*", decimals=4),
    Column("spot", Kind.TEXT, "Spot"),
    Column("moran", Kind.NUMBER, "Local Moran's I", decimals=3),
    Column("moran_p", Kind.NUMBER, "p of Moran's I", decimals=4),
    Column("cluster", Kind.TEXT, "Cluster"),
    WITHHELD,
)
MEASURES = {
    "price_per_sqft": "Median price per sq ft",
    "price": "Median price",
    "ratio": "Median assessed value / price",
}


def run(market: Market, parameters: dict[str, Any]) -> Result:
    """Raises TooFewSales where too few places have a figure and a neighbor."""
    sales = market.sales.assign(figure=_figures(market.sales, parameters["measure"]))
    sales = sales[np.isfinite(sales["figure"]) & (sales["place"] != "")]
    groups = sales.groupby(sales["place"].astype(object))["figure"]
    table = pd.DataFrame({"sales": groups.size(), "value": groups.median()})
    every = market.sales["place"].astype(object)
    table = table.reindex([key for key in market.places() if (every == key).any()])
    table["sales"] = table["sales"].fillna(0).astype(int)
    market.tell(0.1, "Drawing the places.")
    outlines = {key: shapely.from_wkb(wkb) for key, wkb in market.outlines(list(table.index)).items()}
    withheld = {
        key: fewer_than(parameters["fewest_sales"])
        if count < parameters["fewest_sales"]
        else ""
        if key in outlines
        else "no outline"
        for key, count in table["sales"].items()
    }
    compared = [key for key in table.index if not withheld[key]]
    if not compared:
        raise TooFewSales(f"No place has {counted(parameters['fewest_sales'], 'sale')} with a {parameters['measure']}.")
    market.tell(0.3, f"Comparing {counted(len(compared), 'place')} with their neighbors.")
    found = hot_spots(
        table.loc[compared, "value"].to_numpy(dtype=float),
        np.array([outlines[key] for key in compared], dtype=object),
        weights=parameters["neighbours"],
        nearest=parameters["nearest"],
        alpha=parameters["alpha"],
        permutations=parameters["permutations"],
    )
    rows, areas = [], []
    place_of = {key: at for at, key in enumerate(compared)}
    for key, count, value in table[["sales", "value"]].itertuples():
        at = place_of.get(key)
        reason = withheld[key]
        if at is not None and not found.neighbours[at]:
            reason = "no neighbor has a figure"
        figures: dict[str, Any] = {column.name: None for column in COLUMNS[2:-1]}
        if not reason and at is not None:
            figures = {
                "value": number(value),
                "neighbours": int(found.neighbours[at]),
                "z": number(found.z[at]),
                "p": number(found.p[at]),
                "spot": found.spot[at] or "none",
                "moran": number(found.moran[at]),
                "moran_p": number(found.moran_p[at]),
                "cluster": found.cluster[at] or "none",
            }
        rows.append((key, int(count), *figures.values(), reason or None))
        areas.append(Area(key, int(count), {} if reason else figures, reason))
    hot, cold = int((found.spot == "hot").sum()), int((found.spot == "cold").sum())
    title = MEASURES[parameters["measure"]]
    summary: dict[str, Any] = {
        "places": len(rows),
        "tested": int((found.neighbours > 0).sum()),
        "withheld": sum(1 for row in rows if row[-1]),
        "hot_spots": hot,
        "cold_spots": cold,
        "clusters": {
            name: int((found.cluster == name).sum()) for name in ("high-high", "low-low", "high-low", "low-high")
        },
        "threshold_p": number(found.threshold),
        "threshold_moran_p": number(found.moran_threshold),
        "measure": title,
    }
    notes = [] if summary["tested"] >= 30 else ["Fewer than 30 places: what stands out among so few says little."]
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
    return Result(
        f"{hot} hot and {cold} cold of {counted(summary['tested'], 'place')} by {title.lower()}.",
        summary,
        COLUMNS,
        rows,
        map_chart.spec(frame, outlines, market, title, parameters["alpha"]),
        areas,
        notes,
    )


def _figures(sales: pd.DataFrame, measure: str) -> Any:
    price = sales["sale_price"].to_numpy(dtype=float)
    if measure == "price":
        return price
    if measure == "ratio":
        value = sales["total_value"].to_numpy(dtype=float)
        return np.where(value > 0, value, np.nan) / price
    return per_sqft(sales)
