"""The chart of segments: the median price and its growth side by side, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from market_analysis.charts import style
from terrafusion.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from market_analysis.analyses.market import Market

_MAXIMUM = 30


def spec(rows: pd.DataFrame, market: Market, place: str, kinds: dict[str, str]) -> dict[str, Any]:
    """``rows`` as the table of segments has them, those of one place that are not withheld."""
    where = market.title if market.is_county else f"{place}, the place with the most sales"
    shown = rows.head(_MAXIMUM)
    values = [
        {
            "segment": f"{kinds[row.kind]}: {row.segment}",
            "kind": kinds[row.kind],
            "sales": f"{counted(int(row.sales), 'sale')}",
            "price": style.plain(row.median_price, 0),
            "price low": style.plain(row.median_price_low, 0),
            "price high": style.plain(row.median_price_high, 0),
            "change": style.plain(row.yearly_change, 5),
            "change low": style.plain(row.yearly_change_low, 5),
            "change high": style.plain(row.yearly_change_high, 5),
        }
        for row in shown.itertuples()
    ]
    order = [f"{kinds[row.kind]}: {row.segment}" for row in shown.itertuples()]
    left = _dots("price", "Median price", "$,.0f", order, with_labels=True)
    right = _dots("change", "Change of price per sq ft a year", ".1%", order, with_labels=False)
    return style.chart(
        f"Market segments, {where}",
        "Dots with intervals; the number of sales beside them.",
        f"Dot chart of the median price and its yearly change for {counted(len(values), 'segment')} of {where}.",
        data={"values": values},
        hconcat=[left, right],
    )


def _dots(field: str, title: str, form: str, order: list[str], *, with_labels: bool) -> dict[str, Any]:
    y = {"field": "segment", "type": "nominal", "title": None, "sort": order, "axis": {"labelLimit": 220, "grid": True}}
    if not with_labels:
        y["axis"] = {"labels": False, "ticks": False, "grid": True}
    x = {"type": "quantitative", "title": title, "scale": {"zero": False}, "axis": {"format": form, "tickCount": 5}}
    color = {"field": "kind", "type": "nominal", "legend": None}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {"y": y, "x": {**x, "field": f"{field} low"}, "x2": {"field": f"{field} high"}, "color": color},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {"y": y, "x": {**x, "field": field}, "color": color},
        },
    ]
    if not with_labels:
        layers.append(
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 10, "color": style.GREY},
                "encoding": {"y": y, "x": {"value": "width"}, "text": {"field": "sales"}},
            }
        )
    return {"width": 260, "height": {"step": 26}, "layer": layers}
