"""``{"type": "bbox", "coordinates": [west, south, east, north]}``"""

from __future__ import annotations

from functools import partial
from typing import Any

import shapely

from terrafusion.areas.area import SRID
from terrafusion.areas.coordinates import ShapesInCrs, outside_world, read_shapes
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import is_number, only


def _draw(given: dict[str, Any], srid: int) -> ShapesInCrs:
    only(given, "coordinates", "crs")
    numbers = given.get("coordinates")
    if not isinstance(numbers, list) or len(numbers) != 4 or not all(is_number(n) for n in numbers):
        raise AreaError("A bbox has four numbers: [west, south, east, north].")
    west, south, east, north = map(float, numbers)
    if srid == SRID and (fault := outside_world([(west, south), (east, north)])):
        raise AreaError(fault)
    if north <= south:
        raise AreaError(f"The bbox is empty: its north {north} is not above its south {south}.")
    if east == west:
        raise AreaError(f"The bbox is empty: its east and its west are both {east}.")
    if east > west:
        return ShapesInCrs([("", shapely.box(west, south, east, north))])
    if srid != SRID:
        raise AreaError(f"The bbox is empty: its east {east} is not beyond its west {west}.")
    halves = [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
    if west == 180 or east == -180:
        halves = [half for half in halves if half.area > 0]
    note = "The bbox crosses the antimeridian and was split there into two."
    return ShapesInCrs([("", shapely.MultiPolygon(halves))], (note,))


read = partial(read_shapes, _draw)
