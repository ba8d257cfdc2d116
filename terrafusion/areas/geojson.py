"""A GeoJSON (RFC 7946) Polygon, MultiPolygon, Feature or FeatureCollection."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from terrafusion.api import keys
from terrafusion.areas.coordinates import ShapesInCrs, read_shapes
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import is_number, only
from terrafusion.words import shown

TYPES = ("Polygon", "MultiPolygon", "Feature", "FeatureCollection")
_KINDS = {"polygon": "Polygon", "multipolygon": "MultiPolygon"}
_MAX_FAULTS = 20
_CRS_INSIDE = 'Give "crs" beside the outermost "type", once for the whole area.'
_LIKE_CRS = re.compile(r"cr.?|c.?s|.?rs")
"""``crs`` with a letter changed or left out."""


def draw(given: dict[str, Any], srid: int) -> ShapesInCrs:
    """The shapes of the object. Foreign members of features are ignored, as they change nothing (section 6.1); one that
    may be meant for ``crs`` would move the area, and is refused."""
    kind = given["type"].lower()
    if kind not in ("feature", "featurecollection"):
        only(given, "coordinates", "bbox", "crs")
        return ShapesInCrs([("", _geometry(given))])
    if near := [name for name in given if name != "crs" and _LIKE_CRS.fullmatch(name.lower())]:
        raise AreaError(*keys.unknown(near, ["crs"]).values())
    return ShapesInCrs(_features(given.get("features")) if kind == "featurecollection" else [("", _feature(given))])


read = partial(read_shapes, draw)


def _features(features: object) -> list[tuple[str, BaseGeometry]]:
    if not isinstance(features, list) or not features:
        raise AreaError("The FeatureCollection has no features.")
    shapes, faults = [], []
    for number, feature in enumerate(features, 1):
        where = f"Feature {number}: "
        try:
            if isinstance(feature, dict) and "crs" in feature:
                raise AreaError(_CRS_INSIDE)
            shapes.append((where, _feature(feature)))
        except AreaError as fault:
            faults.append(f"{where}{fault}")
            if len(faults) == _MAX_FAULTS:
                break
    if faults:
        raise AreaError(*faults)
    return shapes


def _feature(given: object) -> BaseGeometry:
    if not isinstance(given, dict) or not isinstance(given.get("type"), str) or given["type"].lower() != "feature":
        raise AreaError(f'A feature is {{"type": "Feature", "geometry": ...}}, not {shown(given)}.')
    geometry = given.get("geometry")
    if not isinstance(geometry, dict):
        raise AreaError("The feature has no geometry.")
    if "crs" in geometry:
        raise AreaError(_CRS_INSIDE)
    return _geometry(geometry)


def _geometry(given: dict[str, Any]) -> BaseGeometry:
    kind = _KINDS.get(given["type"].lower()) if isinstance(given.get("type"), str) else None
    if kind is None:
        raise AreaError(f"The geometry must be a Polygon or MultiPolygon, not {shown(given.get('type'))}.")
    coordinates = given.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        raise AreaError(f"The {kind} is empty.")
    for polygon in [coordinates] if kind == "Polygon" else coordinates:
        if not isinstance(polygon, list) or not polygon:
            raise AreaError(f"The {kind} has a part without rings.")
        for ring in polygon:
            _check_ring(ring)
    return shape({"type": kind, "coordinates": coordinates})


def _check_ring(ring: object) -> None:
    if not isinstance(ring, list):
        raise AreaError("A ring is a list of [x, y] positions.")
    for position in ring:
        if not isinstance(position, list) or not all(is_number(n) for n in position) or len(position) < 2:
            raise AreaError(f"A position is [x, y] with finite numbers, not {shown(position)}.")
        if len(position) > 2:
            raise AreaError(f"Positions have two numbers; {shown(position)} has {len(position)}.")
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise AreaError("A ring has at least four positions, and its last is its first (RFC 7946 section 3.1.6).")
