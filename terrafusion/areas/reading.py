"""Finds the kind of an area, and reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terrafusion.areas import bbox, buffer, collection, district, geojson, parcels, upload, wkt
from terrafusion.areas.area import Area, AreaContext
from terrafusion.areas.errors import AreaError
from terrafusion.records.models import County, CountySettings
from terrafusion.types import AnyUser
from terrafusion.words import unknown

KINDS: dict[str, Callable[[dict[str, Any], AreaContext], Area]] = {
    "bbox": bbox.read,
    **dict.fromkeys(geojson.TYPES, geojson.read),
    "wkt": wkt.read,
    "parcels": parcels.read,
    "district": district.read,
    "buffer": buffer.read,
    "upload": upload.read,
    "collection": collection.read,
}
_BY_NAME = {name.lower(): read for name, read in KINDS.items()}
_DEEPEST = 4
_MAXIMUM = 100


def of_request(given: object, county: County, user: AnyUser) -> Area:
    """The area of a request of the user's, within the county's limit. Raises ``AreaError``."""
    return parse(given, county, CountySettings.of(county).max_area_vertices, user)


def parse(given: object, county: County, max_vertices: int, user: AnyUser | None) -> Area:
    """An area. Raises ``AreaError``. ``max_vertices`` is the limit of what is given as coordinates; ``user`` is whose
    uploaded areas it may name, None for nobody's."""
    read = 0

    def inner(given: object, depth: int) -> Area:
        nonlocal read
        read += 1
        if depth > _DEEPEST:
            raise AreaError(f"Areas may be within areas {_DEEPEST} deep.")
        if read > _MAXIMUM:  # each may cost a query and the union of many outlines
            raise AreaError(f"At most {_MAXIMUM} areas may be within an area, at all depths together.")
        return _read(given, AreaContext(county, max_vertices, lambda within: inner(within, depth + 1), user))

    return inner(given, 0)


def _read(given: object, scope: AreaContext) -> Area:
    if isinstance(given, str):
        given = {"type": "wkt", "wkt": given}
    if isinstance(given, list) and given and all(isinstance(area, dict | str | list) for area in given):
        given = {"type": "collection", "areas": given}
    if not isinstance(given, dict):
        raise AreaError('Give an object such as {"type": "bbox", "coordinates": [west, south, east, north]}.')
    kind = given.get("type")
    read = _BY_NAME.get(kind.lower()) if isinstance(kind, str) else None
    if read is None:
        raise AreaError(unknown("type of area:", kind, available=KINDS))
    return read(given, scope)
