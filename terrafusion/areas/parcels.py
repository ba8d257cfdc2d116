"""``{"type": "parcels", "parcels": ["0001", "0002"]}``: parcels of the county by their numbers."""

from __future__ import annotations

from typing import Any

from terrafusion.areas.area import Area, AreaContext, AreaPart
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import only
from terrafusion.areas.records import union_of
from terrafusion.records.models import PropertyOperational
from terrafusion.words import counted, shown, unknown

MAXIMUM = 5_000


def read(given: dict[str, Any], scope: AreaContext) -> Area:
    only(given, "parcels")
    return area_of(given.get("parcels"), scope)


def area_of(numbers: object, scope: AreaContext) -> Area:
    """The parcels of a list of numbers. Raises ``AreaError``, which names all that are unknown or have no outline."""
    if not isinstance(numbers, list) or not numbers:
        raise AreaError('Give the numbers of parcels as a list of texts, such as ["0001", "0002"].')
    if wrong := [number for number in numbers if not isinstance(number, str)]:
        raise AreaError(f"Parcel numbers are texts, for zeros in front would be lost: put {shown(wrong[0])} in quotes.")
    wanted = tuple(dict.fromkeys(numbers))
    if len(wanted) > MAXIMUM:
        raise AreaError(f"The list has {len(wanted):,} parcel numbers, and at most {MAXIMUM:,} are allowed.")
    rows = PropertyOperational.objects.filter(county=scope.county, parcel_number__in=wanted)
    known = dict(rows.values_list("parcel_number", "geometry__isempty"))
    faults = []
    if missing := [number for number in wanted if number not in known]:
        faults.append(unknown(f"{'parcel' if len(missing) == 1 else 'parcels'} of {scope.county.pk}:", *missing))
    if bare := [number for number in wanted if known.get(number, False) is not False]:
        faults.append(f"These parcels have no outline: {', '.join(map(repr, bare))}.")
    if faults:
        raise AreaError(*faults)
    geometry, notes = union_of(rows, "geometry")
    notes.append(f"The area is {counted(len(wanted), 'parcel')} of {scope.county.pk}.")
    return Area(geometry, tuple(notes), (AreaPart(geometry, parcels=wanted),))
