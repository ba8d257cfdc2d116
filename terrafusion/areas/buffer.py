"""``{"type": "buffer", "parcels": ["0001"], "distance": 300, "units": "ft"}``: everything within a distance on the
ground of parcels, or ``"of"`` any other area. Their own surface is part of it."""

from __future__ import annotations

from typing import Any

import shapely

from terrafusion.areas import parcels
from terrafusion.areas.area import Area, AreaContext, AreaPart
from terrafusion.areas.distance import around
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import is_number, only
from terrafusion.words import shown, unknown

UNITS = {"ft": 0.3048, "us-ft": 1200 / 3937, "m": 1.0, "km": 1000.0, "mi": 1609.344}
"""In meters. ``ft`` is the international foot, ``us-ft`` the one of the older State Plane systems."""
MAX_METERS = 100_000.0


def read(given: dict[str, Any], scope: AreaContext) -> Area:
    only(given, "parcels", "of", "distance", "units")
    faults = []
    if ("parcels" in given) == ("of" in given):
        faults.append('Give either "parcels", a list of parcel numbers, or "of", an area.')
    distance, units = given.get("distance"), given.get("units")
    factor = UNITS.get(units) if isinstance(units, str) else None
    if factor is None:
        faults.append(unknown("units", units, available=UNITS))
    if not is_number(distance) or not distance > 0:
        distance = 0
        faults.append(f"The distance must be a number above 0, not {shown(given.get('distance'))}.")
    elif factor is not None and distance * factor > MAX_METERS:
        faults.append(f"The distance must be at most {MAX_METERS / factor:,.0f} {units}.")
    if faults or factor is None:
        raise AreaError(*faults)
    inner = parcels.area_of(given["parcels"], scope) if "parcels" in given else scope.read(given["of"])
    meters = float(distance) * factor
    # What lies within a distance of all that lies within another is what lies within their sum.
    parts = tuple(AreaPart(part.shape, part.meters + meters) for part in inner.parts)
    if any(part.meters > MAX_METERS for part in parts):
        raise AreaError(f"The distances must be at most {MAX_METERS / factor:,.0f} {units} together.")
    geometry = shapely.union_all([around(part.shape, part.meters) for part in parts])
    note = f"The area reaches {distance:g} {units} ({meters:g} m) on the ground beyond the given shape."
    return Area(geometry, (*inner.notes, note), parts, inner.vertices)
