"""Filters by place: a box, a point, a distance on the ground. All of them use the geometry's own index."""

from __future__ import annotations

import math
from typing import Any

from django import forms
from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import Point, Polygon
from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.functions import Cast
from django_filters import Filter, FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema_field

from terrafusion.words import counted

MAX_DISTANCE = 5_000.0  # the ground distance of each row in reach is computed before the page is cut
_METERS_PER_DEGREE = 110_000.0  # a little less than the least there is, so that a box in degrees is never too small


def _numbers_schema(count: int, example: str, description: str) -> dict[str, Any]:
    number = r"-?\d+(\.\d+)?"
    pattern = f"^{number}(,{number}){{{count - 1}}}$"
    return {"type": "string", "pattern": pattern, "example": example, "description": description}


_BBOX_HELP = "Meets the box: west,south,east,north in degrees."
_POINT_HELP = "Covers the point: longitude,latitude in degrees."
_NEAR_HELP = "Within the given distance of the point: longitude,latitude in degrees."


class NumbersField(forms.CharField):
    """Decimal numbers with commas between them."""

    def __init__(self, *, count: int, **kwargs: Any) -> None:
        self.count = count
        super().__init__(**kwargs)

    def clean(self, value: object) -> object:
        text = super().clean(value)
        if not text:
            return None
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != self.count or not all(map(math.isfinite, numbers)):
            raise forms.ValidationError(f"Give {counted(self.count, 'number')} with commas between them.", "invalid")
        return self.shape(numbers)

    def shape(self, numbers: list[float]) -> object:
        return numbers


def _check_world(lon: float, lat: float) -> None:
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise forms.ValidationError(
            f"{lon:g},{lat:g} lies outside the world; the order is longitude, latitude.", "outside_world"
        )


class LonLatField(NumbersField):
    """A point of EPSG:4326, as ``lon,lat``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(count=2, **kwargs)

    def shape(self, numbers: list[float]) -> Point:
        _check_world(*numbers)
        return Point(numbers[0], numbers[1], srid=4326)


class BBoxField(NumbersField):
    """A box of EPSG:4326, as ``west,south,east,north``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(count=4, **kwargs)

    def shape(self, numbers: list[float]) -> Polygon:
        west, south, east, north = numbers
        _check_world(west, south)
        _check_world(east, north)
        if west > east or south > north:
            raise forms.ValidationError(
                "The order is west, south, east, north; a box across the antimeridian must be asked for in two halves.",
                "wrong_order",
            )
        box = Polygon.from_bbox((west, south, east, north))
        box.srid = 4326
        return box


@extend_schema_field(_numbers_schema(4, "-122.36,47.60,-122.32,47.64", _BBOX_HELP))
class BBoxFilter(Filter):
    """Rows whose geometry meets the box."""

    field_class = BBoxField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr="intersects", label="In box", help_text=_BBOX_HELP, **kwargs)


@extend_schema_field(_numbers_schema(2, "-122.33,47.61", _POINT_HELP))
class ContainsPointFilter(Filter):
    """Rows whose geometry covers the point, its edge included."""

    field_class = LonLatField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr="covers", label="At point", help_text=_POINT_HELP, **kwargs)


class NearForm(forms.Form):
    """A point and a distance mean something together only."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        near, distance = data.get("near"), data.get("distance")
        if near is not None and distance is None and "distance" not in self.errors:
            self.add_error("distance", forms.ValidationError("Give the distance from near, in meters.", "required"))
        if distance is not None and near is None and "near" not in self.errors:
            self.add_error("near", forms.ValidationError("Give the point that distance is measured from.", "required"))
        return data


@extend_schema_field(_numbers_schema(2, "-122.33,47.61", _NEAR_HELP))
class NearFilter(Filter):
    field_class = LonLatField


class NearFilterSet(FilterSet):
    """Rows whose ``near_field`` lies within ``distance`` meters, measured on the ellipsoid, of the point ``near``."""

    near_field: str
    near = NearFilter(method="within", label="Near", help_text=_NEAR_HELP)
    distance = NumberFilter(
        method="leave",
        label="Distance",
        min_value=0,
        max_value=MAX_DISTANCE,
        help_text=f"Meters from near, at most {MAX_DISTANCE:.0f}.",
    )

    class Meta:
        form = NearForm

    def within(self, queryset: QuerySet[Any], name: str, point: Point) -> QuerySet[Any]:
        meters = float(self.form.cleaned_data["distance"])
        geography = GeometryField(geography=True)
        on_ground = Func(
            Cast(F(self.near_field), geography),
            Cast(Value(point, GeometryField()), geography),
            Value(meters),
            function="ST_DWithin",
            output_field=BooleanField(),
        )
        return queryset.filter(on_ground, **{f"{self.near_field}__bboverlaps": _box_around(point, meters)})

    def leave(self, queryset: QuerySet[Any], name: str, value: object) -> QuerySet[Any]:
        return queryset  # near has used it


def _box_around(point: Point, meters: float) -> Polygon:
    """A box of degrees that holds the circle; the whole parallel where it would reach round the pole or the 180th."""
    height = meters / _METERS_PER_DEGREE
    south, north = max(point.y - height, -90.0), min(point.y + height, 90.0)
    shrink = math.cos(math.radians(max(abs(south), abs(north))))
    width = height / shrink if shrink > 0.001 else 360.0
    west, east = point.x - width, point.x + width
    if west < -180 or east > 180:
        west, east = -180.0, 180.0
    box = Polygon.from_bbox((west, south, east, north))
    box.srid = 4326
    return box
