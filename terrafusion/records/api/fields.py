"""Geometry as GeoJSON straight from PostGIS."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.db.models.functions import AsGeoJSON, GeoFunc
from django.db.models import F, JSONField, QuerySet
from django.db.models.functions import Cast
from drf_spectacular.utils import extend_schema_field
from rest_framework_gis import fields

DECIMALS = 7  # a centimeter; what RFC 7946 recommends no more than


class ForcePolygonCCW(GeoFunc):
    """Exterior rings counter-clockwise, as RFC 7946 wants them; points and lines stay as they are."""

    geom_param_pos = (0,)
    output_field = GeometryField(srid=4326)


def with_geojson(queryset: QuerySet[Any], column: str) -> QuerySet[Any]:
    """Adds ``geojson``, the column as a dictionary, and leaves the column itself in the database: encoding in PostGIS
    is many times faster than parsing WKB here, and a page may hold a thousand outlines."""
    encoded = AsGeoJSON(ForcePolygonCCW(F(column)), precision=DECIMALS)
    annotated: QuerySet[Any] = queryset.defer(column).annotate(geojson=Cast(encoded, JSONField()))
    return annotated


@extend_schema_field({"type": "object"})  # a feature's schema takes the type of geometry from its model
class GeoJSONField(fields.GeometryField):  # type: ignore[misc]  # drf-gis is untyped
    """What ``with_geojson`` has read; null where a record has no geometry."""
