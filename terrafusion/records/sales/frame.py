"""A county's sales with their parcels' characteristics, as a data frame: one statement, no loop over rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from psycopg import sql

from terrafusion.records import parcel_fields
from terrafusion.records.models import CountySettings
from terrafusion.records.sales.rules import Rules

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

CHARACTERISTICS = {field.name: field.frame for field in parcel_fields.FIELDS if field.frame}
"""Columns of a parcel and their types in a frame. Units are those of the model."""
_COLUMNS = {
    # name: SQL, Arrow type
    "sale": ("s.id", "int64"),
    "parcel_number": ("s.parcel_number", "text"),
    "sale_date": ("s.sale_date", "date"),
    "sale_price": ("s.sale_price", "int64"),
    "deed_code": ("s.deed_code", "text"),
    "validity_code": ("s.validity_code", "text"),
    "multi_parcel": ("s.multi_parcel", "bool"),
    **{name: (f"p.{name}", kind) for name, kind in CHARACTERISTICS.items()},
    "longitude": ("ST_X(coalesce(s.point, p.point))", "float64"),
    "latitude": ("ST_Y(coalesce(s.point, p.point))", "float64"),
}
"""Units are those of the models; longitude and latitude are EPSG:4326."""


POINTS = {"sales": sql.SQL("coalesce(s.point, p.point)"), "parcels": sql.SQL("p.point")}
"""Where a row of a statement over sales (``s``, with its parcel ``p``) or over parcels (``p``) lies."""


def _nothing(rows: str) -> sql.Composable:
    return sql.SQL("")


@dataclass(frozen=True)
class Place:
    """How SQL finds the place of a sale or parcel: ``expression`` gives its key as text, of the parcel ``p`` and of
    what ``join("sales")`` or ``join("parcels")`` joins to such rows."""

    expression: sql.Composable
    join: Callable[[str], sql.Composable] = _nothing


@dataclass(frozen=True)
class SalesQuery:
    """Which sales of a county: dated ``start`` to ``end``, both included; None is no limit.

    ``property_classes`` and ``area`` leave none out but mark those of the classes inside the area in a column
    ``inside``: screening compares each sale with the county's, so that no sale is sound in one area and unsound in
    another. For the same reason a span should hold whole years, and what follows a sale soon (``rules.flip_days``).
    ``columns`` are those that are read, all where there are none; with ``place`` there is one more, of that name: empty
    where the sale lies in none.
    """

    county_id: str
    start: date | None = None
    end: date | None = None
    property_classes: Sequence[str] = ()
    area: GEOSGeometry | None = None
    columns: Collection[str] = ()
    place: Place | None = None


def read(query: SalesQuery) -> pd.DataFrame:
    """The sales, oldest first, as columns of numbers, dates and categories; missing texts are empty."""
    statement, types = _statement(query)
    return fetch(statement, types)


def _statement(query: SalesQuery) -> tuple[sql.Composable, dict[str, str]]:
    conditions = [sql.SQL("s.county_id = {}").format(query.county_id)]
    if query.start is not None:
        conditions.append(sql.SQL("s.sale_date >= {}").format(query.start))
    if query.end is not None:
        conditions.append(sql.SQL("s.sale_date <= {}").format(query.end))
    inside: list[sql.Composable] = []
    if query.property_classes:
        inside.append(sql.SQL("p.property_class = ANY({})").format(list(query.property_classes)))
    if query.area is not None:
        inside.append(sql.SQL("ST_Intersects({}, {}::geometry)").format(POINTS["sales"], query.area.hexewkb.decode()))
    wanted: dict[str, tuple[sql.Composable, str]] = {
        name: (sql.SQL(source), kind)
        for name, (source, kind) in _COLUMNS.items()
        if not query.columns or name in query.columns
    }
    if query.place:
        wanted["place"] = query.place.expression, "text"
    if inside:
        wanted["inside"] = sql.SQL("coalesce({}, false)").format(sql.SQL(" AND ").join(inside)), "bool"
    columns = sql.SQL(", ").join(
        sql.SQL("coalesce({}, '') AS {}" if kind == "text" else "{} AS {}").format(source, sql.Identifier(name))
        for name, (source, kind) in wanted.items()
    )
    statement = sql.SQL(
        "SELECT {} FROM records_sale s LEFT JOIN records_propertyoperational p ON p.id = s.property_id {} "
        "WHERE {} ORDER BY s.sale_date, s.id"
    ).format(columns, query.place.join("sales") if query.place else sql.SQL(""), sql.SQL(" AND ").join(conditions))
    return statement, {name: kind for name, (_, kind) in wanted.items()}


def rules_of(county_id: str) -> Rules:
    """The screening rules in force in a county: its settings over the platform's."""
    return Rules.parse(CountySettings.of(county_id).sales_screening)


def fetch(statement: sql.Composable, types: dict[str, str]) -> pd.DataFrame:
    """The rows of a statement. ``types`` names each column's: int64, float64, bool, date or text (a category).

    Runs on Django's own connection, so in the transaction that is open; ``connection.connection.cancel_safe`` ends it.
    """
    import pyarrow as pa
    from pyarrow import csv

    arrow = {
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "date": pa.timestamp("s"),
        "text": pa.dictionary(pa.int32(), pa.string()),
    }
    lines = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(_copy(statement)) as copy:
        for block in copy:
            lines.write(block)
    if not lines.tell():
        table: pa.Table = pa.table({name: pa.array([], arrow[kind]) for name, kind in types.items()})
    else:
        lines.seek(0)
        table = csv.read_csv(
            lines,
            read_options=csv.ReadOptions(column_names=list(types), use_threads=False),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types={name: arrow[kind] for name, kind in types.items()},
                null_values=[""],
                true_values=["t"],
                false_values=["f"],
                strings_can_be_null=False,
            ),
        ).unify_dictionaries()
    lines.close()  # some 150 bytes a row, which need not be there beside the frame
    frame = table.to_pandas(self_destruct=True, split_blocks=True, strings_to_categorical=False)
    del table
    release()
    return frame


def release() -> None:
    """Give back what Arrow keeps of memory that is free, such as that of frames which are gone."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _copy(statement: sql.Composable) -> sql.Composed:
    return sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(statement)
