"""The boundary of an export as a small layer of its own, for its package."""

from __future__ import annotations

from collections.abc import Iterable

import shapely
from django.db import connection
from psycopg import sql

from gis_export.formats.base import free_name
from gis_export.plan import ColumnPlan, LayerPlan
from terrafusion.areas import SRID, Area

NAME = "area_of_interest"


def plan(area: Area, operation: str, layers: Iterable[LayerPlan]) -> LayerPlan:
    """One record: the area as it was used, in EPSG:4326, what it selects by and what was done to what was given."""
    layers = list(layers)
    rows = sql.SQL("SELECT 1::bigint AS k, ST_Multi({}::geometry) AS g, {}::text AS c0, {}::text AS c1").format(
        shapely.to_wkb(shapely.set_srid(area.geometry, SRID), hex=True, include_srid=True),
        operation,
        " ".join(area.notes),
    )
    return LayerPlan(
        name=free_name(NAME, [layer.name for layer in layers]),
        title="Area of interest",
        description="The boundary that the records were selected by.",
        sql=rows.as_string(connection.connection),
        geometry_type="MultiPolygon",
        srid=SRID,
        changed_at=max(layer.changed_at for layer in layers),
        columns=(ColumnPlan("spatial_operation", "text", 20), ColumnPlan("notes", "text")),
    )
