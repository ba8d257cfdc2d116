"""Parameters made of others: objects, and lists of what another parameter checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from terrafusion.jobs.request.errors import Faults, InvalidRequest
from terrafusion.jobs.request.parameter import Parameter, Schema
from terrafusion.jobs.request.parameters import object_schema, read
from terrafusion.words import counted


@dataclass(frozen=True)
class Object(Parameter):
    """An object whose members are parameters themselves."""

    members: tuple[Parameter, ...]

    def parse(self, value: object, context: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidRequest(f"Give an object with the members {', '.join(one.name for one in self.members)}.")
        faults = Faults()
        values = read(self.members, value, faults, context, path="", others=())
        faults.raise_any()
        return values

    def value_schema(self) -> Schema:
        required = [member.name for member in self.members if member.required]
        return {**object_schema(self.members), **({"required": required} if required else {})}


@dataclass(frozen=True)
class Each(Parameter):
    """A list whose items are checked one by one, each as a value of ``item``."""

    item: Parameter
    max_items: int
    min_items: int = 0

    def parse(self, value: object, context: Any) -> list[Any]:
        if not isinstance(value, list) or not self.min_items <= len(value) <= self.max_items:
            raise InvalidRequest(f"Give a list of {self.min_items} to {counted(self.max_items, 'item')}.")
        faults, parsed = Faults(), []
        for place, item in enumerate(value):
            with faults.at(str(place)):
                parsed.append(self.item.check(item, context))
        faults.raise_any()
        return parsed

    def value_schema(self) -> Schema:
        limits = {"minItems": self.min_items, "maxItems": self.max_items}
        return {"type": "array", **limits, "items": self.item.schema()}
