"""The chart of prices by period: the median with its interval, over the number of sales; places side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from market_analysis.charts import style
from terrafusion.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from market_analysis.analyses.market import Market

_MAX_PLACES = 12


def spec(rows: pd.DataFrame, market: Market) -> dict[str, Any]:
    """``rows`` as the table of the price trend has them, withheld ones included: they break the line."""
    largest = rows.groupby("place", sort=False)["sales"].sum().sort_values(ascending=False, kind="stable")
    places = [str(key) for key in largest.index[:_MAX_PLACES]]
    values = [
        {
            "place": row.place,
            "day": row.period_start.isoformat(),
            "median": style.plain(row.median_price, 0),
            "low": style.plain(row.median_price_low, 0),
            "high": style.plain(row.median_price_high, 0),
            "sales": int(row.sales),
        }
        for row in rows[rows["place"].isin(places)].itertuples()
    ]
    alone = len(places) == 1
    where = market.title if market.is_county else f"the {counted(len(places), 'place')} with the most sales"
    if alone and not market.is_county:
        where = places[0]
    price = {"type": "quantitative", "scale": {"zero": False}, "axis": {"format": "$,.0f", "tickCount": 5}}
    day = style.day("day", len(values))
    lines = [
        {
            "mark": {"type": "area", "opacity": 0.25, "color": style.COLORS[0], "invalid": "break-paths-show-domains"},
            "encoding": {"x": day, "y": {**price, "field": "low", "title": "Median price"}, "y2": {"field": "high"}},
        },
        {
            "mark": {
                "type": "line",
                "color": style.COLORS[0],
                "invalid": "break-paths-show-domains",
                "point": {"size": 12},
            },
            "encoding": {"x": day, "y": {**price, "field": "median"}},
        },
    ]
    texts = (
        f"Median sale price, {where}",
        "Band: interval. A gap is a period with too few sales.",
        f"Line chart of the median sale price of {where} by {market.step}, with intervals as a band.",
    )
    if not alone:
        small = {"width": 190, "height": 110, "layer": lines}
        facet = {"field": "place", "type": "nominal", "title": None, "sort": places}
        return style.chart(*texts, data={"values": values}, facet=facet, columns=3, spec=small)
    return style.chart(
        *texts,
        data={"values": values},
        vconcat=[{"width": style.WIDTH, "height": style.HEIGHT, "layer": lines}, style.counts("day", len(values))],
        resolve={"scale": {"x": "shared"}},
    )
