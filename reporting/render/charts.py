"""Charts as vectors: Vega-Lite to SVG, in the reports' fonts."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

from reporting.document.blocks import Chart
from reporting.render.fonts import FAMILY, FOLDERS

_CONFIG: dict[str, Any] = {
    "font": FAMILY,
    "background": None,
    "view": {"stroke": None},
    "axis": {"labelFontSize": 10, "titleFontSize": 10, "titleFontWeight": "normal", "gridColor": "#e4e4e4"},
    "legend": {"labelFontSize": 10, "titleFontSize": 10, "titleFontWeight": "normal", "orient": "bottom"},
    "range": {"category": ["#1f4e79", "#d9812b", "#3d8b57", "#9c3d54", "#6a5aa8", "#7a7a7a"]},
}


def svg(chart: Chart) -> str:
    """The chart as an SVG document. Numbers of a spec that loads data from elsewhere are refused by its builder."""
    own = chart.spec.get("config", {})
    spec = {**chart.spec, "config": {**_CONFIG, **own, "font": FAMILY, "background": None}}
    drawing: str = _converter().vegalite_to_svg(spec)
    return drawing


@cache
def _converter() -> ModuleType:
    import vl_convert

    for folder in FOLDERS[:1]:  # charts have few words; the CJK collection is large
        vl_convert.register_font_directory(folder)
    return vl_convert
