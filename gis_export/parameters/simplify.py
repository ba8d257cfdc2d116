"""Fewer vertices, as far as a distance on the ground allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gis_export.parameters.base import Context, Parameter, Refused
from gis_export.selection import Selection
from gis_export.shaping import Tolerance
from terrafusion.api import keys
from terrafusion.areas.buffer import UNITS
from terrafusion.areas.members import is_number, shown

_MOST_METRES = 10_000.0
_MEMBERS = ("tolerance", "units")


class Simplify(Parameter):
    """Resolved: the object with both members, None for no simplification."""

    name = "simplify"
    help = (
        'The farthest that a line may leave its place, on the ground: {"tolerance": 10, "units": "ft"}; shapes keep '
        f"their topology. Units are {', '.join(UNITS)}. By default nothing is left out."
    )
    schema = {
        "type": ["object", "null"],
        "required": ["tolerance", "units"],
        "properties": {"tolerance": {"type": "number"}, "units": {"type": "string", "enum": list(UNITS)}},
        "example": {"tolerance": 10, "units": "ft"},
    }

    def check(self, value: Any, context: Context) -> dict[str, Any] | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Refused('Give an object such as {"tolerance": 10, "units": "ft"}.')
        faults: list[tuple[str, str]] = [*keys.unknown(value, _MEMBERS).items()]
        tolerance, units = value.get("tolerance"), value.get("units")
        factor = UNITS.get(units) if isinstance(units, str) else None
        if factor is None:
            faults.append(("units", f"The units {shown(units)} are not known; there is {', '.join(UNITS)}."))
        if not is_number(tolerance) or not tolerance > 0:
            faults.append(("tolerance", f"Give a number above 0, not {shown(tolerance)}."))
        elif factor is not None and tolerance * factor > _MOST_METRES:
            faults.append(("tolerance", f"Give at most {_MOST_METRES / factor:,.0f} {units}."))
        if faults:
            raise Refused(*faults)
        return {"tolerance": tolerance, "units": units}

    def apply(self, value: Any, selection: Selection) -> Selection:
        if value is None:
            return selection
        tolerance = Tolerance(
            metres=float(value["tolerance"]) * UNITS[value["units"]],
            srid=selection.county.state_plane_srid,
            words=f"{value['tolerance']:g} {value['units']}",
        )
        return replace(selection, tolerance=tolerance)
