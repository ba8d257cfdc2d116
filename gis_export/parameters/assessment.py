"""Whether the assessed values go out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gis_export.parameters.base import Context, Parameter, Refused
from gis_export.selection import Selection


class IncludeAssessmentData(Parameter):
    name = "include_assessment_data"
    default = True
    help = "false leaves out the assessed values, unless fields names them; true by default."
    schema = {"type": "boolean"}

    def check(self, value: Any, context: Context) -> bool:
        if not isinstance(value, bool):
            raise Refused("Give true or false.")
        return value

    def apply(self, value: Any, selection: Selection) -> Selection:
        if value:
            return selection
        return replace(selection, fields=tuple(field for field in selection.fields if not field.assessment))
