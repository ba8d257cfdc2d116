"""Parameters that are one of a few words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from gis_export.parameters.base import Context, Parameter, Refused
from gis_export.selection import OPERATIONS, Selection
from terrafusion.areas.members import shown


class Choice(Parameter):
    choices: ClassVar[tuple[str, ...]]

    def check(self, value: Any, context: Context) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise Refused(f"{shown(value)} is not known; there is {', '.join(self.choices)}.")
        return value


class SpatialOperation(Choice):
    name = "spatial_operation"
    choices = OPERATIONS
    default = "intersects"
    help = (
        "intersects takes what touches the area, within what lies wholly inside, clip cuts at its edge; "
        "intersects by default."
    )
    schema = {"type": "string", "enum": list(choices)}

    def apply(self, value: Any, selection: Selection) -> Selection:
        return replace(selection, operation=value)


class Package(Choice):
    """Whether a single file is packed, too: it is the job that packs."""

    name = "package"
    choices = ("auto", "zip")
    default = "auto"
    help = "zip packs a single file too; auto, the default, packs where there is more than one file."
    schema = {"type": "string", "enum": list(choices)}
