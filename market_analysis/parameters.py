"""What the parameters of analyses may be: each checks a JSON value and says what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from terrafusion.words import counted


class Refused(ValueError):
    """The value cannot be used; the text says what can."""


@dataclass(frozen=True)
class Parameter:
    """``default`` stands where a request does not give it; ``None`` there means that it may be left out."""

    name: str
    default: Any
    help: str

    def check(self, value: Any) -> Any:
        """The value as the job keeps it: plain JSON. Raises ``Refused``."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a value."""
        raise NotImplementedError


@dataclass(frozen=True)
class Whole(Parameter):
    least: int
    most: int

    def check(self, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        raise Refused(f"Give a whole number from {self.least} to {self.most}.")

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Real(Parameter):
    least: float
    most: float

    def check(self, value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and self.least <= value <= self.most:
            return float(value)
        raise Refused(f"Give a number from {self.least:g} to {self.most:g}.")

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Choice(Parameter):
    options: Sequence[str]

    def check(self, value: Any) -> str:
        if isinstance(value, str) and value in self.options:
            return value
        raise Refused(f"Give one of {', '.join(self.options)}.")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True)
class Choices(Parameter):
    """A list of at least one of the options, each once."""

    options: Sequence[str]

    def check(self, value: Any) -> list[str]:
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            unknown = [item for item in value if item not in self.options]
            if not unknown and len(set(value)) == len(value):
                return value
        raise Refused(f"Give a list of some of {', '.join(self.options)}, each once.")

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string", "enum": list(self.options)},
        }


@dataclass(frozen=True)
class Text(Parameter):
    most: int = 100

    def check(self, value: Any) -> str:
        if isinstance(value, str) and 0 < len(value) <= self.most and "\x00" not in value:
            return value
        raise Refused(f"Give a text of 1 to {counted(self.most, 'character')}.")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


@dataclass(frozen=True)
class Day(Parameter):
    def check(self, value: Any) -> str:
        return as_day(value).isoformat()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


def as_day(value: Any) -> date:
    """Of ``2016-12-31``; ``Refused`` for all else, and for years that no sale is of."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None or not 1800 <= day.year <= 2200:
        raise Refused("Give a day of the years 1800 to 2200, such as 2016-12-31.")
    return day
