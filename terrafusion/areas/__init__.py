"""Areas of interest: what a request says, as geometry in EPSG:4326.

Each kind of area is a module; ``reading`` finds the one for a request, and ``rows`` selects a layer's rows by an area.
Nothing is mended in silence: a fault is refused with its place, and what is done to an area (a box split at the
antimeridian, a transformation, several shapes made one) is reported in ``Area.notes``.
"""

from terrafusion.areas.area import SRID, Area, AreaPart
from terrafusion.areas.errors import AreaError
from terrafusion.areas.reading import of_request, parse

__all__ = ["SRID", "Area", "AreaError", "AreaPart", "of_request", "parse"]
