"""``{"type": "collection", "areas": [...]}``, or just the list: several areas as one."""

from __future__ import annotations

from typing import Any

from terrafusion.areas.area import Area, AreaContext, united
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import only
from terrafusion.words import counted

MAXIMUM = 50


def read(given: dict[str, Any], scope: AreaContext) -> Area:
    only(given, "areas")
    areas = given.get("areas")
    if not isinstance(areas, list) or not areas:
        raise AreaError('Give "areas" as a list of areas.')
    if len(areas) > MAXIMUM:
        raise AreaError(f"There are {counted(len(areas), 'area')}, and at most {MAXIMUM} are allowed.")
    parts, faults = [], []
    for number, area in enumerate(areas, 1):
        if isinstance(area, list) or (isinstance(area, dict) and area.get("type") == "collection"):
            faults.append(f"Area {number}: it is a list itself; put its areas into this one.")
            continue
        try:
            parts.append(scope.read(area))
        except AreaError as error:
            faults += [f"Area {number}: {message}" for message in error.messages]
    vertices = sum(area.vertices for area in parts)
    if vertices > scope.max_vertices:
        faults.append(
            f"The areas have {counted(vertices, 'vertex', 'vertices')}, and at most {scope.max_vertices:,} are "
            "allowed together."
        )
    if faults:
        raise AreaError(*faults)
    if len(parts) == 1:
        return parts[0]
    return united(parts, f"The area is {counted(len(parts), 'area')} made one; what overlaps is in it once.")
