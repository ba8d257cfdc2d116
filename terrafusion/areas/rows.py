"""Which rows of a layer an area selects."""

from __future__ import annotations

import math
from typing import Any

import shapely
from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from shapely.geometry.base import BaseGeometry

from terrafusion.areas.area import SRID, Area, AreaPart
from terrafusion.areas.distance import METERS_PER_DEGREE, densified
from terrafusion.records.layers import Layer

NUMBERED = frozenset({"parcels", "sales"})
"""Layers whose rows bear a parcel's number: an area of parcels selects exactly those of its numbers, and no neighbors
that share an edge with them."""
_ROW_EDGE = 0.005
"""Degrees; see ``ground.edge_step``. Longer edges of rows get vertices in between before a distance is measured."""
_MARGIN = 2e-3
"""By which the polygon of a distance is widened, as a part of the distance, so that it surely holds all of it."""


def select(rows: QuerySet[Any], layer: Layer, area: Area, operation: str) -> QuerySet[Any]:
    """The rows within the area (``within``) or meeting it. A distance is measured on the ellipsoid for each row that
    may be in reach; only for ``within`` the area's polygon stands for it."""
    chosen = Q()
    if operation == "within":
        chosen = Q(**{f"{layer.geometry}__within": geos(area.geometry)})
    for part in area.parts:
        if part.parcels and layer.name in NUMBERED:
            chosen |= Q(parcel_number__in=part.parcels)
        elif operation == "within":
            continue
        elif part.meters:
            chosen |= _in_reach(layer, area, part)
        else:
            chosen |= Q(**{f"{layer.geometry}__intersects": geos(part.shape)})
    return rows.filter(chosen)


def geos(shape: BaseGeometry) -> GEOSGeometry:
    """For GeoDjango, of a shape in EPSG:4326."""
    return GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=SRID)


def _in_reach(layer: Layer, area: Area, part: AreaPart) -> Q:
    # 1. The index and a prepared polygon find what may be in reach; 2. the ellipsoid decides.
    candidates = Q(**{f"{layer.geometry}__intersects": geos(_widened(area.geometry, part.meters))})
    feature = F(layer.geometry)
    edges = Func(feature, template=f"ST_Segmentize(%(expressions)s, {_ROW_EDGE})", output_field=GeometryField())
    subject = Value(geos(densified(part.shape, part.meters)), output_field=GeometryField(srid=SRID))
    exact = Func(
        edges,
        subject,
        template=f"ST_DWithin(%(expressions)s::geography, {part.meters!r})",
        arg_joiner="::geography, ",
        output_field=BooleanField(),
    )
    return candidates & Q(exact)


def _widened(polygon: BaseGeometry, meters: float) -> BaseGeometry:
    _, south, _, north = polygon.bounds
    shrink = math.cos(math.radians(min(max(abs(south), abs(north)), 89.9)))
    return shapely.buffer(polygon, (meters * _MARGIN + 0.1) / (METERS_PER_DEGREE * shrink), quad_segs=2)
