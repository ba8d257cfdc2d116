"""Geometries of a batch: read, checked, brought to EPSG:4326 and to one Multi type, repaired where they can be."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from terrafusion.operations import WGS84
from terrafusion.records.loading import antimeridian
from terrafusion.records.loading.decode import decoded
from terrafusion.records.loading.problems import ALTERED, Mask, Problem
from terrafusion.records.transformations import Choice

CURVE_TOLERANCE = 0.01
"""Meters on the ground by which a line may leave the arc that it stands for."""
_MARGIN = 1.0  # degrees that a county may reach beyond the area for which a CRS is meant
_TYPES = {  # Multi type -> shapely's type ids: the simple type, the Multi type
    "MultiPoint": (0, 4),
    "Point": (0, 0),
    "MultiLineString": (1, 5),
    "MultiPolygon": (3, 6),
}
_COLLECTION = 7
_SRID_FLAG, _SRID_FLAG_SET = slice(8, 10), "20"  # in hexadecimal digits of little-endian WKB; the SRID follows it
_SRID = WGS84.to_bytes(4, "little").hex()
Shapes = NDArray[Any]


@dataclass(frozen=True)
class GeometryReader:
    """Reads geometries by the chosen operation into ``wanted`` (a Multi type, or Point) in EPSG:4326, lon/lat, 2-D.

    Those outside the area of use of any of ``areas`` are refused: a wrong CRS or swapped axes put them there. Where
    they may lie ``anywhere``, they are loaded and counted.
    """

    choice: Choice
    wanted: str
    areas: tuple[CRS, ...]
    anywhere: bool = False

    def from_wkb(self, column: pa.Array) -> tuple[Shapes, list[Problem]]:
        shapes, problems = decoded(column, CURVE_TOLERANCE / self.choice.operation.unit)
        shapes, more_problems = self.read(shapes)
        return shapes, [*problems, *more_problems]

    def from_xy(self, x: pa.Array, y: pa.Array) -> tuple[Shapes, list[Problem]]:
        """Points; null where either coordinate is."""
        xs, ys = (np.asarray(values.to_numpy(zero_copy_only=False), dtype=float) for values in (x, y))
        shapes = np.full(len(xs), None, dtype=object)
        known = ~(np.isnan(xs) | np.isnan(ys))
        shapes[known] = shapely.points(xs[known], ys[known])
        return self.read(shapes)

    def read(self, shapes: Shapes) -> tuple[Shapes, list[Problem]]:
        problems: list[Problem] = []
        shapes = _without(shapely.force_2d(shapes), shapely.is_empty(shapes))
        if self.wanted == "Point":  # the only member of a MultiPoint is one, too
            alone = (shapely.get_type_id(shapes) == _TYPES["MultiPoint"][1]) & (shapely.get_num_geometries(shapes) == 1)
            shapes = np.where(alone, shapely.get_geometry(shapes, 0), shapes)
        original = shapes
        ids = shapely.get_type_id(shapes)
        allowed = {*_TYPES[self.wanted], _COLLECTION} if self.wanted == "MultiPolygon" else set(_TYPES[self.wanted])
        wrong = ~np.isin(ids, [*allowed, -1])
        if wrong.any():
            names = shapely.to_wkt
            problems.append(
                Problem(
                    wrong,
                    "wrong_geometry_type",
                    lambda index: f"{names(original[index]).split(' ')[0]} in a layer of {self.wanted}",
                )
            )
            shapes = _without(shapes, wrong)
        shapes, across = antimeridian.unwrapped(self._to_wgs84(shapes))
        bounds = shapely.bounds(shapes)
        present = ~shapely.is_missing(shapes)
        off_earth = present & ~_on_earth(bounds, across)
        outside = present & ~off_earth & ~self._inside(bounds)
        refused = off_earth if self.anywhere else off_earth | outside
        if refused.any():
            problems.append(Problem(refused, "outside_area", lambda index: _place(bounds[index], original[index])))
            shapes = _without(shapes, refused)
        if self.anywhere and outside.any():
            problems.append(Problem(outside, "outside_area", lambda index: "it is let in", ALTERED))
        shapes, repairs = self._repair(shapes)
        across &= ~shapely.is_missing(shapes)
        shapes = antimeridian.split(shapes, across)
        if across.any():
            repairs.append(Problem(across, "antimeridian", lambda _: "it was split at 180 degrees", ALTERED))
        return self._promote(shapes), [*problems, *repairs]

    def _to_wgs84(self, shapes: Shapes) -> Shapes:
        if self.choice.srid == WGS84:
            return shapes
        return cast(Shapes, shapely.transform(shapes, self.choice.operation.to_wgs84, interleaved=False))

    def _inside(self, bounds: NDArray[np.float64]) -> Mask:
        """Within all areas, which may be across the meridian of 180 degrees."""
        west, south, east, north = bounds.T
        inside = np.ones(len(bounds), dtype=bool)
        with np.errstate(invalid="ignore"):
            for crs in self.areas:
                area = crs.area_of_use
                if area is None:
                    continue
                inside &= (south >= area.south - _MARGIN) & (north <= area.north + _MARGIN)
                first, last = area.west - _MARGIN, area.east + _MARGIN + 360 * (area.west > area.east)
                turns = [(west + turn >= first) & (east + turn <= last) for turn in (-360, 0, 360)]
                inside &= np.logical_or.reduce(turns)
        return np.asarray(inside)

    def _repair(self, shapes: Shapes) -> tuple[Shapes, list[Problem]]:
        """Invalid polygons are made valid, keeping what is polygon of the result; collections lose the rest too."""
        invalid = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
        if self.wanted != "MultiPolygon":
            if invalid.any():
                return _without(shapes, invalid), [_invalid(invalid, shapes, "refused")]
            return shapes, []
        todo = invalid | (shapely.get_type_id(shapes) == _COLLECTION)
        if not todo.any():
            return shapes, []
        before, shapes = shapes, shapes.copy()
        for index in np.flatnonzero(todo):
            shapes[index] = _polygons(shapely.make_valid(shapes[index], method="structure", keep_collapsed=False))
        lost = todo & shapely.is_missing(shapes)
        problems = [
            _invalid(mask, before, outcome)
            for mask, outcome in ((lost, "refused"), (todo & ~lost, "repaired"))
            if mask.any()
        ]
        return shapes, problems

    def _promote(self, shapes: Shapes) -> Shapes:
        simple = shapely.get_type_id(shapes) == _TYPES[self.wanted][0]
        if self.wanted == "Point" or not simple.any():
            return shapes
        make = {
            "MultiPoint": shapely.multipoints,
            "MultiLineString": shapely.multilinestrings,
            "MultiPolygon": shapely.multipolygons,
        }[self.wanted]
        shapes = shapes.copy()
        shapes[simple] = make(shapes[simple], indices=np.arange(simple.sum()))
        return shapes


def _on_earth(bounds: NDArray[np.float64], across: Mask) -> Mask:
    """Longitudes above 180 are those of shapes across the meridian."""
    west, south, east, north = bounds.T
    with np.errstate(invalid="ignore"):
        within = (west >= -180) & (east <= np.where(across, 540, 180)) & (south >= -90) & (north <= 90)
    return np.asarray(within)


def _without(shapes: Shapes, mask: Mask) -> Shapes:
    kept = shapes.copy()
    kept[mask] = None
    return kept


def to_hex(shapes: Shapes) -> pa.Array:
    """EWKB in hexadecimal, as COPY reads it into a geometry column, of two-dimensional shapes."""
    wkb = pa.array(shapely.to_wkb(shapes, hex=True, byte_order=1), pa.string())
    marked = pc.binary_replace_slice(wkb, _SRID_FLAG.start, _SRID_FLAG.stop, _SRID_FLAG_SET)
    return pc.binary_replace_slice(marked, _SRID_FLAG.stop, _SRID_FLAG.stop, _SRID)


def points_to_hex(points: Shapes) -> pa.Array:
    """The same of points, none of them empty, which needs no text of each from shapely."""
    records = np.zeros(len(points), dtype=[("head", "S9"), ("x", "<f8"), ("y", "<f8")])
    records["head"] = bytes.fromhex(f"01010000{_SRID_FLAG_SET}{_SRID}")
    records["x"], records["y"] = shapely.get_x(points), shapely.get_y(points)
    texts = np.frombuffer(binascii.hexlify(records.tobytes()), dtype=f"S{2 * records.itemsize}")
    return pc.if_else(pa.array(~shapely.is_missing(points)), pa.array(texts, pa.binary()).cast(pa.string()), None)


def _polygons(shape: shapely.Geometry) -> shapely.Geometry | None:
    """The polygons of a geometry as one valid MultiPolygon; None when there are none."""
    parts = [part for part in shapely.get_parts(shape) if not part.is_empty]
    nested = [inner for part in parts for inner in (shapely.get_parts(part) if part.geom_type != "Polygon" else [part])]
    polygons = [part for part in nested if part.geom_type == "Polygon"]
    if not polygons:
        return None
    together = shapely.multipolygons(polygons)
    return together if together.is_valid else shapely.union_all(polygons)  # parts of a collection may overlap


def _invalid(mask: Mask, shapes: Shapes, outcome: str) -> Problem:
    return Problem(mask, "invalid_geometry", lambda index: str(shapely.is_valid_reason(shapes[index])), outcome)


def _place(bounds: NDArray[np.float64], original: shapely.Geometry) -> str:
    if np.isfinite(bounds).all():
        return f"it would lie at lon {bounds[0]:.4f}, lat {bounds[1]:.4f}"
    west, south = shapely.bounds(original)[:2]
    return f"x {west:g}, y {south:g} cannot be placed on the earth"
