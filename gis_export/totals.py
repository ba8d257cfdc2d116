"""Counts, area and sums of a layer by SQL: what every export is reconciled with, and what a verification asks again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gis_export.formats.base import CORNERS
from gis_export.plan import LayerPlan, Loss, Totals

EXTENT = dict(zip(CORNERS, ("ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax"), strict=True))
"""Names of the corners, and SQL functions of a box."""


def summed(layer: LayerPlan) -> dict[str, str]:
    """The columns whose sums are asked for, with the fields' names."""
    return {f"c{i}": column.name for i, column in enumerate(layer.columns) if column.total}


def statement(layer: LayerPlan, *, extent: bool = False) -> str:
    """A query of one row, for ``read``."""
    box = "ST_3DExtent(g)" if extent else "NULL::box3d"
    selected = [
        "count(*) AS records",
        "count(*) FILTER (WHERE g IS NULL OR ST_IsEmpty(g)) AS missing",
        "coalesce(sum(ST_Area(g)), 0) AS area",
        *(f"{function}({box}) AS {corner}" for corner, function in EXTENT.items()),
        *(f"coalesce(sum({column}::float8), 0) AS sum_{column}" for column in summed(layer)),
        *(f"{notice.count} AS notice{i}" for i, notice in enumerate(layer.notices) if notice.count),
    ]
    return f"SELECT {', '.join(selected)} FROM ({layer.sql}) AS f"


def read(layer: LayerPlan, row: Mapping[str, Any]) -> tuple[Totals, list[Loss]]:
    """The totals, and what the request's parameters did to the layer."""
    corners = tuple(row[name] for name in EXTENT)
    totals = Totals(
        records=row["records"],
        without_geometry=row["missing"],
        area=row["area"],
        extent=None if corners[0] is None else corners,
        sums={name: row[f"sum_{column}"] for column, name in summed(layer).items()},
    )
    counts = {notice: row.get(f"notice{i}") for i, notice in enumerate(layer.notices)}
    noticed = [
        Loss(layer.name, notice.kind, notice.detail, count=count) for notice, count in counts.items() if count != 0
    ]
    return totals, noticed
