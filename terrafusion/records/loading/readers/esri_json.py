"""Feature sets as ArcGIS servers write them: attributes with declared types, rings that do not say which are holes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.problems import Problem
from terrafusion.records.loading.readers import json_text, rings
from terrafusion.records.loading.readers.geojson import GeoJsonSource, Seen
from terrafusion.records.loading.readers.json_text import Feature
from terrafusion.records.loading.readers.shapes_in_text import UNREADABLE, unclosed
from terrafusion.records.loading.targets import Kind

_TYPES = {"Polygon": "Polygon", "Polyline": "LineString", "Point": "Point", "Multipoint": "Point"}
_DATE = "esriFieldTypeDate"  # milliseconds since 1970 in UTC


@dataclass
class EsriSource(GeoJsonSource):
    def features(self) -> Iterator[Feature]:
        for feature in json_text.esri_features(self.file, self.path.name, {}):
            yield {"properties": feature.get("attributes"), "geometry": feature.get("geometry")}

    def shapes(self, geometries: list[Feature | None]) -> tuple[pa.Array, list[Problem]]:
        wkb = pa.array([None if one is None else _wkb(one) for one in geometries], pa.binary())
        return wkb, unclosed(np.array([one is not None and _is_open(one) for one in geometries], dtype=bool))

    def _array(self, name: str, values: list[Any]) -> pa.Array:
        if self.types[name] is Kind.DATETIME and all(type(value) is int for value in values if value is not None):
            return pa.array(values, pa.timestamp("ms", "UTC"))
        return super()._array(name, values)


def open_esri(path: Path, file: Path, layer: str) -> EsriSource:
    """Reads the file once, so that a broken one is refused before a row is."""
    members: Feature = {}
    seen = Seen()
    for feature in json_text.esri_features(file, path.name, members):
        seen.add({"properties": feature.get("attributes"), "geometry": _described(feature.get("geometry"))})
    declared = members.get("fields")
    types = {one.get("name"): one.get("type") for one in declared or [] if isinstance(one, dict)}
    said = _TYPES.get(str(members.get("geometryType")).removeprefix("esriGeometry"))
    kind = (seen.shapes.pop() if len(seen.shapes) == 1 else "Unknown") if seen.shapes else said
    return EsriSource(
        path=path,
        layer=layer,
        columns=tuple(seen.kinds),
        types={name: Kind.DATETIME if types.get(name) == _DATE else seen.kind(name) for name in seen.kinds},
        crs=_crs(path, members.get("spatialReference")) if kind else None,
        geometry_type=kind,
        rows=seen.rows,
        notes=[json_text.PARTIAL] if json_text.is_partial(members) else [],
        file=file,
    )


def _described(geometry: Feature | None) -> Feature | None:
    """The type of a geometry by what it has; a set may name another, or none."""
    kinds = {"rings": "Polygon", "paths": "LineString", "points": "Point", "x": "Point", "curveRings": "Polygon"}
    return next(({"type": kind} for member, kind in kinds.items() if member in (geometry or {})), None)


def _wkb(geometry: Feature) -> bytes | None:
    """None where the geometry is empty; what is no geometry, or has true curves, is no WKB."""
    try:
        shape = _shape(geometry)
        return UNREADABLE if shape is None else None if shape.is_empty else bytes(shapely.to_wkb(shape))
    except (TypeError, ValueError, LookupError, shapely.errors.GEOSException):
        return UNREADABLE


def _shape(geometry: Feature) -> shapely.Geometry | None:
    if "rings" in geometry:
        parts = [_positions(ring) for ring in geometry["rings"]]
        return rings.areas(parts) if parts else shapely.Polygon()
    if "paths" in geometry:
        return shapely.MultiLineString([_positions(path) for path in geometry["paths"]])
    if "points" in geometry:
        return shapely.MultiPoint(_positions(geometry["points"]) if geometry["points"] else None)
    if "x" not in geometry:
        return None
    x, y = geometry["x"], geometry["y"]
    return shapely.Point() if x in (None, "NaN") else shapely.Point(float(x), float(y))


def _positions(given: list[list[float]]) -> np.ndarray:
    """Without what they have beside x and y."""
    return np.array([position[:2] for position in given], dtype=float).reshape(len(given), 2)


def _is_open(geometry: Feature) -> bool:
    given = geometry.get("rings")
    return isinstance(given, list) and any(isinstance(ring, list) and ring and ring[0] != ring[-1] for ring in given)


def _crs(path: Path, reference: Any) -> CRS | None:
    """By the newest of its numbers, which are EPSG's or Esri's, else by its text."""
    if not isinstance(reference, dict):
        return None
    wkid = reference.get("latestWkid") or reference.get("wkid")
    for given in (f"EPSG:{wkid}", f"ESRI:{wkid}") if wkid else (reference.get("wkt") or "",):
        try:
            return CRS.from_user_input(given)
        except CRSError:
            continue
    raise LoadError(
        f"{path.name} names a coordinate system that is not known: {wkid or 'by its text'}. "
        "Give its EPSG code with --crs."
    )
