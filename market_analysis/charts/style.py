"""How every chart looks: colors that people with any color vision can distinguish, type, sizes. Vega-Lite 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
WIDTH, HEIGHT = 640, 300
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
"""Okabe and Ito, Color Universal Design (2008); the last one is ours."""
GREY = "#6B6B6B"
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_CONFIG = {
    "font": _FONT,
    "background": "white",
    "view": {"stroke": None},
    "axis": {"grid": True, "gridColor": "#E5E5E5", "domainColor": GREY, "tickColor": GREY, "labelFontSize": 11},
    "axisX": {"grid": False},
    "title": {"anchor": "start", "fontSize": 15, "subtitleFontSize": 11.5, "subtitleColor": "#444444", "offset": 12},
    "legend": {"labelFontSize": 11, "titleFontSize": 11, "labelLimit": 260},
    "range": {"category": list(COLORS)},
    "line": {"strokeWidth": 2},
}


def day(field: str, bars: int) -> dict[str, Any]:
    """A time axis that is labeled by years; days are read as UTC, in which they are drawn. At its ends there is room
    for half of one of so many bars, which stand on their days."""
    axis = {"format": "%Y", "tickCount": "year", "labelAlign": "center"}
    scale = {"type": "utc", "padding": round(bar_width(bars) / 2 + 2)}
    return {"field": field, "type": "temporal", "title": None, "scale": scale, "axis": axis}


def bar_width(bars: int) -> float:
    """In pixels, of bars that stand side by side on a time axis."""
    return round(max(0.75 * WIDTH / max(bars, 1), 1), 2)


def counts(field: str, bars: int) -> dict[str, Any]:
    """A low chart of the member ``sales`` by day, to stand below another."""
    return {
        "width": WIDTH,
        "height": 60,
        "mark": {"type": "bar", "color": GREY, "width": bar_width(bars)},
        "encoding": {
            "x": day(field, bars),
            "y": {"field": "sales", "type": "quantitative", "title": "Sales", "axis": {"tickCount": 3}},
        },
    }


def plain(value: float | None, digits: int = 3) -> float | None:
    """For the data of a chart: rounded, None where there is none."""
    return None if value is None or value != value else round(float(value), digits)


def chart(title: str, subtitle: str | Sequence[str], description: str, **body: Any) -> dict[str, Any]:
    """A whole specification. ``description`` is read out by screen readers."""
    return {
        "$schema": SCHEMA,
        "description": description,
        "title": {"text": title, "subtitle": subtitle},
        "config": _CONFIG,
        **body,
    }
