"""What every kind of job takes among its ``parameters``, and the lifecycle sees to: the plugin never meets it."""

from __future__ import annotations

import json
from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError


class OptionsSerializer(serializers.Serializer[Any]):
    """The options; each may be left out."""

    fresh = serializers.BooleanField(required=False)


NAMES = tuple(OptionsSerializer().fields)
SCHEMA = {
    "fresh": {
        "type": "boolean",
        "description": "Do the work anew, though the data has not changed since an identical request.",
    }
}
"""The options as properties of an object's JSON schema, for a plugin whose schema lists its parameters."""


def split(body: Any) -> tuple[Any, dict[str, Any]]:
    """A request's body without the options, and the options as they were given.

    A body of another shape stays as it is: the plugin's serializer says what is wrong with it.
    """
    parameters = body.get("parameters") if isinstance(body, dict) else None  # a form's QueryDict is a dict, too
    if isinstance(parameters, str):  # from a form
        try:
            parameters = json.loads(parameters)
        except ValueError:
            return body, {}
    if not isinstance(parameters, dict):
        return body, {}
    own = {name: value for name, value in parameters.items() if name not in NAMES}
    options = {name: value for name, value in parameters.items() if name in NAMES}
    if isinstance(body, QueryDict):
        body = body.copy()
        body["parameters"] = json.dumps(own)
        return body, options
    return {**body, "parameters": own}, options


def check(serializer: serializers.BaseSerializer[Any], options: dict[str, Any]) -> None:
    """Raises ValidationError with every fault of the plugin's serializer and of the options."""
    checked = OptionsSerializer(data=options, context=serializer.context)
    faults: dict[str, Any] = {}
    if not serializer.is_valid():
        faults = dict(serializer.errors)
    if not checked.is_valid():
        faults |= {f"parameters.{name}": details for name, details in checked.errors.items()}
    if faults:
        raise ValidationError(faults)
