"""Of which type the shapes of a layer are: as the file says, else as they are."""

from __future__ import annotations

import re

from terrafusion.records.loading.decode import types_in
from terrafusion.records.loading.readers import Source, batches

_SAID = re.compile(r"(Point|LineString|Polygon)\b")
MIXED = "Unknown"


def of(source: Source) -> str | None:
    """Point, LineString or Polygon, which stand for their Multi types too; ``Unknown`` where the layer mixes them or
    has no shape, and None for a plain table. A file that does not say is read to its end."""
    if source.geometry_type is None:
        return None
    if said := _SAID.search(source.geometry_type):
        return said[1]
    types: set[str] = set()
    for rows in batches(source, [], True):
        if rows.wkb is not None:
            types |= types_in(rows.wkb)
    return types.pop() if len(types) == 1 else MIXED
