"""Areas out of rings that do not say which of them are holes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely


def areas(rings: Sequence[np.ndarray]) -> shapely.Geometry | None:
    """A polygon, or several: a ring in an odd number of others is a hole of the innermost of them. None where a ring
    has too few positions. Rings that are not closed are."""
    if not rings or any(len(np.unique(ring, axis=0)) < 3 for ring in rings):
        return None
    if len(rings) == 1:
        return shapely.Polygon(rings[0])
    alone = sorted(map(shapely.Polygon, rings), key=lambda ring: -ring.area)
    outer: list[tuple[shapely.Polygon, list[shapely.Polygon]]] = []
    for index, ring in enumerate(alone):
        around = np.flatnonzero(shapely.covers(alone[:index], ring))
        if len(around) % 2:
            innermost = alone[around[-1]]
            next(holes for shell, holes in outer if shell is innermost).append(ring)
        else:
            outer.append((ring, []))
    polygons = [shapely.Polygon(shell.exterior, [hole.exterior for hole in holes]) for shell, holes in outer]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
