"""The chart of price indices: lines with the interval of the first as a band, and the sales behind it as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from market_analysis.charts import style
from market_analysis.stats.price_index import TITLES

if TYPE_CHECKING:
    import pandas as pd

    from market_analysis.analyses.market import Market


def spec(rows: pd.DataFrame, market: Market, methods: list[str], place: str) -> dict[str, Any]:
    """``rows`` as the table of the price index has them, of which those of one place are drawn."""
    shown = rows[(rows["place"] == place) & rows["period_start"].notna()]
    where = market.title if market.is_county else f"{place}, the place with the most sales"
    lines = [
        {
            "day": row.period_start.isoformat(),
            "method": TITLES[row.method],
            "index": style.plain(row.index_),
            "low": style.plain(row.low),
            "high": style.plain(row.high),
        }
        for row in shown.rename(columns={"index": "index_"}).itertuples()
    ]
    first = TITLES[methods[0]]
    counts = [
        {"day": row.period_start.isoformat(), "sales": int(row.sales)}
        for row in shown[shown["method"] == methods[0]].itertuples()
    ]
    base = shown["period"].iloc[0] if len(shown) else ""
    day = style.day("day", len(counts))
    color = {
        "field": "method",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [TITLES[method] for method in methods], "range": list(style.COLORS[: len(methods)])},
        "legend": {"orient": "top", "symbolStrokeWidth": 3},
    }
    dash = {"field": "method", "type": "nominal", "legend": None, "sort": [TITLES[method] for method in methods]}
    scale = {"zero": False, "domain": _domain(lines), "nice": True}
    index = {"type": "quantitative", "scale": scale, "title": f"Index, {base} = 100"}
    return style.chart(
        f"Price index, {where}",
        f"Band: interval of the first index, {first}. Bars: the sales behind it.",
        f"Line chart of price indices of {where} by {', '.join(TITLES[method].lower() for method in methods)}, "
        f"with {base} as 100, over bars of the number of sales.",
        data={"values": lines},
        vconcat=[
            {
                "width": style.WIDTH,
                "height": style.HEIGHT,
                "layer": [
                    {
                        "transform": [{"filter": {"field": "method", "equal": first}}],
                        "mark": {"type": "area", "opacity": 0.2, "color": style.COLORS[0], "clip": True},
                        "encoding": {"x": day, "y": {**index, "field": "low"}, "y2": {"field": "high"}},
                    },
                    {
                        "mark": {"type": "line", "invalid": "break-paths-show-domains"},
                        "encoding": {"x": day, "y": {**index, "field": "index"}, "color": color, "strokeDash": dash},
                    },
                ],
            },
            {**style.counts("day", len(counts)), "data": {"values": counts}},
        ],
        resolve={"scale": {"x": "shared"}},
    )


def _domain(lines: list[dict[str, Any]]) -> list[float]:
    """Of the lines and half their height on both sides: one month of few sales must not flatten all the others."""
    values = [line["index"] for line in lines if line["index"] is not None] or [100.0]
    bounds = [line[end] for line in lines for end in ("low", "high") if line[end] is not None] or values
    margin = max((max(values) - min(values)) / 2, 5.0)
    low, high = min(values) - margin, max(values) + margin
    return [max(min(bounds), low), min(max(bounds), high)]
