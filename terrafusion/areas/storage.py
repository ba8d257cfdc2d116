"""An area as the columns of a job, and back: a job keeps the boundary that it was given, whatever becomes of the
records, districts and uploads that it was made of."""

from __future__ import annotations

from typing import Any

import shapely
from django.contrib.gis.geos import GeometryCollection, GEOSGeometry

from terrafusion.areas.area import Area, AreaPart, plain
from terrafusion.areas.rows import geos


def columns(area: Area | None) -> dict[str, Any]:
    """``area_of_interest``; and where that does not say it all, the exact shapes and what each is."""
    if area is None:
        return {"area_of_interest": None, "area_shapes": None, "area_parts": None}
    values: dict[str, Any] = {"area_of_interest": geos(area.geometry), "area_shapes": None, "area_parts": None}
    if not area.is_plain:
        values["area_shapes"] = GeometryCollection([geos(part.shape) for part in area.parts], srid=4326)
        values["area_parts"] = [{"meters": part.meters, "parcels": list(part.parcels)} for part in area.parts]
    return values


def load(job: Any, notes: tuple[str, ...]) -> Area | None:
    """The area of a job of these columns."""
    if job.area_of_interest is None:
        return None
    whole = _shape(job.area_of_interest)
    if job.area_parts is None:
        return plain(whole, notes)
    parts = tuple(
        AreaPart(_shape(shape), _meters(part), tuple(part["parcels"]))
        for shape, part in zip(job.area_shapes, job.area_parts, strict=True)
    )
    return Area(whole, notes, parts)


def _meters(part: dict[str, Any]) -> float:
    """The distance of a part; a web server of version 0.1 that serves during an upgrade writes it as ``metres``."""
    meters: float = part["meters"] if "meters" in part else part["metres"]
    return meters


def _shape(stored: GEOSGeometry) -> shapely.Geometry:
    return shapely.from_wkb(bytes(stored.wkb))
