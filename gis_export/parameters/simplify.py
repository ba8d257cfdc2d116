"""Fewer vertices, as far as a distance on the ground allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gis_export.parameters.base import ExportParameter
from gis_export.selection import LayerSelection
from gis_export.shaping import Tolerance
from terrafusion.api import keys
from terrafusion.areas.buffer import UNITS
from terrafusion.areas.members import is_number
from terrafusion.jobs.request import Faults, InvalidRequest
from terrafusion.jobs.request.parameter import Schema
from terrafusion.words import shown, unknown

_MAX_METERS = 10_000.0
_MEMBERS = ("tolerance", "units")


class Simplify(ExportParameter[dict[str, Any] | None]):
    """Effective: the object with both members, None for no simplification."""

    def parse(self, value: object, context: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidRequest('Give an object such as {"tolerance": 10, "units": "ft"}.')
        faults = Faults()
        faults.merge(keys.unknown(value, _MEMBERS))
        tolerance, units = value.get("tolerance"), value.get("units")
        factor = UNITS.get(units) if isinstance(units, str) else None
        if factor is None:
            faults.add("units", unknown("units", units, available=UNITS))
        if not is_number(tolerance) or not tolerance > 0:
            faults.add("tolerance", f"Give a number above 0, not {shown(tolerance)}.")
        elif factor is not None and tolerance * factor > _MAX_METERS:
            faults.add("tolerance", f"Give at most {_MAX_METERS / factor:,.0f} {units}.")
        faults.raise_any()
        return {"tolerance": tolerance, "units": units}

    def apply(self, value: dict[str, Any] | None, selection: LayerSelection) -> LayerSelection:
        if value is None:
            return selection
        tolerance = Tolerance(
            meters=float(value["tolerance"]) * UNITS[value["units"]],
            srid=selection.county.state_plane_srid,
            words=f"{value['tolerance']:g} {value['units']}",
        )
        return replace(selection, tolerance=tolerance)

    def value_schema(self) -> Schema:
        return {
            "type": "object",
            "required": ["tolerance", "units"],
            "properties": {"tolerance": {"type": "number"}, "units": {"type": "string", "enum": list(UNITS)}},
            "example": {"tolerance": 10, "units": "ft"},
        }


SIMPLIFY = Simplify(
    "simplify",
    None,
    'The farthest that a line may leave its place, on the ground: {"tolerance": 10, "units": "ft"}; shapes keep '
    f"their topology. Units are {', '.join(UNITS)}. By default nothing is left out.",
)
