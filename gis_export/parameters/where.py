"""Which records go out, by their attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gis_export.parameters import conditions
from gis_export.parameters.base import Context, Parameter, Refused
from gis_export.selection import Selection
from terrafusion.api import keys

_CONDITION = {
    "type": "object",
    "required": ["field", "op"],
    "properties": {
        "field": {"type": "string", "description": "A field of the layer."},
        "op": {"type": "string", "enum": list(conditions.OPERATORS)},
        "value": {"description": "Of the field's type; a list for in, not_in and between."},
        "ignore_case": {"type": "boolean", "default": False},
    },
}


class Where(Parameter):
    """Resolved: a tree of conditions by layer (``gis_export.parameters.conditions``)."""

    name = "where"
    help = (
        "Conditions on attributes, all of which must hold: a list for one layer, an object of lists by layer for "
        'several; {"any": [...]} and {"all": [...]} are groups. Without it, all records.'
    )
    schema = {
        "oneOf": [
            {"type": "array", "items": {"oneOf": [_CONDITION, {"type": "object"}]}},
            {"type": "object", "additionalProperties": True},
            {"type": "null"},
        ],
        "example": [{"field": "total_value", "op": ">=", "value": 500000}],
    }
    of_layers = True

    def check(self, value: Any, context: Context) -> dict[str, Any] | None:
        if value is None:
            return None
        layers = {layer.name: layer for layer in context.layers}
        given = value
        if not isinstance(value, dict) or not set(value) <= set(layers):
            if len(layers) != 1 and isinstance(value, list):
                raise Refused("The request has several layers: give an object of lists of conditions by layer.")
            if len(layers) != 1 and isinstance(value, dict):
                raise Refused(*keys.unknown(value, layers, "layer").items())
            given = dict.fromkeys(layers, value)
        faults: list[tuple[str, str]] = []
        found, listed = {}, 0
        for name, tree in given.items():
            reading = conditions.Reading(layers[name], personal=context.personal, values=listed)
            resolved = reading.read(tree, "" if given is not value else name)
            listed = reading.values
            faults += [(at.lstrip("."), message) for at, message in reading.faults]
            if resolved != {"all": []}:
                found[name] = resolved
        if faults:
            raise Refused(*faults)
        return found or None

    def wish(self, value: Any, context: Context) -> dict[str, Any] | None:
        """A county's wish may be about layers that are not asked for."""
        names = {layer.name for layer in context.layers}
        if isinstance(value, dict):
            value = {name: tree for name, tree in value.items() if name in names}
        return self.check(value, context)

    def apply(self, value: Any, selection: Selection) -> Selection:
        tree = (value or {}).get(selection.layer.name)
        if tree is None:
            return selection
        fields = {field.name: field for field in selection.layer.fields}
        personal = any(fields[name].personal for name in conditions.fields_of(tree))
        return replace(
            selection,
            condition=selection.condition & conditions.expression(tree, fields),
            filters_personal=selection.filters_personal or personal,
        )
