"""The options of the format itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gis_export.parameters.base import ExportContext, ExportParameter
from gis_export.selection import LayerSelection
from terrafusion.api import keys
from terrafusion.jobs.request import Faults, InvalidRequest
from terrafusion.jobs.request.parameter import Schema


class Options(ExportParameter[dict[str, Any]]):
    """Effective: every option of the format, with its value."""

    def check(self, value: object, context: ExportContext) -> dict[str, Any]:
        if value is not None and not isinstance(value, dict):
            raise InvalidRequest("Give an object of the format's options.")
        if context.file_format is None:
            return {}
        known = {option.name: option for option in context.file_format.options}
        faults = Faults()
        faults.merge(keys.unknown(value or {}, known))
        for name, given in (value or {}).items():
            if name in known and (fault := known[name].fault(given)):
                faults.add(name, fault)
        faults.raise_any()
        return {**self.adopt(context.defaults.get(self.name), context), **(value or {})}

    def adopt(self, value: object, context: ExportContext) -> dict[str, Any]:
        """A county's default counts as far as the format knows it."""
        usual = value if isinstance(value, dict) else {}
        options = context.file_format.options if context.file_format else ()
        return {
            option.name: usual[option.name]
            if option.name in usual and not option.fault(usual[option.name])
            else option.default
            for option in options
        }

    def apply(self, value: dict[str, Any], selection: LayerSelection) -> LayerSelection:
        return replace(selection, options=value)

    def value_schema(self) -> Schema:
        return {"type": "object", "additionalProperties": True}


OPTIONS = Options(
    "options", None, "An object of the format's own options, which GET formats lists with their defaults."
)
