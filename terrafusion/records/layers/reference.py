"""Reference layers as layers of the registry: their attributes are read out of JSONB with the types of the schema."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial

from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from terrafusion.records.layers.layer import FieldType, Layer, LayerField
from terrafusion.records.models import County, ReferenceFeature, ReferenceLayer
from terrafusion.records.versions import source

_COLUMNS: dict[FieldType, models.Field[object, object]] = {
    FieldType.INTEGER: models.BigIntegerField(),
    FieldType.REAL: models.FloatField(),
    FieldType.BOOLEAN: models.BooleanField(),
    FieldType.DATE: models.DateField(),
    FieldType.DATETIME: models.DateTimeField(),
}


def reference_layers(county: County, names: Collection[str] | None = None) -> Iterator[Layer]:
    """All of the county, or those of the names."""
    for record in ReferenceLayer.objects.filter(county=county):
        if names is None or record.name in names:
            yield layer_of(record)


def layer_of(record: ReferenceLayer) -> Layer:
    return Layer(
        name=record.name,
        title=record.title,
        description=record.description,
        source=record.source,
        geometry_type=record.geometry_type,
        changed_at=partial(getattr, record, "updated_at"),
        sources=(source(ReferenceLayer, record.pk), source(ReferenceFeature, record.pk)),
        queryset=record.features.all(),
        fields=tuple(_field(spec) for spec in record.field_schema),
    )


def _field(spec: dict[str, object]) -> LayerField:
    kind = FieldType(str(spec["type"]))
    value = KT(f"attributes__{spec['name']}")
    return LayerField(
        name=str(spec["name"]),
        type=kind,
        expression=Cast(value, _COLUMNS[kind]) if kind in _COLUMNS else value,
        width=spec.get("width"),  # type: ignore[arg-type]
        description=str(spec.get("description", "")),
        personal=bool(spec.get("personal", False)),
    )
