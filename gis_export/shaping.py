"""What the parameters make of a layer's shapes: another CRS, fewer vertices, fewer decimals."""

from __future__ import annotations

from dataclasses import dataclass

import pyproj
from django.db import connection

from gis_export.plan import Notice
from terrafusion.records.layers import Layer
from terrafusion.words import counted

_SHAPELESS = ("Point", "MultiPoint")
"""Types that no simplification touches."""
LEFT_INVALID = "Invalid shapes keep all their vertices on the grid, and are left invalid."
MAX_TOGETHER = 250_000
"""Rows that PostgreSQL may hold in memory at once."""


@dataclass(frozen=True)
class Tolerance:
    """How far, in ``meters`` on the ground, a simplified line may leave its place. It is measured in the plane of
    ``srid``, a projected CRS of the county. ``words`` are the request's."""

    meters: float
    srid: int
    words: str


@dataclass(frozen=True)
class Shaped:
    """SQL: ``source`` goes behind FROM and has the rows as ``f``; ``columns`` are ``g``, and what the notices count."""

    source: str
    columns: tuple[str, ...]
    notices: tuple[Notice, ...] = ()


def shaped(
    rows: str,
    layer: Layer,
    srid: int,
    precision: int | None,
    tolerance: Tolerance | None,
    together: bool = False,
    through: int | None = None,
) -> Shaped:
    """``rows`` is a query that gives ``g`` in the layer's CRS; ``srid`` is the output's; ``precision`` the decimals of
    coordinates in it, None for all. ``together``: all shapes fit into the server's memory, so that neighbors can be
    simplified with their common edges, if PostGIS knows how. ``through`` is the database's SRID of ``srid`` by the
    layer's own operation, where that is another."""
    through = through or srid
    source, g, at = f"({rows}) AS f", "f.g", layer.srid
    notices: list[Notice] = []
    if tolerance is not None and layer.geometry_type not in _SHAPELESS:
        together = together and layer.geometry_type == "MultiPolygon" and has_coverage_simplify()
        plane = tolerance.srid
        g, at = _transformed(g, at, plane, through if plane == srid else plane), plane
        g = _simplified(g, tolerance, together)
        notices.append(_simplification(tolerance, together))
        if together:  # a window over all rows
            source, g = f"(SELECT f.*, {g} OVER () AS simplified FROM {source}) AS f", "f.simplified"
    if at not in {layer.srid, srid} and through != srid:
        g, at = _transformed(g, at, layer.srid, layer.srid), layer.srid  # from where the operation begins
    g = _transformed(g, at, srid, through)
    if precision is not None:
        g = _reduced(g, precision)
        notices.append(
            Notice("altered", f"Coordinates have {counted(precision, 'decimal')}, as was asked (precision).")
        )
    if g == "f.g":
        return Shaped(source, (g,))
    columns = ["s.g"]
    if notices:
        columns.append("ST_NPoints(f.g) AS vertices")
        left_out = "coalesce(sum(greatest(vertices - ST_NPoints(g), 0)), 0)::bigint"
        notices.append(Notice("dropped", "Vertices were left out.", left_out))
        if layer.geometry_type.startswith("Multi"):
            g = f"ST_Multi({g})"
    if precision is not None:
        vanished = "count(*) FILTER (WHERE vertices > 0 AND ST_IsEmpty(g))"
        notices.append(Notice("dropped", "Shapes smaller than the precision are empty.", vanished))
        notices.append(Notice("altered", LEFT_INVALID, "count(*) FILTER (WHERE NOT ST_IsValid(g))"))
    # OFFSET 0 keeps the planner from computing the shape once for each time that it is used.
    source += f" CROSS JOIN LATERAL (SELECT {g} AS g OFFSET 0) AS s"
    return Shaped(source, tuple(columns), tuple(notices))


def has_coverage_simplify() -> bool:
    """PostGIS 3.4 with GEOS 3.12 has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'st_coveragesimplify')")
        (exists,) = cursor.fetchone()
    return bool(exists)


def _transformed(sql: str, source: int, target: int, through: int) -> str:
    if source == target:
        return sql
    moved = f"ST_Transform({sql}, {through})"
    return moved if through == target else f"ST_SetSRID({moved}, {target})"


def _simplified(sql: str, tolerance: Tolerance, together: bool) -> str:
    unit = pyproj.CRS.from_epsg(tolerance.srid).axis_info[0].unit_conversion_factor  # in meters
    amount = repr(tolerance.meters / unit)
    if together:
        return f"ST_CoverageSimplify({sql}, {amount})"
    return f"ST_SimplifyPreserveTopology({sql}, {amount})"


def _simplification(tolerance: Tolerance, together: bool) -> Notice:
    how = (
        "neighbors keep their common edges (ST_CoverageSimplify)"
        if together
        else "each shape by itself (ST_SimplifyPreserveTopology), so that neighbors may have small gaps and overlaps"
    )
    return Notice("altered", f"Simplified by {tolerance.words} on the ground, as was asked: {how}.")


def _reduced(sql: str, precision: int) -> str:
    """On the grid of so many decimals and still valid; what is invalid already keeps all its vertices instead."""
    grid = f"1e-{precision}"
    return (
        f"(SELECT CASE WHEN ST_IsValid(s) THEN ST_ReducePrecision(s, {grid}) ELSE ST_SnapToGrid(s, {grid}) END "
        f"FROM (VALUES ({sql})) AS shapes(s))"
    )
