"""The shapes of a county's own records, as one area."""

from __future__ import annotations

from typing import Any

import shapely
from django.contrib.gis.db.models.functions import AsWKB, MemSize
from django.db.models import QuerySet, Sum
from shapely.geometry.base import BaseGeometry

from terrafusion.areas.area import polygonal
from terrafusion.areas.errors import AreaError
from terrafusion.words import counted

MAX_BYTES = 16_000_000
"""Of the shapes that make an area; a vertex has 16."""


def union_of(rows: QuerySet[Any], geometry: str) -> tuple[BaseGeometry, list[str]]:
    """The outlines of the rows as one Polygon or MultiPolygon, and what was done to get it."""
    rows = rows.order_by()
    size = rows.aggregate(size=Sum(MemSize(geometry)))["size"] or 0
    if size > MAX_BYTES:
        raise AreaError(
            f"These outlines have some {counted(size // 16, 'vertex', 'vertices')}, and at most "
            f"{MAX_BYTES // 16:,} are allowed."
        )
    shapes = shapely.from_wkb([bytes(wkb) for wkb in rows.values_list(AsWKB(geometry), flat=True)])
    invalid = ~shapely.is_valid(shapes)
    shapes[invalid] = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
    notes = [f"Invalid outlines of records were repaired: {int(invalid.sum())}."] if invalid.any() else []
    whole = polygonal(shapely.union_all(shapes))
    if whole.is_empty:
        raise AreaError("These records have no outline that encloses anything.")
    return whole, notes
