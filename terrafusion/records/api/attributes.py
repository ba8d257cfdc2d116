"""Filters on the attributes of one reference layer, made from its declared fields: ``where[NAME]=value``."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import Filter, FilterSet

from terrafusion.api.filters import BooleanField
from terrafusion.api.geo_filters import BBoxFilter
from terrafusion.records.api.serializers import public_fields
from terrafusion.records.layers import FieldType
from terrafusion.records.models import ReferenceFeature, ReferenceLayer


class FeatureFilterSet(FilterSet):
    in_bbox = BBoxFilter("geometry")


class _TextField(forms.CharField):
    """Any text, kept as it is: a value of an attribute may begin with a space."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)


_FORM_FIELDS: dict[FieldType, type[forms.Field]] = {
    FieldType.TEXT: _TextField,
    FieldType.INTEGER: forms.IntegerField,
    FieldType.REAL: forms.FloatField,
    FieldType.BOOLEAN: BooleanField,
    FieldType.DATE: forms.DateField,
    FieldType.DATETIME: _TextField,
}


class AttributeFilter(Filter):
    """Equality through JSONB containment, which the GIN index answers."""

    def __init__(self, name: str, kind: FieldType, **kwargs: Any) -> None:
        self.name, self.field_class = name, _FORM_FIELDS[kind]
        super().__init__("attributes", label=name, help_text=f"Equals this {kind}.", **kwargs)

    def filter(self, queryset: QuerySet[Any], value: object) -> QuerySet[Any]:
        if value in (None, ""):
            return queryset
        stored = value.isoformat() if hasattr(value, "isoformat") else value
        return queryset.filter(attributes__contains={self.name: stored})


def filterset_for(layer: ReferenceLayer) -> type[FeatureFilterSet]:
    filters = {
        f"where[{spec['name']}]": AttributeFilter(spec["name"], FieldType(spec["type"]))
        for spec in public_fields(layer)
    }
    meta = type("Meta", (), {"model": ReferenceFeature, "fields": []})
    return type("LayerFeatureFilterSet", (FeatureFilterSet,), {**filters, "Meta": meta})
