"""Names of places on maps: each in its area, none over another, the largest areas first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import shapely

from reporting.maps.sheet import MapSheet

_SIZE = 6.5
_LETTER = 0.56  # of the size, is the width of a letter
_LONGEST = 24


class Named(Protocol):
    """An area with a name: rings in feet."""

    @property
    def name(self) -> str: ...

    @property
    def rings(self) -> Sequence[Sequence[tuple[float, float]]]: ...


def label_outlines(sheet: MapSheet, outlines: Sequence[Named]) -> None:
    """Writes the names of the areas that the sheet shows, where there is room for them."""
    extent = sheet.extent
    frame = shapely.box(extent.left, extent.bottom, extent.right, extent.top)
    shown = []
    for outline in outlines:
        area = max(
            (shapely.Polygon(ring).buffer(0) for ring in outline.rings if len(ring) > 3), key=_size, default=None
        )
        inside = None if area is None else area.intersection(frame)
        if inside is not None and not inside.is_empty:
            shown.append((inside.area, outline.name, inside.representative_point()))
    taken: list[shapely.Geometry] = []
    for _, name, point in sorted(shown, key=lambda one: (-one[0], one[1])):
        text = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
        x, y = sheet.at(point.x, point.y)
        half = len(text) * _LETTER * _SIZE / 2
        room = shapely.box(x - half, y - _SIZE, x + half, y + 0.3 * _SIZE)
        within = x - half >= 2 and x + half <= sheet.width - 2 and _SIZE <= y <= sheet.height - 2
        if within and not any(room.intersects(other) for other in taken):
            sheet.label(point.x, point.y, text, _SIZE)
            taken.append(room)


def _size(area: shapely.Geometry) -> float:
    return float(area.area)
