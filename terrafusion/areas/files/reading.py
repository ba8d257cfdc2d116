"""An uploaded file as an area."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pyproj

from terrafusion.areas import geojson
from terrafusion.areas.area import SRID, Area
from terrafusion.areas.coordinates import ShapesInCrs, crs_member, finish
from terrafusion.areas.errors import AreaError
from terrafusion.areas.files import gdal
from terrafusion.areas.files.markup import refuse_doctype
from terrafusion.areas.files.unpack import Archive
from terrafusion.words import shown

FORMATS = ("GeoJSON", "Shapefile", "GeoPackage", "KML", "KMZ")
_UNPACKED = 10
"""How many times its size a file may have when it is unpacked."""
_MIN_UNPACKED = 10_000_000
_SIDECARS = (".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True)
class Given:
    """What came with the request. ``srid`` is the CRS that the caller names, ``layer`` which of several is meant."""

    content: bytes
    srid: int | None
    layer: str
    max_vertices: int


@dataclass(frozen=True)
class FileArea:
    """An area, and the file that it is of."""

    area: Area
    file_format: str
    sha256: str


def read(content: bytes, *, srid: int | None = None, layer: str = "", max_vertices: int) -> FileArea:
    """The area of a file's content. Raises ``AreaError``, which names every fault. ``srid`` is for a file that does
    not say its CRS; ``layer`` for one of several."""
    given = Given(content, srid, layer, max_vertices)
    file_format, given_shapes = _reader(content)(given)
    return FileArea(finish(given_shapes, max_vertices), file_format, hashlib.sha256(content).hexdigest())


def _reader(content: bytes) -> Callable[[Given], tuple[str, ShapesInCrs]]:
    """By the first bytes."""
    if content.startswith(b"PK\x03\x04"):
        return _zip
    if content.startswith(b"SQLite format 3\x00"):
        return _geopackage
    start = content.removeprefix(b"\xef\xbb\xbf")[:1000].replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")
    if start.startswith(b"{"):
        return _geojson
    if start.startswith(b"<"):
        return _kml
    if not content:
        raise AreaError("The file is empty.")
    if content.startswith(b"\x00\x00\x27\x0a"):
        raise AreaError("A .shp alone is half of a Shapefile: zip it together with its .shx, .dbf and .prj.")
    raise AreaError(f"The file is none of these: {', '.join(FORMATS)} (a Shapefile as a zip).")


def _geojson(given: Given) -> tuple[str, ShapesInCrs]:
    try:
        data = json.loads(given.content)
    except RecursionError:
        raise AreaError("The GeoJSON is nested too deeply.") from None
    except ValueError as error:
        raise AreaError(f"The GeoJSON cannot be read: {str(error)[:200]}.") from None
    kind = data.get("type") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind.lower() not in map(str.lower, geojson.TYPES):
        raise AreaError(f"The GeoJSON must be one of {', '.join(geojson.TYPES)}, not {shown(kind)}.")
    srid, notes = crs_member(data.get("crs"))
    if data.get("crs") is None:
        srid = given.srid or SRID
    elif given.srid not in (None, srid):
        raise AreaError(f"The file says EPSG:{srid}, not EPSG:{given.srid}: leave crs out.")
    try:
        flat = _flattened(data)
    except RecursionError:
        raise AreaError("The GeoJSON is nested too deeply.") from None
    if flat != data:
        notes.append(gdal.FLATTENED)
    given_shapes = geojson.draw(flat, srid)
    system = None if srid == SRID else pyproj.CRS.from_epsg(srid)
    return "GeoJSON", ShapesInCrs(given_shapes.shapes, (*notes, *given_shapes.notes), system, f"EPSG:{srid}")


def _flattened(value: object, inside: bool = False) -> Any:
    """The same GeoJSON with positions of two numbers; ``inside`` a member ``coordinates``."""
    if isinstance(value, list):
        numbers = inside and len(value) > 2 and all(isinstance(number, int | float) for number in value)
        return value[:2] if numbers else [_flattened(item, inside) for item in value]
    if isinstance(value, dict):
        kept = ("properties", "bbox", "crs")
        return {n: item if n in kept else _flattened(item, n == "coordinates") for n, item in value.items()}
    return value


def _geopackage(given: Given) -> tuple[str, ShapesInCrs]:
    return "GeoPackage", gdal.read({"area.gpkg": given.content}, "GPKG", given.srid, given.layer, given.max_vertices)


def _kml(given: Given) -> tuple[str, ShapesInCrs]:
    refuse_doctype(given.content)
    return "KML", gdal.read({"area.kml": given.content}, "KML", given.srid, "", given.max_vertices)


def _zip(given: Given) -> tuple[str, ShapesInCrs]:
    archive = Archive(given.content, max(_UNPACKED * len(given.content), _MIN_UNPACKED))
    by_suffix: dict[str, list[str]] = {}
    for name in archive.names:
        by_suffix.setdefault(PurePosixPath(name).suffix.lower(), []).append(name)
    if shapes := by_suffix.get(".shp"):
        return _shapefile(archive, _one(shapes, given.layer), given)
    if documents := by_suffix.get(".kml"):
        document = next((name for name in documents if name == "doc.kml"), documents[0])
        content = archive.read(document)
        refuse_doctype(content)
        return "KMZ", gdal.read({"area.kml": content}, "KML", given.srid, "", given.max_vertices)
    raise AreaError("The zip has neither a .shp nor a .kml in it.")


def _one(shapes: list[str], layer: str) -> str:
    stems = {PurePosixPath(name).stem: name for name in shapes}
    if layer in stems:
        return stems[layer]
    if layer or len(shapes) > 1:
        raise AreaError(f"The zip has these Shapefiles: {', '.join(sorted(stems))[:300]}. Name one of them as layer.")
    return shapes[0]


def _shapefile(archive: Archive, shape: str, given: Given) -> tuple[str, ShapesInCrs]:
    stem = shape[: -len(".shp")].lower()
    beside = {name[len(stem) :].lower(): name for name in archive.names if name.lower().startswith(stem)}
    faults = []
    if ".shx" not in beside:
        faults.append(f"The zip has no {PurePosixPath(shape).stem}.shx, without which a Shapefile cannot be read.")
    if ".prj" not in beside and given.srid is None:
        faults.append(gdal.NO_CRS.format(what=f"The zip has no {PurePosixPath(shape).stem}.prj"))
    if faults:
        raise AreaError(*faults)
    files = {f"area{suffix}": archive.read(beside[suffix]) for suffix in _SIDECARS if suffix in beside}
    files["area.shp"] = archive.read(shape)
    return "Shapefile", gdal.read(files, "ESRI Shapefile", given.srid, "", given.max_vertices)
