"""``{"type": "district", "layer": "zoning", "where": {"ZCODE": "C-1"}}``: features of a layer by their attributes."""

from __future__ import annotations

import datetime
from typing import Any

from terrafusion.api import keys
from terrafusion.areas.area import Area, AreaContext, plain
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import is_number, only
from terrafusion.areas.records import union_of
from terrafusion.records.layers import FieldType, Layer, LayerField, layers_named, layers_of, named
from terrafusion.words import counted, shown, unknown

_MAX_VALUES = 500
_MAX_SHOWN = 20


def read(given: dict[str, Any], scope: AreaContext) -> Area:
    only(given, "layer", "where")
    layer = _layer(given.get("layer"), scope)
    where = given.get("where")
    if not isinstance(where, dict) or not where:
        raise AreaError('Give "where" as an object of fields and values, such as {"ZCODE": "C-1"}.')
    if refused := named.hidden(layer, where, personal=False):
        raise AreaError(f"{refused} No area is made of it: whoever sees the county sees what its jobs are of.")
    known = named.open_fields(layer, personal=False)
    if faults := keys.unknown(where, known, "field"):
        raise AreaError(*faults.values())
    rows = layer.queryset.filter(**{f"{layer.geometry}__isempty": False})
    for number, (name, value) in enumerate(where.items()):
        values = [_typed(known[name], one) for one in (value if isinstance(value, list) else [value])]
        if not 0 < len(values) <= _MAX_VALUES:
            raise AreaError(f"{name}: give a value, or a list of 1 to {_MAX_VALUES}.")
        rows = rows.alias(**{f"w{number}": known[name].expression}).filter(**{f"w{number}__in": values})
    matching = rows.count()
    if not matching:
        raise AreaError(_nothing(layer, where, known))
    geometry, notes = union_of(rows, layer.geometry)
    wanted = ", ".join(f"{name} {shown(value)}" for name, value in where.items())
    return plain(geometry, (*notes, f"The area is {counted(matching, 'feature')} of {layer.name} with {wanted}."))


def _layer(name: object, scope: AreaContext) -> Layer:
    layer = layers_named(scope.county, [name]).get(name) if isinstance(name, str) else None
    if layer is None or not _has_polygons(layer):
        there = (layer.name for layer in layers_of(scope.county) if _has_polygons(layer))
        raise AreaError(unknown("layer of polygons:", name, available=there))
    return layer


def _has_polygons(layer: Layer) -> bool:
    return layer.geometry_type == "MultiPolygon"


def _typed(field: LayerField, value: object) -> object:
    """The value as the field has it, or ``AreaError``."""
    if field.type is FieldType.TEXT and isinstance(value, str):
        return value
    if field.type is FieldType.BOOLEAN and isinstance(value, bool):
        return value
    if field.type is FieldType.INTEGER and is_number(value) and isinstance(value, int) and abs(value) < 2**63:
        return value
    if field.type is FieldType.REAL and is_number(value):
        return float(value)
    kinds = {FieldType.DATE: datetime.date, FieldType.DATETIME: datetime.datetime}
    if field.type in kinds and isinstance(value, str):
        try:
            moment = kinds[field.type].fromisoformat(value)
            if not isinstance(moment, datetime.datetime):
                return moment
            if moment.tzinfo:  # PostgreSQL takes offsets below 16 hours only, ISO 8601 any below 24
                return moment.astimezone(datetime.UTC)
        except (ValueError, OverflowError):
            pass
    raise AreaError(f"{field.name} is of the type {field.type}, and {shown(value)} is not.")


def _nothing(layer: Layer, where: dict[str, Any], known: dict[str, LayerField]) -> str:
    wanted = ", ".join(f"{name} {shown(value)}" for name, value in where.items())
    message = f"No feature of {layer.name} with an outline has {wanted}."
    if len(where) > 1:
        return message
    (name,) = where
    values = layer.queryset.annotate(w=known[name].expression).order_by("w").values_list("w", flat=True).distinct()
    there = [shown(value) for value in values.exclude(w=None)[: _MAX_SHOWN + 1]]
    more = ", ..." if len(there) > _MAX_SHOWN else ""
    return f"{message} Available: {', '.join(there[:_MAX_SHOWN]) or 'none'}{more}."
