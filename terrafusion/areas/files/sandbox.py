"""Reads the polygons of one file, as a program of its own: ``python -I sandbox.py LIBGDAL FILE DRIVER LAYER VERTICES``.

A file that makes GDAL crash, loop or eat memory costs this process only. All drivers but one are taken away, so that
no file can pass for another kind or name other files and addresses; nothing can be written. It prints JSON: ``shapes``
([number, WKB in hexadecimal] of each polygon or multi-polygon in two dimensions; none where all have more ``vertices``
than VERTICES), ``crs``, how many features are ``missing`` a geometry, how many have arcs (``curved``), which became
lines, whether any was ``flattened``; or ``faults``.
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
from collections.abc import Iterable
from typing import Any

_MEMORY = 4 << 30  # of addresses, most of which libraries reserve and never touch
_CPU_SECONDS = 20
_MAX_FEATURES = 20_000
_MAX_FAULTS = 20
_POLYGONS = ("Polygon", "MultiPolygon")
_WITH_ARCS = ("GPKG",)
"""Drivers whose files may have arcs."""
_VECTOR = 0x04  # GDAL_OF_VECTOR
_NOT_NEEDED = ("geopandas", "pandas", "pyarrow")
"""What pyogrio would import if it could, for most of a second."""


class _UnreadableFile(Exception):
    """Each argument is a fault."""


def main(library: str, path: str, driver: str, layer: str, max_vertices: int) -> dict[str, Any]:
    sys.modules.update(dict.fromkeys(_NOT_NEEDED))  # type: ignore[arg-type]  # None: there is no such module
    import pyogrio
    import pyogrio.errors
    import pyogrio.raw

    gdal = ctypes.CDLL(library)  # the one that pyogrio has loaded
    _keep_only(driver, gdal)
    try:
        names = _layers(pyogrio.list_layers(path), driver, layer)
        layers = [pyogrio.raw.read(path, layer=name, columns=[], max_features=_MAX_FEATURES + 1) for name in names]
    except pyogrio.errors.DataSourceError:
        raise _UnreadableFile("The file is damaged, or not what it looks like: it cannot be read.") from None
    except pyogrio.errors.GeometryError:
        raise _UnreadableFile("The file has geometries that cannot be read.") from None
    shapes = [wkb for _, _, geometries, _ in layers if geometries is not None for wkb in geometries]
    curved = sum(_curved(gdal, path, name) for name in names) if driver in _WITH_ARCS else 0
    return {**_polygons(shapes, max_vertices), "crs": layers[0][0]["crs"], "curved": curved}


def _keep_only(driver: str, gdal: ctypes.CDLL) -> None:
    gdal.GDALGetDriver.restype = ctypes.c_void_p
    gdal.GDALGetDescription.restype = ctypes.c_char_p
    gdal.GDALGetDescription.argtypes = gdal.GDALDeregisterDriver.argtypes = [ctypes.c_void_p]
    drivers = [gdal.GDALGetDriver(i) for i in range(gdal.GDALGetDriverCount())]
    for one in drivers:
        if gdal.GDALGetDescription(one).decode() != driver:
            gdal.GDALDeregisterDriver(one)


def _curved(gdal: ctypes.CDLL, path: str, layer: str) -> int:
    """How many features have circles or arcs, of which pyogrio makes lines without a word."""
    pointers = (gdal.GDALOpenEx, gdal.GDALDatasetGetLayerByName, gdal.OGR_L_GetNextFeature, gdal.OGR_F_GetGeometryRef)
    for function in pointers:
        function.restype = ctypes.c_void_p
    gdal.GDALOpenEx.argtypes = [ctypes.c_char_p, ctypes.c_uint, *[ctypes.c_void_p] * 3]
    gdal.GDALDatasetGetLayerByName.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    for function in (*pointers[2:], gdal.OGR_F_Destroy, gdal.GDALClose):
        function.argtypes = [ctypes.c_void_p]
    gdal.OGR_G_HasCurveGeometry.argtypes = [ctypes.c_void_p, ctypes.c_int]
    gdal.OGRSetNonLinearGeometriesEnabledFlag(True)  # pyogrio says no, and is done with the file
    dataset = gdal.GDALOpenEx(path.encode(), _VECTOR, None, None, None)
    rows = gdal.GDALDatasetGetLayerByName(dataset, layer.encode())
    number = 0
    while feature := gdal.OGR_L_GetNextFeature(rows):
        shape = gdal.OGR_F_GetGeometryRef(feature)
        number += bool(shape and gdal.OGR_G_HasCurveGeometry(shape, True))
        gdal.OGR_F_Destroy(feature)
    gdal.GDALClose(dataset)
    return number


def _layers(listed: Iterable[tuple[str, str | None]], driver: str, layer: str) -> list[str]:
    """The layers to read: all of a KML, whose layers are folders; one of others."""
    names = [str(name) for name, geometry_type in listed if geometry_type is not None]
    if driver == "KML" and names:
        return names
    if layer and layer not in names:
        raise _UnreadableFile(f"Unknown layer {layer[:60]!r}. Available: {', '.join(names)[:300] or 'none'}.")
    if not names:
        raise _UnreadableFile("The file has no layer with geometries.")
    if not layer and len(names) > 1:
        raise _UnreadableFile(f"The file has several layers, {', '.join(names)[:300]}: name one of them as layer.")
    return [layer or names[0]]


def _polygons(wkbs: list[Any], max_vertices: int) -> dict[str, Any]:
    import numpy as np
    import shapely

    if len(wkbs) > _MAX_FEATURES:
        raise _UnreadableFile(f"The file has more than {_MAX_FEATURES:,} features.")
    faults, shapes = [], []
    missing = vertices = 0
    flattened = False
    for number, wkb in enumerate(wkbs, 1):
        if wkb is None:
            missing += 1
            continue
        try:
            with np.errstate(all="ignore"):  # what is not finite is refused later
                shape = shapely.from_wkb(wkb)
        except (NotImplementedError, shapely.errors.ShapelyError):
            faults.append(f"Feature {number}: its geometry cannot be read; curves are not supported.")
            continue
        flattened = flattened or bool(shape.has_z or shape.has_m)
        shape = shapely.force_2d(shape)
        if shape.geom_type == "GeometryCollection" and all(part.geom_type in _POLYGONS for part in shape.geoms):
            shape = shapely.MultiPolygon([polygon for part in shape.geoms for polygon in shapely.get_parts(part)])
        if shape.geom_type not in _POLYGONS:
            faults.append(f"Feature {number} is a {shape.geom_type}; an area is made of polygons.")
            continue
        vertices += int(shapely.get_num_coordinates(shape))
        shapes.append([number, shapely.to_wkb(shape, hex=True)])
    if not shapes and not faults:
        faults.append("The file has no features with a geometry.")
    if faults:
        more = len(faults) - _MAX_FAULTS
        raise _UnreadableFile(*faults[:_MAX_FAULTS], *([f"And {more:,} more like these."] if more > 0 else []))
    kept = shapes if vertices <= max_vertices else []
    return {"shapes": kept, "vertices": vertices, "missing": missing, "flattened": flattened}


if __name__ == "__main__":
    for limit, maximum in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (maximum, maximum))
    library, path, driver, layer, vertices = sys.argv[1:]
    try:
        answer = main(library, path, driver, layer, int(vertices))
    except _UnreadableFile as refused:
        answer = {"faults": list(refused.args)}
    print(json.dumps(answer))
