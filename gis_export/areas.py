"""Areas of interest: what a request says, as a geometry in EPSG:4326.

Nothing is mended in silence: a fault is refused with its place, and what is done to an area (a box split at the
antimeridian, a transformation) is told in ``Area.notes``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gis_export import crs

SRID = 4326
_FARTHEST = 1e9
"""No map's coordinates, in whatever unit, are farther from its origin."""
_EDGE_PARTS = 128
"""Of the side of an area that is transformed; the edge of a box of 100 km is then exact to about a centimetre."""


class AreaError(ValueError):
    """The area cannot be used; the text says why, and where."""


@dataclass(frozen=True)
class Area:
    """A valid Polygon or MultiPolygon in EPSG:4326, and what was done to get it."""

    geometry: BaseGeometry
    notes: tuple[str, ...] = ()


def parse(given: Any, most_vertices: int) -> Area:
    """The area of a request: a bbox, a GeoJSON Polygon or MultiPolygon, or WKT, each with an optional ``crs``.

    Raises ``AreaError``.
    """
    if isinstance(given, str):
        given = {"type": "wkt", "wkt": given}
    if not isinstance(given, dict):
        raise AreaError('Give an object such as {"type": "bbox", "coordinates": [west, south, east, north]}.')
    readers = {"bbox": _bbox, "polygon": _geojson, "multipolygon": _geojson, "wkt": _wkt}
    kind = given.get("type")
    reader = readers.get(kind.lower()) if isinstance(kind, str) else None
    if reader is None:
        raise AreaError(f"The type {_shown(kind)} is not known; there is bbox, Polygon, MultiPolygon and wkt.")
    extra = sorted(set(given) - {"type", "crs", "wkt" if reader is _wkt else "coordinates"})
    if extra:
        raise AreaError(f"Unknown members: {', '.join(map(_shown, extra))}.")
    try:
        srid = crs.parse(given["crs"]) if given.get("crs") is not None else SRID
    except crs.CRSError as error:
        raise AreaError(str(error)) from None
    geometry, notes = reader(given, srid)
    _check(geometry, srid, most_vertices)
    if srid != SRID:
        # A straight edge there is a curve here: between far corners it would miss parcels at the border.
        try:
            geometry = crs.transform(shapely.segmentize(geometry, _longest_side(geometry) / _EDGE_PARTS), srid, SRID)
        except crs.CRSError as error:
            raise AreaError(str(error)) from None
        notes = [*notes, f"The area was transformed from EPSG:{srid} to EPSG:{SRID}."]
        if not bool(shapely.is_valid(geometry)) or not _finite(geometry):
            raise AreaError(f"The area has no valid image in EPSG:{SRID}: does it lie where EPSG:{srid} is used?")
    return Area(geometry, tuple(notes))


def _bbox(given: dict[str, Any], srid: int) -> tuple[BaseGeometry, list[str]]:
    numbers = given.get("coordinates")
    if not isinstance(numbers, list) or len(numbers) != 4 or not all(_is_number(n) for n in numbers):
        raise AreaError("A bbox has four numbers: [west, south, east, north].")
    west, south, east, north = map(float, numbers)
    if srid == SRID:
        _check_world([(west, south), (east, north)])
    if north <= south:
        raise AreaError(f"The bbox is empty: its north {north} is not above its south {south}.")
    if east == west:
        raise AreaError(f"The bbox is empty: its east and its west are both {east}.")
    if east > west:
        return shapely.box(west, south, east, north), []
    if srid != SRID:
        raise AreaError(f"The bbox is empty: its east {east} is not beyond its west {west}.")
    halves = [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
    if west == 180 or east == -180:
        halves = [half for half in halves if half.area > 0]
    note = "The bbox crosses the antimeridian and was split there into two."
    return shapely.MultiPolygon(halves), [note]


def _geojson(given: dict[str, Any], srid: int) -> tuple[BaseGeometry, list[str]]:
    kind = {"polygon": "Polygon", "multipolygon": "MultiPolygon"}[given["type"].lower()]
    coordinates = given.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        raise AreaError(f"The {kind} is empty.")
    for polygon in [coordinates] if kind == "Polygon" else coordinates:
        if not isinstance(polygon, list) or not polygon:
            raise AreaError(f"The {kind} has a part without rings.")
        for ring in polygon:
            _check_ring(ring)
    return shape({"type": kind, "coordinates": coordinates}), []


def _check_ring(ring: Any) -> None:
    if not isinstance(ring, list):
        raise AreaError("A ring is a list of [x, y] positions.")
    for position in ring:
        if not isinstance(position, list) or not all(_is_number(n) for n in position) or len(position) < 2:
            raise AreaError(f"A position is [x, y] with finite numbers, not {_shown(position)}.")
        if len(position) > 2:
            raise AreaError(f"Positions have two numbers; {_shown(position)} has {len(position)}.")
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise AreaError("A ring has at least four positions, and its last is its first (RFC 7946 section 3.1.6).")


def _wkt(given: dict[str, Any], srid: int) -> tuple[BaseGeometry, list[str]]:
    text = given.get("wkt")
    if not isinstance(text, str):
        raise AreaError('Give the text as "wkt", such as "POLYGON ((...))".')
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused below
            geometry = shapely.from_wkt(text)
    except NotImplementedError:
        raise AreaError("The WKT must be a POLYGON or MULTIPOLYGON; curves are not supported.") from None
    except (shapely.errors.GEOSException, UnicodeEncodeError) as error:
        raise AreaError(f"The WKT cannot be read: {str(error).removeprefix('ParseException: ')[:200]}") from None
    if geometry is None or geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        kind = getattr(geometry, "geom_type", "nothing")
        raise AreaError(f"The WKT must be a POLYGON or MULTIPOLYGON, not a {kind}.")
    if geometry.has_z or geometry.has_m:
        raise AreaError("The WKT has a third dimension; give x and y only.")
    return geometry, []


def _check(geometry: BaseGeometry, srid: int, most_vertices: int) -> None:
    if geometry.is_empty:
        raise AreaError("The area is empty.")
    vertices = int(shapely.get_num_coordinates(geometry))
    if vertices > most_vertices:
        raise AreaError(f"The area has {vertices} vertices, and at most {most_vertices} are allowed; simplify it.")
    if not _finite(geometry):
        raise AreaError("The area has coordinates that are not finite numbers.")
    if srid == SRID:
        west, south, east, north = geometry.bounds
        _check_world([(west, south), (east, north)])
    elif max(map(abs, geometry.bounds)) > _FARTHEST:
        raise AreaError(f"The area lies outside of EPSG:{srid}.")
    if not geometry.is_valid:
        raise AreaError(f"The area is not a valid polygon: {shapely.is_valid_reason(geometry)}.")
    if geometry.area == 0:
        raise AreaError("The area is empty: it encloses nothing.")


def _check_world(positions: list[tuple[float, float]]) -> None:
    for x, y in positions:
        if abs(x) <= 180 and abs(y) <= 90:
            continue
        swapped = " The axes may be in the wrong order." if abs(y) <= 180 and abs(x) <= 90 else ""
        raise AreaError(f"({x}, {y}) is outside the world: positions are [longitude, latitude] in degrees.{swapped}")


def _finite(geometry: BaseGeometry) -> bool:
    return bool(np.isfinite(shapely.get_coordinates(geometry)).all())


def _longest_side(geometry: BaseGeometry) -> float:
    west, south, east, north = geometry.bounds
    return float(max(east - west, north - south))


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False


def _shown(value: Any) -> str:
    """The beginning of a value, for a message."""
    try:
        return repr(value)[:60]
    except (RecursionError, ValueError):  # nested as deep as the parser allows, or of too many digits
        return "this"
