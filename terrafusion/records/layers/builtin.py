"""The layers that every county has: parcels and sales."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Max, QuerySet

from terrafusion.records import parcel_fields
from terrafusion.records.layers import registry
from terrafusion.records.layers.layer import FieldType, Layer, LayerField, epoch
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, Sale
from terrafusion.records.parcel_fields import PERSONAL_DATA
from terrafusion.records.versions import source

_PARCEL_FIELDS = (
    *((field.name, field.short_name, field.unit) for field in parcel_fields.FIELDS),
    ("as_of", "AS_OF", ""),
)
_SALE_FIELDS = (
    ("sale_id", "SALE_ID", ""),
    ("parcel_number", "PARCEL_NO", ""),
    ("sale_date", "SALE_DATE", ""),
    ("sale_price", "SALE_PRICE", "USD"),
    ("deed_code", "DEED_CODE", ""),
    ("validity_code", "VALID_CODE", ""),
    ("multi_parcel", "MULTI_PARC", ""),
    ("as_of", "AS_OF", ""),
)
_ASSESSMENT = {field.name for field in parcel_fields.FIELDS if field.assessment}
_TYPES: tuple[tuple[type[models.Field[Any, Any]], FieldType], ...] = (
    (models.CharField, FieldType.TEXT),
    (models.FloatField, FieldType.REAL),
    (models.IntegerField, FieldType.INTEGER),
    (models.BooleanField, FieldType.BOOLEAN),
    (models.DateField, FieldType.DATE),
)


def _field(model: type[models.Model], name: str, short_name: str, unit: str) -> LayerField:
    column = model._meta.get_field(name)
    return LayerField(
        name=name,
        type=next(field_type for kind, field_type in _TYPES if isinstance(column, kind)),
        expression=F(name),
        width=getattr(column, "max_length", None),
        unit=unit,
        personal=name in PERSONAL_DATA,
        assessment=name in _ASSESSMENT,
        total=unit == "USD",
        short_name=short_name,
    )


def _changed_at(rows: QuerySet[Any]) -> Callable[[], datetime]:
    return lambda: rows.aggregate(newest=Max("updated_at"))["newest"] or epoch()


def parcels(county: County) -> Layer:
    rows = PropertyOperational.objects.filter(county=county)
    return Layer(
        name="parcels",
        title="Parcels",
        description="Parcel outlines with characteristics and assessed values.",
        geometry_type="MultiPolygon",
        queryset=rows,
        changed_at=_changed_at(rows),
        sources=tuple(source(model, county.pk) for model in (PropertyOperational, PropertyValueHistory, Sale)),
        fields=tuple(_field(PropertyOperational, *spec) for spec in _PARCEL_FIELDS),
    )


def sales(county: County) -> Layer:
    rows = Sale.objects.filter(county=county)
    return Layer(
        name="sales",
        title="Sales",
        description="Recorded sales, at the place of their parcel.",
        geometry_type="Point",
        geometry="point",
        queryset=rows,
        changed_at=_changed_at(rows),
        sources=(source(Sale, county.pk),),
        fields=tuple(_field(Sale, *spec) for spec in _SALE_FIELDS),
    )


def register_all() -> None:
    registry.register("parcels", parcels)
    registry.register("sales", sales)
