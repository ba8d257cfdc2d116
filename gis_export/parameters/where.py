"""Which records go out, by their attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gis_export.parameters.base import ExportContext, ExportParameter
from gis_export.selection import LayerSelection
from terrafusion.api import keys
from terrafusion.jobs.request import Faults, InvalidRequest
from terrafusion.jobs.request.parameter import Schema
from terrafusion.records import conditions

_CONDITION = {
    "type": "object",
    "required": ["field", "op"],
    "properties": {
        "field": {"type": "string", "description": "A field of the layer."},
        "op": {"type": "string", "enum": list(conditions.OPERATORS)},
        "value": {"description": "A value of the field's type; a list for in, not_in, and between."},
        "ignore_case": {"type": "boolean", "default": False},
    },
}


class Where(ExportParameter[dict[str, Any] | None]):
    """Effective: a tree of conditions by layer (``terrafusion.records.conditions``)."""

    about_layers = True

    def parse(self, value: object, context: ExportContext) -> dict[str, Any] | None:
        layers = {layer.name: layer for layer in context.layers}
        if isinstance(value, dict) and set(value) <= set(layers):
            given = value
        else:
            if len(layers) != 1 and isinstance(value, list):
                raise InvalidRequest("The request has several layers: give an object of lists of conditions by layer.")
            if len(layers) != 1 and isinstance(value, dict):
                raise InvalidRequest(keys.unknown(value, layers, "layer"))
            given = dict.fromkeys(layers, value)
        faults = Faults()
        by_layer, listed = {}, 0
        for name, tree in given.items():
            reading = conditions.Reading(layers[name], personal=context.personal, values=listed)
            resolved = reading.read(tree, "" if given is not value else name)
            listed = reading.values
            for at, message in reading.faults:
                faults.add(at.lstrip("."), message)
            if resolved != {"all": []}:
                by_layer[name] = resolved
        faults.raise_any()
        return by_layer or None

    def adopt(self, value: object, context: ExportContext) -> object:
        """A county's default may be about layers that are not requested."""
        names = {layer.name for layer in context.layers}
        if isinstance(value, dict):
            value = {name: tree for name, tree in value.items() if name in names}
        return self.check(value, context)

    def apply(self, value: dict[str, Any] | None, selection: LayerSelection) -> LayerSelection:
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

    def value_schema(self) -> Schema:
        conditions_of_layers = {"type": "object", "additionalProperties": True}
        items = {"oneOf": [_CONDITION, {"type": "object"}]}
        example = [{"field": "total_value", "op": ">=", "value": 500000}]
        return {"oneOf": [{"type": "array", "items": items}, conditions_of_layers], "example": example}


WHERE = Where(
    "where",
    None,
    "Conditions on attributes, all of which must hold: a list for one layer, an object of lists by layer for "
    'several; {"any": [...]} and {"all": [...]} are groups. Without it, all records.',
)
