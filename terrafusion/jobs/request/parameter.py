"""What a parameter is."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from terrafusion.jobs.request.errors import InvalidRequest
from terrafusion.records.models import County

Schema = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What values are checked against; a plugin may add to it. ``county`` is None where it cannot be read."""

    county: County | None
    user: Any


@dataclass(frozen=True)
class Parameter:
    """One parameter of a request. A subclass for each type gives ``parse`` and ``value_schema``.

    ``default`` is its value where a request does not give it. Null is a value only where it is the default.
    ``label`` and ``unit`` are for forms and reports; ``help`` says what the parameter does, in a whole phrase.
    """

    name: str
    default: Any
    help: str
    label: str = field(default="", kw_only=True)
    unit: str = field(default="", kw_only=True)
    required: bool = field(default=False, kw_only=True)

    @property
    def nullable(self) -> bool:
        return self.default is None and not self.required

    def read(self, given: Mapping[str, Any], context: Any) -> object:
        """The effective value of a request's parameters, as JSON. ``context`` is what the plugin checks values against.

        Raises ``InvalidRequest``.
        """
        if self.name in given:
            return self.check(given[self.name], context)
        if self.required:
            raise InvalidRequest(f"This parameter is required. {self.help}", "required")
        return self.resolve_default(context)

    def check(self, value: object, context: Any) -> object:
        """The effective value, as JSON, of a value that a request gives. Raises ``InvalidRequest``."""
        return None if value is None and self.nullable else self.parse(value, context)

    def parse(self, value: object, context: Any) -> object:
        """The same of a value that is not null by default."""
        raise NotImplementedError

    def resolve_default(self, context: Any) -> object:
        """The effective value where the request does not give one."""
        return copy(self.default)

    def value_schema(self) -> Schema:
        """JSON Schema of a value that is not null."""
        raise NotImplementedError

    def schema(self) -> Schema:
        """JSON Schema of a value."""
        schema = self.value_schema()
        if not self.nullable:
            return schema
        if "enum" in schema:
            schema = {**schema, "enum": [*schema["enum"], None]}
        if "type" in schema:
            return {**schema, "type": [schema["type"], "null"]}
        return {**schema, "oneOf": [*schema["oneOf"], {"type": "null"}]}

    @property
    def choices(self) -> list[str]:
        """The texts that a value can be; empty where it can be any."""
        return [choice for choice in self.value_schema().get("enum", ()) if choice is not None]
