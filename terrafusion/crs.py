"""Coordinate reference systems by their EPSG code. Axes are always x, y: longitude before latitude."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from terrafusion.errors import CRSError

_EPSG = re.compile(r"(?:EPSG:)?([0-9]{1,6})", re.IGNORECASE)


def parse(given: object) -> int:
    """The code of ``"EPSG:2926"`` or ``2926``; CRSError when it is none, or not of a two-dimensional map."""
    text = given.strip() if isinstance(given, str) else ""
    if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 10**6:
        text = str(given)
    match = _EPSG.fullmatch(text)
    if match is None:
        shown = f"{given[:60]!r}" if isinstance(given, str) else "This"
        raise CRSError(f"{shown} is not a CRS; give an EPSG code such as EPSG:4326.")
    code = int(match[1])
    if not _is_horizontal(code):
        raise CRSError(f"EPSG:{code} is not a geographic or projected CRS of the EPSG registry.")
    return code


def northing_first(code: int) -> bool:
    """Whether the CRS itself has its axes the other way round than x, y: latitude or northing comes first.

    PROJ's rule for what ``always_xy`` swaps (``mustAxisOrderSwitchForVisualization``); near a pole both axes point
    north or south, and their names say so.
    """
    first, second = pyproj.CRS.from_epsg(code).axis_info
    if first.direction == second.direction:
        return first.name.lower().startswith("northing")
    return (first.direction, second.direction) == ("north", "east")


def transform(geometry: BaseGeometry, source: int, target: int) -> BaseGeometry:
    """Transforms vertex by vertex; coordinates without an image become infinite. CRSError where there is no way."""
    try:
        transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
    except pyproj.exceptions.ProjError:
        raise CRSError(f"Coordinates cannot be transformed from EPSG:{source} to EPSG:{target}.") from None

    def convert(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return shapely.transform(geometry, convert)


@lru_cache(maxsize=1024)
def _is_horizontal(code: int) -> bool:
    try:
        crs = pyproj.CRS.from_epsg(code)
    except pyproj.exceptions.CRSError:
        return False
    return (crs.is_geographic or crs.is_projected) and len(crs.axis_info) == 2
