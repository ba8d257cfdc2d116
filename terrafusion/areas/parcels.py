"""``{"type": "parcels", "parcels": ["0001", "0002"]}``: parcels of the county by their numbers."""

from __future__ import annotations

from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from terrafusion.areas.area import Area, AreaContext, AreaPart
from terrafusion.areas.distance import around
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import only
from terrafusion.areas.records import union_of
from terrafusion.records.models import PropertyOperational
from terrafusion.words import counted, shown, unknown

MAXIMUM = 5_000
_PLACES = ("parcel_number", "geometry__isempty", "point")
_AROUND_POINTS = 0.1
"""Meters: an area encloses something."""


def read(given: dict[str, Any], scope: AreaContext) -> Area:
    only(given, "parcels")
    return area_of(given.get("parcels"), scope)


def area_of(numbers: object, scope: AreaContext) -> Area:
    """The parcels of a list of numbers; one without an outline is its point. Raises ``AreaError``, which names all that
    are unknown, or have neither."""
    if not isinstance(numbers, list) or not numbers:
        raise AreaError('Give the numbers of parcels as a list of texts, such as ["0001", "0002"].')
    if wrong := [number for number in numbers if not isinstance(number, str)]:
        raise AreaError(f"Parcel numbers are texts, for zeros in front would be lost: put {shown(wrong[0])} in quotes.")
    wanted = tuple(dict.fromkeys(numbers))
    if len(wanted) > MAXIMUM:
        raise AreaError(f"The list has {len(wanted):,} parcel numbers, and at most {MAXIMUM:,} are allowed.")
    rows = PropertyOperational.objects.filter(county=scope.county, parcel_number__in=wanted)
    known = {number: (outline is False, point) for number, outline, point in rows.values_list(*_PLACES)}
    faults = []
    if missing := [number for number in wanted if number not in known]:
        faults.append(unknown(f"{'parcel' if len(missing) == 1 else 'parcels'} of {scope.county.pk}:", *missing))
    points = {number: known[number][1] for number in wanted if number in known and not known[number][0]}
    if bare := [number for number, point in points.items() if point is None]:
        faults.append(f"These parcels have neither an outline nor a point: {', '.join(map(repr, bare))}.")
    if faults:
        raise AreaError(*faults)
    shapes: list[BaseGeometry] = []
    notes: list[str] = []
    if len(points) < len(wanted):
        outlines, notes = union_of(rows.filter(geometry__isempty=False), "geometry")
        shapes.append(outlines)
    if points:
        places = shapely.multipoints([shapely.from_wkb(bytes(point.wkb)) for point in points.values()])
        shapes.append(around(places, _AROUND_POINTS))
        notes.append(
            f"Without an outline, and in the area as a circle of {100 * _AROUND_POINTS:g} cm around its point: "
            f"{counted(len(points), 'parcel')}."
        )
    geometry = shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
    notes.append(f"The area is {counted(len(wanted), 'parcel')} of {scope.county.pk}.")
    return Area(geometry, tuple(notes), (AreaPart(geometry, parcels=wanted),))
