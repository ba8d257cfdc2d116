"""``{"type": "wkt", "wkt": "POLYGON ((...))"}``"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import shapely

from terrafusion.areas.coordinates import ShapesInCrs, read_shapes
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import only
from terrafusion.words import shown

_KIND = re.compile(r"\s*([A-Za-z]*)")


def _draw(given: dict[str, Any], srid: int) -> ShapesInCrs:
    only(given, "wkt", "crs")
    text = given.get("wkt")
    if not isinstance(text, str):
        raise AreaError('Give the text as "wkt", such as "POLYGON ((...))".')
    if text.lstrip()[:5].upper() == "SRID=":
        raise AreaError('The WKT begins with an SRID: give that as "crs", such as "EPSG:2926", and the rest as "wkt".')
    kind = _kind(text)
    if kind not in ("POLYGON", "MULTIPOLYGON"):
        raise AreaError(f"The WKT must be a POLYGON or MULTIPOLYGON, not {shown(kind)}; curves are not supported.")
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused later
            geometry = shapely.from_wkt(text)
    except (shapely.errors.GEOSException, UnicodeEncodeError) as error:
        raise AreaError(f"The WKT cannot be read: {str(error).removeprefix('ParseException: ')[:200]}") from None
    if geometry.has_z or geometry.has_m:
        raise AreaError("The WKT has a third dimension; give x and y only.")
    return ShapesInCrs([("", geometry)])


def _kind(text: str) -> str:
    """The word that a text begins with, without the letters of further dimensions. GEOS is given no other kind than
    two that cannot be nested: it reads collections and curves by recursion, and 30,000 within each other end the
    process."""
    match = _KIND.match(text)
    return match[1].upper().rstrip("ZM") if match else ""


read = partial(read_shapes, _draw)
