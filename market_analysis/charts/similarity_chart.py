"""The chart of comparable areas: bars of the distance, cut by what makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from market_analysis.catalogue import ASPECTS
from market_analysis.charts import style
from terrafusion.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from market_analysis.analyses.market import Market


def spec(rows: pd.DataFrame, market: Market, subject: str) -> dict[str, Any]:
    """``rows`` as the table of comparable areas has them, the most alike first."""
    values = [
        {
            "place": row.place,
            "aspect": aspect,
            "order": ASPECTS.index(aspect),
            "part": style.plain(row.distance * (getattr(row, f"{aspect}_part") or 0), 4),
        }
        for row in rows.itertuples()
        for aspect in ASPECTS
    ]
    return style.chart(
        f"Areas most like {subject}, {market.title}",
        "Distance, 1 being that of two typical places, by what makes it.",
        f"Bar chart of the {counted(len(rows), 'place')} most like {subject}: distance in level, trend, stock and "
        "turnover.",
        width=style.WIDTH,
        height={"step": 24},
        data={"values": values},
        mark={"type": "bar"},
        encoding={
            "y": {"field": "place", "type": "nominal", "title": None, "sort": list(rows["place"])},
            "x": {"field": "part", "type": "quantitative", "title": "Distance", "stack": "zero"},
            "order": {"field": "order", "type": "quantitative"},
            "color": {
                "field": "aspect",
                "type": "nominal",
                "title": None,
                "sort": list(ASPECTS),
                "scale": {"domain": list(ASPECTS), "range": list(style.COLORS[:4])},
                "legend": {"orient": "top"},
            },
        },
    )
