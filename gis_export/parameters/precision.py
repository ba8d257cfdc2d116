"""How many decimals coordinates have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gis_export.parameters.base import Context, Parameter, Refused
from gis_export.selection import Selection

MOST = 15


class Precision(Parameter):
    """Resolved: the decimals, None for all that there are."""

    name = "precision"
    help = (
        f"Decimals of coordinates, 0 to {MOST}, in the units of the output's CRS: shapes are put on that grid and stay "
        "valid. By default all that the format keeps."
    )
    schema = {"type": ["integer", "null"], "minimum": 0, "maximum": MOST, "example": 6}

    def check(self, value: Any, context: Context) -> int | None:
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST:
            raise Refused(f"Give a whole number of decimals from 0 to {MOST}.")
        return value

    def apply(self, value: Any, selection: Selection) -> Selection:
        return replace(selection, precision=value)
