"""The software whose version can change a byte of a file."""

from __future__ import annotations

import sqlite3
from functools import cache
from importlib.metadata import version

from terrafusion import __version__

_LIBRARIES = (
    "pyogrio",
    "pyarrow",
    "shapely",
    "pyproj",
    "adbc-driver-postgresql",
    "isal",
    "stream-zip",
    "xlsxwriter",
    "ezdxf",
    "pmtiles",
)


@cache
def versions() -> dict[str, str]:
    """TerraFusion's own and those of its libraries, by name. GDAL comes with pyogrio; PostGIS is the database's own;
    SQLite, which notes its version in a GeoPackage, is Python's."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"terrafusion": __version__, "sqlite": sqlite3.sqlite_version, **libraries}
