"""How a table without a type for geometries can have them: what CSV and XLSX share."""

from __future__ import annotations

from gis_export.formats.base import Option, free_name
from gis_export.plan import LayerPlan, Loss

GEOMETRY = Option(
    "geometry",
    "wkt: well-known text in the last column; point: x and y of a point on the geometry, in the last two; none.",
    "wkt",
    ("wkt", "point", "none"),
)


def geometry_columns(layer: LayerPlan) -> list[tuple[str, str]]:
    """Name and SQL of the columns that the option makes of the geometry ``g``."""
    chosen = layer.options.get("geometry", GEOMETRY.default)
    fields = [column.name for column in layer.columns]
    if chosen == "none":
        return []
    if chosen == "wkt":
        return [(free_name("geometry_wkt", fields), "ST_AsText(g, 15)")]
    axes = (("point_x", "ST_X"), ("point_y", "ST_Y"))
    return [(free_name(name, fields), f"{axis}(ST_PointOnSurface(g))") for name, axis in axes]


def geometry_loss(layer: LayerPlan) -> list[Loss]:
    """What the option leaves out."""
    chosen = layer.options.get("geometry", GEOMETRY.default)
    if chosen == "none":
        return [Loss(layer.name, "dropped", "The geometries were left out, as was asked.")]
    if chosen == "point" and layer.geometry_type != "Point":
        return [Loss(layer.name, "dropped", "Of each geometry there is one point on it only, as was asked.")]
    return []
