"""Polygons of a file that GDAL reads, in a process of its own: see ``sandbox``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyproj
import shapely

from terrafusion import native
from terrafusion.areas.area import SRID
from terrafusion.areas.coordinates import ShapesInCrs, check_vertices
from terrafusion.areas.errors import AreaError
from terrafusion.words import counted

NO_CRS = "{what}, so its CRS is not known: give the EPSG code of its coordinates as crs, such as EPSG:2926."
FLATTENED = "The third dimension was left out: an area has x and y only."
_CURVED = "Circles and arcs became lines, which leave them by at most 0.06% of their radius: {}."
_SECONDS = 30
_SANDBOX = Path(__file__).with_name("sandbox.py")


def read(files: dict[str, bytes], driver: str, srid: int | None, layer: str, max_vertices: int) -> ShapesInCrs:
    """The polygons of the first of ``files`` (contents by names of ours), as GDAL's ``driver`` reads it. ``srid`` is
    the CRS that the caller names."""
    (main,) = [name for name in files if name.endswith((".shp", ".gpkg", ".kml"))]
    with TemporaryDirectory(prefix="area-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        answer = _ask(folder, main, driver, layer, max_vertices)
    if faults := answer.get("faults"):
        raise AreaError(*faults)
    check_vertices(answer["vertices"], max_vertices)
    notes = []
    if missing := answer["missing"]:
        notes.append(f"Left out, because there is no geometry: {counted(missing, 'feature')}.")
    if answer["flattened"]:
        notes.append(FLATTENED)
    if curved := answer["curved"]:
        notes.append(_CURVED.format(counted(curved, "feature")))
    crs, name = _system(answer["crs"], srid)
    shapes = [(f"Feature {number}: ", shapely.from_wkb(wkb)) for number, wkb in answer["shapes"]]
    return ShapesInCrs(shapes, tuple(notes), crs, name)


def _ask(folder: str, main: str, driver: str, layer: str, max_vertices: int) -> dict[str, Any]:
    """What the sandbox reports about the file."""
    arguments = [native.gdal_library(), main, driver, layer, str(max_vertices)]
    command = [sys.executable, "-I", "-B", str(_SANDBOX), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the file's name is ours
            command, cwd=folder, env={"OPENBLAS_NUM_THREADS": "1"}, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise AreaError(f"The file could not be read in {_SECONDS} seconds: make it simpler.") from None
    if done.returncode != 0:
        raise AreaError("The file is damaged, or not what it looks like: it cannot be read.")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _system(definition: str | None, srid: int | None) -> tuple[pyproj.CRS | None, str]:
    """The CRS of the shapes, None for EPSG:4326, and its name."""
    crs = _two_dimensional(definition)
    if crs is None:
        if srid is None:
            raise AreaError(NO_CRS.format(what="The file does not say it"))
        return (None, f"EPSG:{SRID}") if srid == SRID else (pyproj.CRS.from_epsg(srid), f"EPSG:{srid}")
    code = crs.to_epsg(min_confidence=70)
    name = f"EPSG:{code}" if code else crs.name
    if srid not in (None, code):
        raise AreaError(f"The file says {name}, not EPSG:{srid}: leave crs out.")
    return (None, name) if code == SRID else (crs, name)


def _two_dimensional(definition: str | None) -> pyproj.CRS | None:
    """None for no CRS, and for one that is of no place on the Earth."""
    if not definition:
        return None
    try:
        crs = pyproj.CRS.from_user_input(definition)
    except pyproj.exceptions.CRSError:
        return None
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    return crs.to_2d() if crs.is_geographic or crs.is_projected else None
