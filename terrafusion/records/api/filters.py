"""What may be asked for of each list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django_filters import Filter, FilterSet, ModelChoiceFilter
from drf_spectacular.utils import extend_schema_field

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
}


class PropertyFilterSet(NearFilterSet):
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


class SaleFilterSet(NearFilterSet):
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

    class Meta:
        model = ReferenceLayer
        fields = {"name": ["exact"]}
