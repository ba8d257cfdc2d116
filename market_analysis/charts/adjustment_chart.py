"""The chart of time adjustments: the factor by month of sale, what is carried ahead dashed, over the sales."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from market_analysis.charts import style

if TYPE_CHECKING:
    import pandas as pd

    from market_analysis.analyses.market import Market


def spec(rows: pd.DataFrame, market: Market, place: str, to: date) -> dict[str, Any]:
    """``rows`` as the table of time adjustments has them, of one place."""
    where = market.title if market.is_county else f"{place}, the place with the most sales"
    values = [
        {
            "day": row.period_start.isoformat(),
            "factor": style.plain(row.factor, 5),
            "low": style.plain(row.low, 5),
            "high": style.plain(row.high, 5),
            "sales": int(row.sales),
            "part": "carried ahead" if row.carried_ahead else "from sales",
        }
        for row in rows.itertuples()
    ]
    known = [value for value in values if value["part"] == "from sales"]
    if known and len(known) < len(values):  # the two parts of the line meet
        values.insert(len(known), {**known[-1], "part": "carried ahead", "sales": 0})
    day = style.day("day", len(values))
    factor = {"type": "quantitative", "scale": {"zero": False}, "title": f"Factor to {to}", "axis": {"format": ".2f"}}
    parts = {
        "field": "part",
        "type": "nominal",
        "title": None,
        "legend": {"orient": "top"},
        "sort": ["from sales", "carried ahead"],
    }
    return style.chart(
        f"Time adjustment to {to}, {where}",
        "A price of that month is multiplied by the factor. Band: interval. Bars: sales.",
        f"Line chart of the factor that brings a price of {where} from each month to {to}, with intervals as a band.",
        data={"values": values},
        vconcat=[
            {
                "width": style.WIDTH,
                "height": style.HEIGHT,
                "layer": [
                    {
                        "mark": {"type": "area", "opacity": 0.25, "color": style.COLORS[0]},
                        "encoding": {"x": day, "y": {**factor, "field": "low"}, "y2": {"field": "high"}},
                    },
                    {
                        "mark": {"type": "rule", "color": style.GREY, "strokeDash": [2, 3]},
                        "encoding": {"y": {"datum": 1}},
                    },
                    {
                        "mark": {"type": "line", "color": style.COLORS[0]},
                        "encoding": {"x": day, "y": {**factor, "field": "factor"}, "strokeDash": parts},
                    },
                ],
            },
            style.counts("day", len(values)),
        ],
        resolve={"scale": {"x": "shared"}},
    )
