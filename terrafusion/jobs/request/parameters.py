"""Declared parameters together: as the members of an object that are read, and that the OpenAPI schema describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from terrafusion.api import keys
from terrafusion.api.fields import ObjectField
from terrafusion.jobs import options
from terrafusion.jobs.request.errors import Faults, joined
from terrafusion.jobs.request.parameter import Parameter, Schema

PARAMETERS = "parameters"


def read(
    declared: Iterable[Parameter],
    given: Mapping[str, Any],
    faults: Faults,
    context: Any = None,
    *,
    path: str = PARAMETERS,
    others: Iterable[str] = options.NAMES,
) -> dict[str, Any]:
    """The effective values of an object's members by name, those that are sound; the faults of the rest are collected.

    ``others`` are known members, too, which are read elsewhere: with ``parameters`` the options of every job.
    """
    declared = list(declared)
    faults.merge(keys.unknown(given, [*(parameter.name for parameter in declared), *others]), path)
    values: dict[str, Any] = {}
    for parameter in declared:
        with faults.at(joined(path, parameter.name)):
            values[parameter.name] = parameter.read(given, context)
    return values


def object_schema(*groups: Iterable[Parameter], **others: Schema) -> Schema:
    """JSON Schema of an object with the parameters of any of the groups, and with ``others``."""
    variants: dict[str, list[Schema]] = {}
    for parameter in (parameter for group in groups for parameter in group):
        schemas = variants.setdefault(parameter.name, [])
        if (schema := {**parameter.schema(), "description": parameter.help}) not in schemas:
            schemas.append(schema)
    properties = {name: schemas[0] if len(schemas) == 1 else {"anyOf": schemas} for name, schemas in variants.items()}
    return {"type": "object", "additionalProperties": False, "properties": {**properties, **others}}


class ParametersField(ObjectField):
    """The object ``parameters``, whose members are read by ``read``. ``groups``: the parameters of each type of job."""

    def __init__(self, *groups: Iterable[Parameter], **kwargs: Any) -> None:
        style = {"base_template": "textarea.html"}
        super().__init__(**{"required": False, "default": dict, "initial": dict, "style": style, **kwargs})
        self.groups = groups


class _ParametersExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = ParametersField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Schema:
        return object_schema(*self.target.groups, **options.SCHEMA)
