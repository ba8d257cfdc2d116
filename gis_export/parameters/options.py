"""The options of the format itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gis_export.parameters.base import Context, Parameter, Refused
from gis_export.selection import Selection
from terrafusion.api import keys


class Options(Parameter):
    """Resolved: every option of the format, with its value."""

    name = "options"
    help = "An object of the format's own options, which GET formats tells with their defaults."
    schema = {"type": ["object", "null"], "additionalProperties": True}

    def check(self, value: Any, context: Context) -> dict[str, Any]:
        if value is not None and not isinstance(value, dict):
            raise Refused("Give an object of the format's options.")
        if context.file_format is None:
            return {}
        known = {option.name: option for option in context.file_format.options}
        faults: list[tuple[str, str]] = [*keys.unknown(value or {}, known).items()]
        for name, given in (value or {}).items():
            if name in known and (fault := known[name].fault(given)):
                faults.append((name, fault))
        if faults:
            raise Refused(*faults)
        return {**self.wish(context.defaults.get(self.name), context), **(value or {})}

    def wish(self, value: Any, context: Context) -> dict[str, Any]:
        """A county's wish counts as far as the format knows it."""
        wished = value if isinstance(value, dict) else {}
        options = context.file_format.options if context.file_format else ()
        return {
            option.name: wished[option.name]
            if option.name in wished and not option.fault(wished[option.name])
            else option.default
            for option in options
        }

    def apply(self, value: Any, selection: Selection) -> Selection:
        return replace(selection, options=value)
