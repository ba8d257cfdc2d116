"""Brings a shape from its CRS to EPSG:4326, so that its edges stay where they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from terrafusion.areas import antimeridian
from terrafusion.areas.area import SRID
from terrafusion.areas.errors import AreaError
from terrafusion.words import counted

Convert = Callable[[Any], Any]
_TOLERANCE = 5e-8
"""Degrees that an edge may be off: half a centimeter."""
_MAX_ADDED = 500_000
_LONG = 90.0
"""Degrees of longitude between two vertices from which on it is not plain which way round the world is meant."""


def place(geometry: BaseGeometry, crs: pyproj.CRS, name: str) -> tuple[BaseGeometry, list[str]]:
    """The image of a valid polygon, and what was done to it. A straight edge in ``crs`` is a curve in EPSG:4326, so
    long edges get vertices in between. Raises ``AreaError`` where there is no such image. ``name`` is for messages."""
    try:
        transformer = pyproj.Transformer.from_crs(crs, SRID, always_xy=True)
    except pyproj.exceptions.ProjError:
        raise AreaError(f"Coordinates cannot be transformed from {name} to EPSG:{SRID}.") from None

    def convert(positions: NDArray[np.float64]) -> NDArray[Any]:
        return np.column_stack(transformer.transform(positions[:, 0], positions[:, 1]))

    before = shapely.get_num_coordinates(geometry)
    geometry = _each_ring(geometry, lambda positions: _cut(positions, np.where(_is_long(convert(positions)), 8, 1)))
    geometry = _each_ring(geometry, lambda positions: _cut(positions, _parts_of_edges(positions, convert)))
    added = int(shapely.get_num_coordinates(geometry) - before)
    image = shapely.transform(geometry, convert)
    if not np.isfinite(shapely.get_coordinates(image)).all():
        raise _no_image(name)
    notes = [f"The area was transformed from {name} to EPSG:{SRID}."]
    if added:
        notes.append(f"Its long edges, which are curves there, have {counted(added, 'vertex', 'vertices')} more.")
    try:
        whole = antimeridian.split(image)
    except shapely.errors.GEOSException:  # the image crosses itself
        raise _no_image(name) from None
    if whole is not image:
        notes.append(antimeridian.NOTE)
    if not shapely.is_valid(whole) or whole.area == 0:
        raise _no_image(name)
    return whole, notes


def _no_image(name: str) -> AreaError:
    return AreaError(f"The area has no valid image in EPSG:{SRID}: does it lie where {name} is used?")


def _is_long(image: NDArray[np.float64]) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.abs(np.diff(image[:, 0])) > _LONG


def _parts_of_edges(positions: NDArray[np.float64], convert: Convert) -> NDArray[Any]:
    """Into how many parts each edge must be cut so that chords of its image are within the tolerance."""
    image = convert(positions)
    with np.errstate(invalid="ignore"):  # of places that have no image, which are refused in the end
        start, step = image[:-1], _turned(np.diff(image, axis=0))
        away = np.zeros(len(step))
        for fraction in (0.25, 0.5, 0.75):
            between = convert(positions[:-1] + fraction * np.diff(positions, axis=0))
            away = np.fmax(away, np.hypot(*(_turned(between - start) - fraction * step).T))
    # The distance of a chord from its curve falls with the square of its length.
    return np.where(np.isfinite(away), np.ceil(np.sqrt(np.maximum(away, 0) / _TOLERANCE)), 1).clip(1).astype(int)


def _turned(steps: NDArray[np.float64]) -> NDArray[Any]:
    """Differences of longitude the shorter way round."""
    return steps - [360, 0] * np.round(steps / 360)


def _cut(positions: NDArray[np.float64], parts: NDArray[np.intp]) -> NDArray[Any]:
    if parts.sum() - len(parts) > _MAX_ADDED:
        raise AreaError("The area's edges are too long to be followed exactly: give it in EPSG:4326, or in pieces.")
    edges = np.repeat(np.arange(len(parts)), parts)
    step = np.arange(len(edges)) - np.repeat(np.cumsum(parts) - parts, parts)
    fraction = (step / parts[edges])[:, None]
    inner = positions[edges] * (1 - fraction) + positions[edges + 1] * fraction
    return np.vstack([inner, positions[-1:]])


def _each_ring(geometry: BaseGeometry, change: Convert) -> BaseGeometry:
    polygons = [
        shapely.Polygon(
            change(shapely.get_coordinates(polygon.exterior)),
            [change(shapely.get_coordinates(hole)) for hole in polygon.interiors],
        )
        for polygon in shapely.get_parts(geometry)
    ]
    return polygons[0] if geometry.geom_type == "Polygon" else shapely.MultiPolygon(polygons)
