"""``{"type": "wkt", "wkt": "POLYGON ((...))"}``"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from terrafusion.areas.area import AreaError
from terrafusion.areas.drawn import Drawn, reader
from terrafusion.areas.members import only


def _draw(given: dict[str, Any], srid: int) -> Drawn:
    only(given, "wkt", "crs")
    text = given.get("wkt")
    if not isinstance(text, str):
        raise AreaError('Give the text as "wkt", such as "POLYGON ((...))".')
    if text.lstrip()[:5].upper() == "SRID=":
        raise AreaError('The WKT begins with an SRID: give that as "crs", such as "EPSG:2926", and the rest as "wkt".')
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused later
            geometry = shapely.from_wkt(text)
    except NotImplementedError:
        raise AreaError("The WKT must be a POLYGON or MULTIPOLYGON; curves are not supported.") from None
    except (shapely.errors.GEOSException, UnicodeEncodeError) as error:
        raise AreaError(f"The WKT cannot be read: {str(error).removeprefix('ParseException: ')[:200]}") from None
    if geometry is None or geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        kind = getattr(geometry, "geom_type", "nothing")
        raise AreaError(f"The WKT must be a POLYGON or MULTIPOLYGON, not a {kind}.")
    if geometry.has_z or geometry.has_m:
        raise AreaError("The WKT has a third dimension; give x and y only.")
    return Drawn([("", geometry)])


read = reader(_draw)
