"""Where the wheels of pyogrio and shapely keep libgdal and libgeos.

GeoDjango is pointed at these files, so that it and pyogrio share one libgdal and nobody installs a system GDAL.
Raises ``ImproperlyConfigured`` when a wheel has no such file (a source build): then set the path by hand.
"""

from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def gdal_library() -> str:
    return _bundled("pyogrio", "libgdal", "GDAL_LIBRARY_PATH")


def geos_library() -> str:
    return _bundled("shapely", "libgeos_c", "GEOS_LIBRARY_PATH")


def _bundled(package: str, library: str, setting: str) -> str:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ImproperlyConfigured(f"{package} is not installed: pip install -r requirements.txt")
    folder = Path(spec.origin).parent.parent / f"{package}.libs"
    copies = sorted(folder.glob(f"{library}-*.so*"))
    if not copies:
        raise ImproperlyConfigured(f"No {library} in {package}'s wheel: set {setting} to the library's path.")
    return str(copies[0])
