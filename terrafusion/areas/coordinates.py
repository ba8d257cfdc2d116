"""Areas that are given as coordinates: whatever they were written in, they are checked and placed here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from terrafusion import crs
from terrafusion.areas import antimeridian
from terrafusion.areas.area import SRID, Area, AreaContext, plain
from terrafusion.areas.errors import AreaError
from terrafusion.areas.reprojection import place
from terrafusion.errors import CRSError
from terrafusion.words import counted

_FARTHEST = 1e9
"""No map's coordinates, in whatever unit, are farther from its origin."""
_MAX_FAULTS = 20
_NAMES = {"urn:ogc:def:crs:OGC:1.3:CRS84": SRID, "urn:ogc:def:crs:OGC::CRS84": SRID}


@dataclass(frozen=True)
class ShapesInCrs:
    """Shapes in one CRS, each with the words that begin a message about it; ``crs`` None is EPSG:4326."""

    shapes: list[tuple[str, BaseGeometry]]
    notes: tuple[str, ...] = ()
    crs: pyproj.CRS | None = None
    crs_name: str = ""


def read_shapes(draw: Callable[[dict[str, Any], int], ShapesInCrs], given: dict[str, Any], scope: AreaContext) -> Area:
    """An area of the kind that ``draw`` makes of the object and the EPSG code of its CRS."""
    srid, notes = crs_member(given.get("crs"))
    given_shapes = draw(given, srid)
    notes = [*notes, *given_shapes.notes]
    if srid == SRID:
        return finish(ShapesInCrs(given_shapes.shapes, tuple(notes)), scope.max_vertices)
    system = pyproj.CRS.from_epsg(srid)
    return finish(ShapesInCrs(given_shapes.shapes, tuple(notes), system, f"EPSG:{srid}"), scope.max_vertices)


def crs_member(given: object) -> tuple[int, list[str]]:
    """The EPSG code of a ``crs`` member, and what is to be said of it."""
    if given is None:
        return SRID, []
    try:
        if not isinstance(given, dict):
            return crs.parse(given), []
        named = given.get("properties")
        name = named.get("name") if given.get("type") == "name" and isinstance(named, dict) else None
        if not isinstance(name, str):
            raise AreaError(
                'Of the "crs" members of GeoJSON 2008 only {"type": "name", "properties": {"name": '
                '"urn:ogc:def:crs:EPSG::2926"}} is understood; RFC 7946 has none. Give "crs": "EPSG:2926".'
            )
        code = _NAMES.get(name) or crs.parse(name.removeprefix("urn:ogc:def:crs:").replace("::", ":"))
    except CRSError as error:
        raise AreaError(str(error)) from None
    return code, [f"The crs {name[:60]} of GeoJSON 2008 was read as EPSG:{code}, positions as [x, y]."]


def finish(given_shapes: ShapesInCrs, max_vertices: int) -> Area:
    """The area that the shapes make together, each of which must be sound. Raises ``AreaError``."""
    vertices = sum(int(shapely.get_num_coordinates(shape)) for _, shape in given_shapes.shapes)
    check_vertices(vertices, max_vertices)
    checked = [(where, *_checked(shape, given_shapes)) for where, shape in given_shapes.shapes]
    faults = [f"{where}{fault}" for where, _, fault in checked if fault]
    if faults:
        more = len(faults) - _MAX_FAULTS
        raise AreaError(*faults[:_MAX_FAULTS], *([f"And {more:,} more like these."] if more > 0 else []))
    shapes, notes = [shape for _, shape, _ in checked], [*given_shapes.notes]
    if any(shape is not one for shape, (_, one) in zip(shapes, given_shapes.shapes, strict=True)):
        notes.append(antimeridian.UNDERSTOOD)
    if given_shapes.crs is not None:
        placed = [place(shape, given_shapes.crs, given_shapes.crs_name) for shape in shapes]
        shapes = [shape for shape, _ in placed]
        notes += dict.fromkeys(note for _, shape_notes in placed for note in shape_notes)
    if len(shapes) > 1:
        notes.append(f"The area is {counted(len(shapes), 'shape')} made one.")
    return plain(shapes[0] if len(shapes) == 1 else shapely.union_all(shapes), tuple(notes), vertices)


def check_vertices(vertices: int, max_vertices: int) -> None:
    if vertices > max_vertices:
        raise AreaError(
            f"The area has {counted(vertices, 'vertex', 'vertices')}, and at most {max_vertices:,} are allowed; "
            "simplify it."
        )


def _checked(shape: BaseGeometry, given_shapes: ShapesInCrs) -> tuple[BaseGeometry, str]:
    """The shape as it is meant, and what is wrong with it, and where; empty when nothing is."""
    if shape.is_empty:
        return shape, "The area is empty."
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return shape, "The area has coordinates that are not finite numbers."
    if _in_degrees(given_shapes.crs):
        west, south, east, north = shape.bounds
        if outside := outside_world([(west, south), (east, north)]):
            return shape, outside
        try:
            shape = antimeridian.understood(shape)
        except AreaError as error:
            return shape, str(error)
    elif given_shapes.crs is not None and max(map(abs, shape.bounds)) > _FARTHEST:
        return shape, f"The area lies outside of {given_shapes.crs_name}."
    if not shape.is_valid:
        return shape, f"The area is not a valid polygon: {shapely.is_valid_reason(shape)}."
    return shape, "" if shape.area else "The area is empty: it encloses nothing."


def _in_degrees(system: pyproj.CRS | None) -> bool:
    """Whether coordinates are longitude and latitude in degrees; some old systems have grads."""
    return system is None or (
        system.is_geographic and math.isclose(system.axis_info[0].unit_conversion_factor, math.radians(1))
    )


def outside_world(positions: list[tuple[float, float]]) -> str:
    for x, y in positions:
        if abs(x) <= 180 and abs(y) <= 90:
            continue
        swapped = " The axes may be in the wrong order." if abs(y) <= 180 and abs(x) <= 90 else ""
        return f"({x}, {y}) is outside the world: positions are [longitude, latitude] in degrees.{swapped}"
    return ""
