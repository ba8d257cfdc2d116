"""The software whose version can change a byte of a file."""

from __future__ import annotations

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
    """TerraFusion's own and those of its libraries, by name. GDAL comes with pyogrio; PostGIS is the database's own."""
    return {"terrafusion": __version__, **{name: version(name) for name in _LIBRARIES}}
