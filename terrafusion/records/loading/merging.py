"""Rows of one parcel number become one row of the staging table, as accounts of a condominium on one lot do."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from terrafusion.records.loading.staging import ROW_NUMBER, TABLE

_MADE = {
    "first": "(array_agg({column} ORDER BY {row}) FILTER (WHERE {column}::text <> ''))[1]",
    "sum": "sum({column})",
    "max": "max({column})",
    "min": "min({column})",
}
_VALUE = "coalesce(%s, (array_agg({column} ORDER BY {row}))[1])::{type}"
_OUTLINE = "ST_Multi(ST_CollectionExtract(ST_UnaryUnion(ST_Collect({column} ORDER BY {row})), 3))"


def merge(cursor: CursorWrapper, rows: Mapping[str, str], types: Mapping[str, str], outlined: bool) -> None:
    """The first row of each parcel number gets the union of their outlines, and in each column that ``rows`` names what
    that says of all their values. The others stay. ``types`` are those of the staging table."""
    made = {name: _column(_VALUE % _MADE[how], name, types[name]) for name, how in rows.items()}
    if outlined:
        made["geometry"] = _column(_OUTLINE, "geometry", types["geometry"])
    if not made:
        return
    assignments: list[sql.Composable] = [sql.SQL("{0} = m.{0}").format(sql.Identifier(name)) for name in made]
    if outlined:
        assignments.append(sql.SQL("point = ST_PointOnSurface(m.geometry)"))
    cursor.execute(
        sql.SQL(
            "UPDATE {stage} s SET {assignments} FROM (SELECT min({row}) AS first, {columns} FROM {stage} "
            "GROUP BY parcel_number HAVING count(*) > 1) m WHERE s.{row} = m.first"
        ).format(
            stage=TABLE,
            row=sql.Identifier(ROW_NUMBER),
            assignments=sql.SQL(", ").join(assignments),
            columns=sql.SQL(", ").join(
                sql.SQL("{} AS {}").format(value, sql.Identifier(name)) for name, value in made.items()
            ),
        )
    )


def _column(pattern: str, name: str, type_: str) -> sql.Composable:
    return sql.SQL(pattern).format(column=sql.Identifier(name), row=sql.Identifier(ROW_NUMBER), type=sql.SQL(type_))
