"""Reading shapes for maps, in feet of the county's State Plane system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connection
from pyproj import CRS

from reporting.maps.sheet import Extent, MapSheet
from terrafusion.records.models import County

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Coordinates = NDArray[np.float64]

_METERS_PER_FOOT = 0.3048
ASPECT = 1.5
_WIDTH = 250  # of a card's map, in points: half a page
_NEIGHBORS = 250  # of a card's map; the nearest
_WIDEST = 5_280  # feet, of a map with neighbors: those round parts of a parcel that lie far apart would be a blot

Ring = tuple[tuple[float, float], ...]


@cache
def feet_per_unit(srid: int) -> float:
    """Of a State Plane system, whose axes are in meters or in one of two sorts of feet."""
    factor: float = CRS.from_epsg(srid).axis_info[0].unit_conversion_factor
    return factor / _METERS_PER_FOOT


@dataclass(frozen=True)
class Outline:
    """A parcel's or an area's shape: rings in feet."""

    name: str
    rings: tuple[Ring, ...]


def parcel_maps(county: County, ids: list[int]) -> dict[int, MapSheet]:
    """A map of each parcel that has an outline, with its neighbors; by the parcel's key. One query."""
    srid, feet = county.state_plane_srid, feet_per_unit(county.state_plane_srid)
    with connection.cursor() as cursor:
        cursor.execute(_PARCEL_FRAMES, {"srid": srid, "feet": feet, "ids": ids})
        frames = {
            key: MapSheet(Extent(*(value * feet for value in box)).shaped(ASPECT, margin=0.9, min_width=300.0), _WIDTH)
            for key, *box in cursor.fetchall()
        }
        if not frames:
            return {}
        boxes = [
            [key, *(value / feet for value in (s.extent.left, s.extent.bottom, s.extent.right, s.extent.top)), s.scale]
            for key, s in frames.items()
        ]
        columns = list(zip(*boxes, strict=True))
        cursor.execute(
            _NEIGHBORS_OF,
            {
                "srid": srid,
                "county": county.pk,
                "most": _NEIGHBORS,
                "feet": feet,
                "least": _WIDTH / _WIDEST,
                **{
                    name: list(column)
                    for name, column in zip(("key", "x0", "y0", "x1", "y1", "scale"), columns, strict=True)
                },
            },
        )
        for key, is_subject, path in cursor:
            sheet = frames[key]
            sheet.path(
                path,
                "#bcd3e8" if is_subject else "#f1f1ec",
                "#1f4e79" if is_subject else "#9a9a9a",
                1.4 if is_subject else 0.5,
            )
    return frames


_PARCEL_FRAMES = """
SELECT id, ST_XMin(g), ST_YMin(g), ST_XMax(g), ST_YMax(g)
FROM (SELECT id, ST_Transform(geometry, %(srid)s) AS g FROM records_propertyoperational
      WHERE id = ANY(%(ids)s) AND NOT ST_IsEmpty(geometry)) AS outlines
"""
# Subjects come last, so that they are drawn over their neighbors. ST_AsSVG turns the axis round.
_NEIGHBORS_OF = """
SELECT f.key, n.id = f.key,
       ST_AsSVG(ST_Scale(ST_Translate(ST_Transform(n.geometry, %(srid)s), -f.x0, -f.y1), f.k, f.k), 0, 1)
FROM (SELECT key, x0, y0, x1, y1, scale * %(feet)s AS k,
             scale >= %(least)s AS near, ST_Transform(ST_MakeEnvelope(x0, y0, x1, y1, %(srid)s), 4326) AS box
      FROM unnest(%(key)s::bigint[], %(x0)s::float8[], %(y0)s::float8[], %(x1)s::float8[], %(y1)s::float8[],
                  %(scale)s::float8[]) AS t (key, x0, y0, x1, y1, scale)) AS f
CROSS JOIN LATERAL (
    SELECT p.id, p.geometry FROM records_propertyoperational p
    WHERE p.county_id = %(county)s AND p.geometry && f.box AND NOT ST_IsEmpty(p.geometry)
          AND (f.near OR p.id = f.key)
    ORDER BY p.id = f.key DESC, p.point <-> ST_Centroid(f.box) LIMIT %(most)s) AS n
ORDER BY f.key, n.id = f.key, n.id
"""


def layer_outlines(county: County, layer_name: str, tolerance_feet: float = 50.0) -> list[Outline]:
    """The areas of a reference layer, named by their keys and with fewer vertices; empty where there is none."""
    feet = feet_per_unit(county.state_plane_srid)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.feature_key, "
            "ST_AsGeoJSON(ST_SimplifyPreserveTopology(ST_Transform(f.geometry, %s), %s), 1)::json "
            "FROM records_referencefeature f JOIN records_referencelayer l ON l.id = f.layer_id "
            "WHERE l.county_id = %s AND l.name = %s AND f.geometry IS NOT NULL AND NOT ST_IsEmpty(f.geometry) "
            "AND ST_Dimension(f.geometry) = 2 ORDER BY f.feature_key",
            [county.state_plane_srid, tolerance_feet / feet, county.pk, layer_name],
        )
        return [Outline(str(key), tuple(_rings(shape, feet))) for key, shape in cursor.fetchall()]


def _rings(shape: dict[str, Any], feet: float) -> Iterable[Ring]:
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    for polygon in polygons:
        for ring in polygon:
            yield tuple((x * feet, y * feet) for x, y, *_ in ring)


def to_feet(county: County, longitudes: Coordinates, latitudes: Coordinates) -> tuple[Coordinates, Coordinates]:
    """Arrays of EPSG:4326 to feet."""
    from pyproj import Transformer

    transformer = Transformer.from_crs(4326, county.state_plane_srid, always_xy=True)
    x, y = transformer.transform(longitudes, latitudes)
    feet = feet_per_unit(county.state_plane_srid)
    return x * feet, y * feet
