"""The operations by which coordinates of a CRS become longitude and latitude on WGS 84: which there are, and which is
the best for an area. One is chosen for all coordinates of a layer, so that the way back is the same operation."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.crs import BoundCRS
from pyproj.crs.coordinate_operation import ToWGS84Transformation
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

WGS84 = 4326
_EARTH_RADIUS = 6_378_137.0  # meters
_EXACT = 1e-4  # meters within which the way there and back must end without a correction
_SAMPLES = 8  # along each side of an area
_NO_DATUM = re.compile(r"Ballpark|Inconnu")
_HELMERT = re.compile(r"(?:^|\s)([a-z_]+)=(\S+)")
_REMARKS = frozenset({"id", "scope", "area", "bbox", "usages", "remarks"})
_ID = re.compile(r',ID\["EPSG",\d+\]')
_SEVEN = ("x", "y", "z", "rx", "ry", "rz", "s")
_ONLY = {"proj", *_SEVEN, "convention"}
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Operation:
    """``name`` is that of the EPSG registry; ``accuracy`` in meters on the ground, None where it is not known;
    ``missing_grids`` are files that a more accurate operation would need. ``corrected``: the way there and back does
    not end where it began (a shift of the datum makes heights, which maps do not have), so a second step is taken."""

    name: str
    accuracy: float | None
    missing_grids: tuple[str, ...]
    crs: CRS
    transformer: Transformer
    corrected: bool = False

    @property
    def unit(self) -> float:
        """Meters on the ground of one unit of the CRS."""
        return meters(self.crs)

    @property
    def ballpark(self) -> bool:
        """Whether it takes two datums for the same because no operation between them is known."""
        return self.accuracy is None and _NO_DATUM.search(self.name) is not None

    def to_wgs84(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """Longitudes and latitudes; infinite where a place has none."""
        lon, lat = self.transformer.transform(x, y)
        if not self.corrected:
            return lon, lat
        again_x, again_y = self.from_wgs84(lon, lat)
        with np.errstate(invalid="ignore"):
            return self.transformer.transform(2 * np.asarray(x) - again_x, 2 * np.asarray(y) - again_y)

    def from_wgs84(self, lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
        return self.transformer.transform(lon, lat, direction=TransformDirection.INVERSE)

    def bound(self) -> str:
        """The CRS together with the operation, as WKT, of the first edition if that knows the projection. Empty where
        the operation is more than one shift in three dimensions."""
        seven = _seven(self.transformer.definition)
        geodetic = self.crs.geodetic_crs
        if seven is None or geodetic is None:
            return ""
        shift = ToWGS84Transformation(geodetic, *seven)
        try:
            return BoundCRS(self.crs, CRS.from_epsg(WGS84), shift).to_wkt("WKT1_GDAL")
        except CRSError:  # PostGIS has room for 2,048 characters, so without what does not matter here
            bare = {name: value for name, value in self.crs.to_json_dict().items() if name not in _REMARKS}
            target = CRS.from_proj4("+proj=longlat +datum=WGS84")
            return _ID.sub("", BoundCRS(CRS.from_json_dict(bare), target, shift).to_wkt("WKT2_2019"))


def meters(crs: CRS) -> float:
    """Of one unit of the CRS, on the ground."""
    factor = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0
    return factor * _EARTH_RADIUS if crs.is_geographic else factor


def operations(crs: CRS, area: AreaOfInterest | None) -> list[Operation]:
    """Those that this PROJ has the grids for, the best for the ``area`` first; those without a datum only where there
    are no others. Raises ``CRSError`` where the CRS cannot be transformed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of missing grids, which are reported
        try:
            group = _group(crs, area)
        except (ProjError, IndexError) as error:
            raise CRSError(str(error)) from None
    candidates = []
    for transformer in group.transformers:
        accuracy = transformer.accuracy if transformer.accuracy >= 0 else None
        better = [
            grid.short_name
            for other in group.unavailable_operations
            if other.accuracy >= 0 and (accuracy is None or other.accuracy < accuracy)
            for grid in other.grids
            if not grid.available
        ]
        operation = Operation(_name(transformer), accuracy, tuple(dict.fromkeys(better)), crs, transformer)
        candidates.append(replace(operation, corrected=_misses(operation, area)))
    if not candidates:
        raise CRSError(f"{crs.name} cannot be transformed.")
    return [operation for operation in candidates if not operation.ballpark] or candidates


def _group(crs: CRS, area: AreaOfInterest | None) -> TransformerGroup:
    try:
        return TransformerGroup(crs, WGS84, always_xy=True, area_of_interest=area)  # type: ignore[arg-type] # same fields
    except IndexError:  # pyproj's own, where it finds no operation for the area
        return TransformerGroup(crs, WGS84, always_xy=True)


def samples(area: AreaOfInterest) -> tuple[Numbers, Numbers]:
    """Longitudes and latitudes of places inside the area, not at its edge."""
    east = area.east_lon_degree + 360 * (area.east_lon_degree < area.west_lon_degree)
    steps = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    lon, lat = np.meshgrid(
        area.west_lon_degree + steps * (east - area.west_lon_degree),
        area.south_lat_degree + steps * (area.north_lat_degree - area.south_lat_degree),
    )
    return (lon.ravel() + 180) % 360 - 180, lat.ravel()


def common_area(systems: tuple[CRS, ...]) -> AreaOfInterest | None:
    """Where all of them are meant for; the first one's where they have nothing in common; None where none says."""
    boxes = []
    for area in (crs.area_of_use for crs in systems):
        if area is not None:
            boxes.append((area.west, area.south, area.east + 360 * (area.east < area.west), area.north))
    if not boxes:
        return None
    west, south, east, north = boxes[0]
    for other in boxes[1:]:
        for turn in (-360, 0, 360):
            w, e = max(west, other[0] + turn), min(east, other[2] + turn)
            s, n = max(south, other[1]), min(north, other[3])
            if w < e and s < n:
                west, south, east, north = w, s, e, n
                break
    west, east = ((lon + 180) % 360 - 180 if abs(lon) > 180 else lon for lon in (west, east))
    return AreaOfInterest(west, south, east, north)


def _misses(operation: Operation, area: AreaOfInterest | None) -> bool:
    if area is None:
        return False
    x, y = operation.from_wgs84(*samples(area))
    again_x, again_y = operation.from_wgs84(*operation.transformer.transform(x, y))
    with np.errstate(invalid="ignore"):
        off = np.hypot(np.asarray(again_x) - x, np.asarray(again_y) - y) * operation.unit
    return bool((off[np.isfinite(off)] > _EXACT).any())


def _name(transformer: Transformer) -> str:
    """Without the map projection and the order of the axes, which are the CRS's own."""
    names = [one.name for one in transformer.operations or () if "Conversion" not in one.type_name]
    if names:
        return " + ".join(names)
    return "no change of datum" if transformer.accuracy == 0 else transformer.description


def _seven(pipeline: str) -> tuple[float, ...] | None:
    """The shift as ``TOWGS84`` has it, zeros where there is none; None where it is of another kind."""
    steps = [dict(_HELMERT.findall(step)) | {"": step} for step in re.split(r"\bstep\b", pipeline)]
    shifts = [step for step in steps if step.get("proj") == "helmert"]
    others = {"hgridshift", "gridshift", "molodensky", "molobadekas", "xyzgridshift", "deformation", "tinshift"}
    if len(shifts) > 1 or any(step.get("proj") in others for step in steps):
        return None
    if not shifts:
        return (0.0,) * len(_SEVEN)
    shift = {name: value for name, value in shifts[0].items() if name}
    if set(shift) - _ONLY or re.search(r"\binv\b|\bexact\b", shifts[0][""]):
        return None
    turn = -1.0 if shift.get("convention") == "coordinate_frame" else 1.0
    return tuple(float(shift.get(name, 0)) * (turn if name.startswith("r") else 1.0) for name in _SEVEN)
