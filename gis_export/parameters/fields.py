"""Which fields go out, in which order."""

from __future__ import annotations

from dataclasses import replace

from gis_export.parameters.base import ExportContext, ExportParameter
from gis_export.selection import LayerSelection
from terrafusion import words
from terrafusion.api import keys
from terrafusion.jobs.request import InvalidRequest
from terrafusion.jobs.request.parameter import Schema
from terrafusion.records.layers import Layer, named

_EXAMPLE = {"parcels": ["parcel_number", "total_value"]}


class Fields(ExportParameter[dict[str, list[str]] | None]):
    """Effective: the names of the fields by layer; layers that are not named send all."""

    about_layers = True

    def parse(self, value: object, context: ExportContext) -> dict[str, list[str]] | None:
        given = by_layer(value, context)
        if not isinstance(given, dict):
            raise InvalidRequest('Give an object such as {"parcels": ["parcel_number", "total_value"]}.')
        layers = {layer.name: layer for layer in context.layers}
        messages: list[str] = [*keys.unknown(given, layers, "layer").values()]
        for name, wanted in given.items():
            if name not in layers:
                continue
            if not isinstance(wanted, list) or not all(isinstance(field, str) for field in wanted) or not wanted:
                messages.append(f"Give the fields of {name} as a list of names.")
            elif len(set(wanted)) < len(wanted):
                messages.append(f"Each field of {name} may be named once.")
            else:
                messages += _faults_of_names(layers[name], wanted, context.personal)
        if messages:
            raise InvalidRequest({"": messages})
        return given or None

    def adopt(self, value: object, context: ExportContext) -> dict[str, list[str]] | None:
        """A county's default counts as far as it is about the layers that are asked for and what they have."""
        given = by_layer(value, context)
        if not isinstance(given, dict):
            return None
        assessment = context.values.get("include_assessment_data") is not False
        selected = {}
        for layer in context.layers:
            known = [field.name for field in layer.fields if assessment or not field.assessment]
            wanted = given.get(layer.name)
            if isinstance(wanted, list) and (names := [name for name in wanted if name in known]):
                selected[layer.name] = names
        return selected or None

    def apply(self, value: dict[str, list[str]] | None, selection: LayerSelection) -> LayerSelection:
        if value is None or selection.layer.name not in value:
            return selection
        known = {field.name: field for field in selection.layer.fields}
        return replace(selection, fields=tuple(known[name] for name in value[selection.layer.name]))

    def value_schema(self) -> Schema:
        names = {"type": "array", "items": {"type": "string"}}
        return {"oneOf": [{"type": "object", "additionalProperties": names}, names], "example": _EXAMPLE}


FIELDS = Fields(
    "fields",
    None,
    "Which fields, in which order: an object of lists by layer, or one list for one layer; all by default.",
)


def by_layer(value: object, context: ExportContext) -> object:
    """A bare list is about the only layer of the request."""
    return {context.layers[0].name: value} if isinstance(value, list) and len(context.layers) == 1 else value


def _faults_of_names(layer: Layer, names: list[str], personal: bool) -> list[str]:
    known = {field.name: field for field in layer.fields}
    messages = []
    if unknown := [name for name in names if name not in known]:
        messages.append(words.unknown(f"field of {layer.name}:", *unknown, available=known))
    if refused := named.hidden(layer, names, personal=personal):
        messages.append(refused)
    return messages
