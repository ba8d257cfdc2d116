"""The map of hot and cold spots: each place in the color of its verdict, white where it is withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry.base import BaseGeometry

from market_analysis.charts import style
from terrafusion.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from market_analysis.analyses.market import Market

_COLORS = {"hot": "#B2182B", "cold": "#2166AC", "not significant": "#E8E8E4", "withheld": "#FFFFFF"}
"""ColorBrewer's RdBu, whose ends people with any color vision can distinguish."""
_PRECISION = 1e-5  # degrees, a meter
_VERTICES = 60_000  # of all outlines together; more are simplified
_SIMPLER = 2e-4


def spec(rows: pd.DataFrame, outlines: dict[str, Any], market: Market, title: str, alpha: float) -> dict[str, Any]:
    """``rows`` as the table of hot spots has them; ``outlines`` are shapely geometries by place."""
    heavy = sum(shapely.get_num_coordinates(shape) for shape in outlines.values()) > _VERTICES
    features: list[dict[str, Any]] = []
    for row in rows.itertuples():
        if row.place not in outlines:
            continue
        shape = shapely.simplify(outlines[row.place], _SIMPLER) if heavy else outlines[row.place]
        verdict = (
            "withheld" if isinstance(row.withheld, str) else row.spot if row.spot in _COLORS else "not significant"
        )
        features.append(
            {
                "type": "Feature",
                "geometry": _clockwise(shape),
                "properties": {"place": row.place, "verdict": verdict, "value": style.plain(row.value)},
            }
        )
    verdicts = [feature["properties"]["verdict"] for feature in features]
    hot, cold = verdicts.count("hot"), verdicts.count("cold")
    return style.chart(
        f"Hot and cold spots, {market.title}",
        f"{title}. Getis-Ord Gi*, false discovery rate {alpha:g}.",
        f"Map of {counted(len(features), 'place')} of {market.title}: {hot} are hot and {cold} are cold "
        f"by {title.lower()}.",
        width=style.WIDTH,
        height=560,
        projection={"type": "mercator"},
        data={"values": features},
        mark={"type": "geoshape", "stroke": "#9A9A9A", "strokeWidth": 0.4},
        encoding={
            "color": {
                "field": "properties.verdict",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(_COLORS), "range": list(_COLORS.values())},
                "legend": {"orient": "top", "symbolStrokeColor": "#9A9A9A", "symbolType": "square"},
            },
        },
    )


def _clockwise(shape: BaseGeometry) -> dict[str, Any]:
    """GeoJSON whose rings run as D3 wants them, against RFC 7946: the outer one clockwise, else it fills the world."""
    rounded = shapely.set_precision(shape, _PRECISION)
    turned = shapely.MultiPolygon([shapely.geometry.polygon.orient(part, -1) for part in shapely.get_parts(rounded)])
    mapping: dict[str, Any] = shapely.geometry.mapping(turned)
    return mapping
