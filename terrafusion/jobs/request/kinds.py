"""The types of parameters that plugins share. JSON's own types are taken as they are: "7" is no number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from terrafusion.jobs.request.errors import InvalidRequest
from terrafusion.jobs.request.parameter import Parameter, Schema
from terrafusion.words import counted

_FIRST_YEAR, _LAST_YEAR = 1800, 2200


@dataclass(frozen=True)
class Integer(Parameter):
    minimum: int
    maximum: int

    def parse(self, value: object, context: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value <= self.maximum:
            return value
        raise InvalidRequest(f"Give a whole number from {self.minimum} to {self.maximum}.")

    def value_schema(self) -> Schema:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True)
class Number(Parameter):
    minimum: float
    maximum: float

    def parse(self, value: object, context: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and self.minimum <= value <= self.maximum:
            return float(value)
        raise InvalidRequest(f"Give a number from {self.minimum:g} to {self.maximum:g}.")

    def value_schema(self) -> Schema:
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True)
class Boolean(Parameter):
    def parse(self, value: object, context: object) -> bool:
        if isinstance(value, bool):
            return value
        raise InvalidRequest("Give true or false.")

    def value_schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice(Parameter):
    options: Sequence[str]

    def parse(self, value: object, context: object) -> str:
        if isinstance(value, str) and value in self.options:
            return value
        raise InvalidRequest(f"Give one of {', '.join(self.options)}.")

    def value_schema(self) -> Schema:
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True)
class Choices(Parameter):
    """A list of some of the options, each once; ``minimum`` of them at least."""

    options: Sequence[str]
    minimum: int = 1

    def parse(self, value: object, context: object) -> list[str]:
        if (
            isinstance(value, list)
            and all(isinstance(item, str) and item in self.options for item in value)
            and len(set(value)) == len(value) >= self.minimum
        ):
            return list(value)
        raise InvalidRequest(f"Give a list of some of {', '.join(self.options)}, each once.")

    def value_schema(self) -> Schema:
        items = {"type": "string", "enum": list(self.options)}
        return {"type": "array", "minItems": self.minimum, "uniqueItems": True, "items": items}


@dataclass(frozen=True)
class Text(Parameter):
    max_length: int = 100

    def parse(self, value: object, context: object) -> str:
        if is_text(value, self.max_length):
            return str(value)
        raise InvalidRequest(f"Give a text of 1 to {counted(self.max_length, 'character')}.")

    def value_schema(self) -> Schema:
        return {"type": "string", "minLength": 1, "maxLength": self.max_length}


@dataclass(frozen=True)
class Texts(Parameter):
    """A list of texts, such as numbers of parcels."""

    max_items: int = 1_000
    min_items: int = 0
    max_length: int = 40

    def parse(self, value: object, context: object) -> list[str]:
        if (
            isinstance(value, list)
            and self.min_items <= len(value) <= self.max_items
            and all(is_text(item, self.max_length) for item in value)
        ):
            return list(value)
        limits = f"{self.min_items} to {counted(self.max_items, 'text')}"
        raise InvalidRequest(f"Give a list of {limits}, each of 1 to {counted(self.max_length, 'character')}.")

    def value_schema(self) -> Schema:
        items = {"type": "string", "minLength": 1, "maxLength": self.max_length}
        return {"type": "array", "minItems": self.min_items, "maxItems": self.max_items, "items": items}


@dataclass(frozen=True)
class Day(Parameter):
    """A day as ISO 8601, such as ``2024-12-31``."""

    def parse(self, value: object, context: Any) -> str:
        try:
            day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            day = None
        if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise InvalidRequest(f"Give a day of the years {_FIRST_YEAR} to {_LAST_YEAR}, such as 2024-12-31.")
        return day.isoformat()

    def value_schema(self) -> Schema:
        return {"type": "string", "format": "date"}


def is_text(value: object, max_length: int) -> bool:
    """Whether it is a text that a column of a table can hold, and not empty."""
    return isinstance(value, str) and 0 < len(value) <= max_length and "\x00" not in value
