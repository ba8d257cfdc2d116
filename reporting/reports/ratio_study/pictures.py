"""A ratio study's charts and its map. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reporting.document import blocks as b
from reporting.maps.names import label_outlines
from reporting.maps.sheet import RATIOS, Extent, MapSheet
from terrafusion.words import counted

if TYPE_CHECKING:
    import pandas as pd

MAX_DOTS = 4_000


def charts(sales: pd.DataFrame, level: float = 1.0) -> Iterator[b.Chart]:
    """The ratios' histogram, and the ratio against the value; of values over their level, where that is not 1."""
    stated = sales["value"] / sales["level"]
    ratio = (stated / sales["price"]).to_numpy(dtype=float)
    what = "Ratio" if level == 1 else f"Ratio over the level of {level:.3f}"
    edges = np.arange(0.5, 1.5001, 0.05)
    counts, _ = np.histogram(np.clip(ratio, 0.5001, 1.4999), edges)
    median = float(np.median(ratio))
    bars = [
        {"from": round(float(low), 2), "to": round(float(low) + 0.05, 2), "sales": int(count)}
        for low, count in zip(edges[:-1], counts, strict=True)
    ]
    inside = float(np.mean((ratio >= 0.9) & (ratio <= 1.1)))
    yield b.Chart(
        "ratio_histogram",
        "Ratios of value to price",
        {
            "width": 560,
            "height": 150,
            "data": {"values": bars},
            "layer": [
                {
                    "mark": {"type": "bar", "tooltip": False},
                    "encoding": {
                        "x": {
                            "field": "from",
                            "type": "quantitative",
                            "bin": {"binned": True, "step": 0.05},
                            "title": what,
                        },
                        "x2": {"field": "to"},
                        "y": {"field": "sales", "type": "quantitative", "title": "Sales"},
                    },
                },
                {
                    "mark": {"type": "rule", "color": "#d9812b", "strokeWidth": 2},
                    "encoding": {"x": {"datum": round(median, 4)}},
                },
            ],
        },
        f"Histogram of {counted(len(ratio), 'ratio')}. The median is {median:.3f}; {inside:.0%} lie from 0.90 to 1.10.",
        "The line is the median. Ratios below 0.50 and above 1.50 are in the outermost bars.",
    )
    worth = (0.5 * sales["price"] + 0.5 * stated / median).to_numpy(dtype=float)
    order = np.argsort(worth, kind="stable")
    bands = [part for part in np.array_split(order, min(10, max(1, len(order) // 20))) if len(part)]
    points = [
        {
            "worth": round(float(np.median(worth[part]))),
            "median": round(float(np.median(ratio[part])), 4),
            "low": round(float(np.quantile(ratio[part], 0.25)), 4),
            "high": round(float(np.quantile(ratio[part], 0.75)), 4),
            "sales": len(part),
        }
        for part in bands
    ]
    yield b.Chart(
        "ratio_by_value",
        "Ratio by value",
        {
            "width": 560,
            "height": 150,
            "data": {"values": points},
            "encoding": {
                "x": {
                    "field": "worth",
                    "type": "quantitative",
                    "title": "Worth in dollars (half price, half value)",
                    "axis": {"format": "~s"},
                    "scale": {"type": "log", "nice": False, "padding": 10},
                }
            },
            "layer": [
                {
                    "mark": {"type": "rule", "color": "#9bb3c9", "strokeWidth": 3},
                    "encoding": {
                        "y": {"field": "low", "type": "quantitative", "title": what, "scale": {"zero": False}},
                        "y2": {"field": "high"},
                    },
                },
                {
                    "mark": {"type": "line", "point": {"size": 50}},
                    "encoding": {"y": {"field": "median", "type": "quantitative"}},
                },
            ],
        },
        f"The median ratio of the lowest-value sales is {points[0]['median']:.3f}, "
        f"that of the most expensive {points[-1]['median']:.3f}.",
        "Each point is the median of an equal share of the sales, the bar their middle half. A level line treats cheap "
        "and expensive alike.",
    )


def ratio_map(places: Sequence[tuple[float, float, float]], outlines: Sequence[Any]) -> b.Map | None:
    """Sales by their ratio, over the neighborhoods; None where no sale has a place."""
    if not places:
        return None
    step = -(-len(places) // MAX_DOTS)
    shown_places = places[::step]
    xs, ys = [place[0] for place in shown_places], [place[1] for place in shown_places]
    sheet = MapSheet(Extent(min(xs), min(ys), max(xs), max(ys)).shaped(1.25, min_width=1_000.0), 480)
    for outline in outlines:
        sheet.rings(outline.rings, "#f1f1ec", "#b0b0b0")
    for x, y, ratio in shown_places:
        sheet.dot(x, y, RATIOS.color(ratio))
    label_outlines(sheet, outlines)
    thin = f" One sale in {step} is drawn." if step > 1 else ""
    low = sum(ratio < 0.95 for *_, ratio in places) / len(places)
    high = sum(ratio >= 1.05 for *_, ratio in places) / len(places)
    return b.Map(
        "ratio_map",
        "Where the ratios are",
        sheet.svg(RATIOS.keys(dot=True)),
        f"Map of {counted(len(places), 'sale')}: {low:.0%} have a ratio below 0.95, {high:.0%} one of 1.05 or more.",
        f"Sales of the county's records at the points of their parcels; up is grid north.{thin}",
    )
