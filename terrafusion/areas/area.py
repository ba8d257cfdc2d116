"""What an area is once it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from terrafusion.records.models import County

SRID = 4326


@dataclass(frozen=True)
class AreaPart:
    """A piece of an area, exact: everything within ``meters`` on the ground of ``shape``, a Polygon or MultiPolygon in
    EPSG:4326; with 0 the shape itself. ``parcels``: the shape is made of the parcels of these numbers."""

    shape: BaseGeometry
    meters: float = 0.0
    parcels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Area:
    """``geometry`` is all of it as one valid Polygon or MultiPolygon in EPSG:4326, in which the arcs of a distance are
    drawn as short lines; ``parts`` say the same exactly, and ``notes`` what was done to what was given. ``vertices``
    is how many of them the caller gave."""

    geometry: BaseGeometry
    notes: tuple[str, ...]
    parts: tuple[AreaPart, ...]
    vertices: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether ``geometry`` says it all."""
        return not any(part.meters or part.parcels for part in self.parts)


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    """What of the shape encloses something, without the points and lines that an intersection may leave."""
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def plain(geometry: BaseGeometry, notes: tuple[str, ...] = (), vertices: int = 0) -> Area:
    """The area that is this valid Polygon or MultiPolygon and nothing else."""
    return Area(geometry, notes, (AreaPart(geometry),), vertices)


def united(areas: list[Area], note: str) -> Area:
    """Several areas as one, in which what overlaps is there once."""
    merged: dict[float | None, AreaPart] = {}
    for part in (part for area in areas for part in area.parts):
        key = None if part.parcels else part.meters
        if key in merged:
            other = merged[key]
            part = replace(
                part,
                shape=shapely.union(other.shape, part.shape),
                parcels=tuple(dict.fromkeys([*other.parcels, *part.parcels])),
            )
        merged[key] = part
    notes = dict.fromkeys([*(note for area in areas for note in area.notes), note])
    geometry = shapely.union_all([area.geometry for area in areas])
    return Area(geometry, tuple(notes), tuple(merged.values()), sum(area.vertices for area in areas))


@dataclass(frozen=True)
class AreaContext:
    """Whose area it is, and within which limits: records are those of ``county`` only, uploads those of ``user``.
    ``read`` reads an area that is named inside another."""

    county: County
    max_vertices: int
    read: Callable[[Any], Area]
    user: Any
