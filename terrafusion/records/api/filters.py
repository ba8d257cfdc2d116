"""What may be asked for of each list."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django_filters import CharFilter, Filter, FilterSet, ModelChoiceFilter
from drf_spectacular.utils import extend_schema_field

from terrafusion.api.filters import BooleanFilter
from terrafusion.api.geo_filters import BBoxFilter, ContainsPointFilter, NearFilterSet
from terrafusion.records.access import counties_for
from terrafusion.records.models import County, PropertyOperational, ReferenceLayer, Sale


class IntegerFilter(Filter):
    field_class = forms.IntegerField


_COUNTY_HELP = "Only of this county."


@extend_schema_field({"type": "string", "description": _COUNTY_HELP, "example": "COUNTY01"})
class CountyFilter(ModelChoiceFilter):
    """One of the user's counties: one without rights is as unknown as one that does not exist."""

    def __init__(self) -> None:
        super().__init__(field_name="county", label="County", help_text=_COUNTY_HELP)

    def get_queryset(self, request: HttpRequest | None) -> QuerySet[County]:
        return County.objects.none() if request is None else counties_for(request.user)


RANGE = ["gte", "lte"]
_INTEGERS = {"filter_class": IntegerFilter}
_OVERRIDES: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.BigIntegerField: _INTEGERS,
    models.PositiveSmallIntegerField: _INTEGERS,
    models.BooleanField: {"filter_class": BooleanFilter},
}
_BOUNDS = {"exact": "", "gte": ", at least", "lte": ", at most"}


class RecordFilterSet(NearFilterSet):
    """Says in words what each filter does, in the form and in the schema."""

    @classmethod
    def get_filters(cls) -> OrderedDict[str, Filter]:
        return OrderedDict({**cls.declared_filters, **super().get_filters()})  # where, before what

    @classmethod
    def filter_for_field(cls, field: models.Field[Any, Any], field_name: str, lookup_expr: str | None = None) -> Filter:
        made = super().filter_for_field(field, field_name, lookup_expr)
        name = str(field.verbose_name).removesuffix(" sqft").capitalize()
        unit = " (USD)" if name.endswith(("value", "price")) else " (sq ft)" if name.endswith("area") else ""
        for validator in field.validators:  # the column's own limits
            if isinstance(validator, MinValueValidator):
                made.extra.setdefault("min_value", validator.limit_value)
            elif isinstance(validator, MaxValueValidator):
                made.extra.setdefault("max_value", validator.limit_value)
        made.label = f"{name}{unit}{_BOUNDS[lookup_expr or 'exact']}"
        return made


class PropertyFilterSet(RecordFilterSet):
    near_field = "geometry"
    county_id = CountyFilter()
    in_bbox = BBoxFilter("geometry")
    at_point = ContainsPointFilter("geometry")

    class Meta(NearFilterSet.Meta):
        model = PropertyOperational
        filter_overrides = _OVERRIDES
        fields = {
            "parcel_number": ["exact"],
            "neighborhood": ["exact"],
            "use_code": ["exact"],
            "zoning": ["exact"],
            "property_class": ["exact"],
            "total_value": RANGE,
            "land_value": RANGE,
            "improvement_value": RANGE,
            "lot_area_sqft": RANGE,
            "living_area_sqft": RANGE,
            "year_built": RANGE,
            "tax_year": ["exact"],
        }


class SaleFilterSet(RecordFilterSet):
    near_field = "point"
    county_id = CountyFilter()
    in_bbox = BBoxFilter("point")

    class Meta(NearFilterSet.Meta):
        model = Sale
        filter_overrides = _OVERRIDES
        fields = {
            "parcel_number": ["exact"],
            "sale_id": ["exact"],
            "sale_date": RANGE,
            "sale_price": RANGE,
            "deed_code": ["exact"],
            "validity_code": ["exact"],
            "multi_parcel": ["exact"],
        }


class ReferenceLayerFilterSet(FilterSet):
    county_id = CountyFilter()
    name = CharFilter(label="Name, such as zoning")

    class Meta:
        model = ReferenceLayer
        fields: list[str] = []
