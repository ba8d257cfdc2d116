"""A few records of a layer, as an export would have them: what an estimate goes by before there is any history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from gis_export.estimates.bounded import within
from gis_export.formats.base import Format
from gis_export.formats.sizes import Sample, SampledRecord
from gis_export.selection import LayerSelection

_RECORDS = 200
_MILLISECONDS = 3000
_LARGE = 20_000
"""From so many expected records on they are taken from all over the table, for those that lie together are alike; of
fewer that would read too much of a large table."""
_CUT = 4096
"""Bytes of a shape, and characters of a text, that are enough to see how well the whole can be packed."""


def sample(selection: LayerSelection, file_format: Format, total: int) -> Sample | None:
    """Of a layer that is expected to have ``total`` records; None where there are none, or reading takes too long."""
    if not total:
        return None
    spread = _sample(_spread(selection, total), file_format, total) if total >= _LARGE else None
    return spread or _sample(selection, file_format, total)


def _sample(selection: LayerSelection, file_format: Format, total: int) -> Sample | None:
    plan = replace(selection, sample=_RECORDS).plan()
    attributes, shape = file_format.record_text(plan)
    values = "".join(f", c{i}::text" for i in range(len(plan.columns)))
    sql = f"""
        SELECT scale, coalesce(ST_NPoints(g), 0), coalesce(ST_NRings(g), 0), coalesce(ST_NumGeometries(g), 0),
            coalesce(greatest(ST_XMax(g) - ST_XMin(g), ST_YMax(g) - ST_YMin(g)), 0),
            substring(wkb for {_CUT}), coalesce(octet_length(wkb), 0),
            left(attributes, {_CUT}), octet_length(attributes), left(shape, {_CUT}), octet_length(shape){values}
        FROM (
            SELECT *, ST_AsBinary(g) AS wkb, {attributes} AS attributes, {shape} AS shape
            FROM ({plan.sql}) AS f
            OFFSET 0
        ) AS f"""
    rows = within(_MILLISECONDS, lambda: _all(sql))
    if not rows:
        return None
    return Sample(plan, total, tuple(map(_record, rows)), float(rows[0][0]))


def _all(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        # Starting workers takes longer than reading so few rows.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = DEFAULT")
    return rows


def _spread(selection: LayerSelection, total: int) -> LayerSelection:
    """Of pages all over the table."""
    model = selection.layer.queryset.model._meta
    percent = min(100.0, 100 * _RECORDS / total)
    pages = f'SELECT "{model.pk.column}" FROM "{model.db_table}" TABLESAMPLE SYSTEM ({percent!r}) REPEATABLE (1)'
    return replace(selection, condition=selection.condition & Q(pk__in=RawSQL(pages, ())))  # noqa: S611 - our own names


def _record(row: tuple[Any, ...]) -> SampledRecord:
    _, vertices, rings, parts, side, wkb, wkb_bytes, text, text_bytes, shape, shape_bytes, *values = row
    return SampledRecord(
        values=tuple(values),
        vertices=vertices,
        rings=rings,
        parts=parts,
        side=side,
        wkb=bytes(wkb or b""),
        wkb_bytes=wkb_bytes,
        text=text,
        text_bytes=text_bytes,
        shape_text=shape,
        shape_text_bytes=shape_bytes,
    )
