"""From the staging table into the target, touching only rows that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from terrafusion.records.loading.staging import REFUSED, ROW_NUMBER, TABLE


@dataclass(frozen=True)
class Upsert:
    """``scope`` is the columns that every row shares and that the key is unique within, such as the county.

    ``columns`` are the staged columns without the key. ``defaults`` fill the target's other NOT NULL columns on insert.
    ``kept`` names columns in which a staged null leaves the old value. ``touched`` gets the time of the change.
    """

    table: str
    scope: dict[str, Any]
    also: dict[str, Any]
    key: tuple[str, ...]
    columns: tuple[str, ...]
    defaults: dict[str, Any]
    kept: frozenset[str] = frozenset()
    touched: str = ""

    def run(self, cursor: CursorWrapper) -> tuple[int, int, int]:
        """Rows inserted, updated and left as they are."""
        table = sql.Identifier(self.table)
        cursor.execute(
            sql.SQL("SELECT count(*), count(t.*) FROM {stage} s LEFT JOIN {table} t ON {match}").format(
                stage=TABLE, table=table, match=self._match()
            )
        )
        staged, existing = cursor.fetchone()
        constants = {**self.scope, **self.also, **self.defaults}
        stamp = [self.touched] if self.touched else []
        inserted = [*constants, *self.key, *self.columns, *stamp]
        values = [
            *(sql.Literal(value) for value in constants.values()),
            *(sql.SQL("s.{}").format(sql.Identifier(name)) for name in (*self.key, *self.columns)),
            *(sql.SQL("now()") for _ in stamp),
        ]
        new = [self._new(name) for name in self.columns]
        cursor.execute(
            sql.SQL(
                "INSERT INTO {table} AS t ({inserted}) SELECT {values} FROM {stage} s ORDER BY s.{row} "
                "ON CONFLICT ({unique}) DO UPDATE SET {assignments} WHERE ({old}) IS DISTINCT FROM ({new})"
            ).format(
                table=table,
                inserted=_names(inserted),
                values=sql.SQL(", ").join(values),
                stage=TABLE,
                row=sql.Identifier(ROW_NUMBER),
                unique=_names([*self.scope, *self.key]),
                assignments=sql.SQL(", ").join(
                    [
                        *(
                            sql.SQL("{} = {}").format(sql.Identifier(name), value)
                            for name, value in zip(self.columns, new, strict=True)
                        ),
                        *(sql.SQL("{} = now()").format(sql.Identifier(name)) for name in stamp),
                    ]
                ),
                old=sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in self.columns),
                new=sql.SQL(", ").join(new),
            )
        )
        changed = cursor.rowcount
        new_rows = staged - existing
        return new_rows, changed - new_rows, staged - changed

    def _match(self) -> sql.Composable:
        return sql.SQL(" AND ").join(
            [
                *(sql.SQL("t.{} = {}").format(sql.Identifier(name), sql.Literal(v)) for name, v in self.scope.items()),
                *(sql.SQL("t.{0} = s.{0}").format(sql.Identifier(name)) for name in self.key),
            ]
        )

    def _new(self, name: str) -> sql.Composable:
        pattern = "COALESCE(EXCLUDED.{0}, t.{0})" if name in self.kept else "EXCLUDED.{0}"
        return sql.SQL(pattern).format(sql.Identifier(name))


def duplicates(cursor: CursorWrapper, key: tuple[str, ...]) -> Iterator[tuple[int, str, int]]:
    """(row, key, row of the first) of each staged row whose key an earlier row has; streamed."""
    statement = sql.SQL(
        "COPY (SELECT {row}, concat_ws(' ', {key}), first FROM ("
        "SELECT {row}, {key}, first_value({row}) OVER w AS first "
        "FROM {stage} WINDOW w AS (PARTITION BY {key} ORDER BY {row})"
        ") ranked WHERE first <> {row} ORDER BY {row}) TO STDOUT"
    ).format(row=sql.Identifier(ROW_NUMBER), key=_names(key), stage=TABLE)
    with cursor.copy(statement) as stream:
        stream.set_types(["int8", "text", "int8"])
        yield from stream.rows()


def drop_duplicates(cursor: CursorWrapper, key: tuple[str, ...], amounts: Sequence[str]) -> dict[str, int]:
    """Keep the first row of each key; what the others held in the columns ``amounts``."""
    gone = sql.SQL(
        "DELETE FROM {stage} s USING ("
        "SELECT {row}, first_value({row}) OVER (PARTITION BY {key} ORDER BY {row}) AS first FROM {stage}"
        ") ranked WHERE s.{row} = ranked.{row} AND ranked.first <> ranked.{row}"
    ).format(row=sql.Identifier(ROW_NUMBER), key=_names(key), stage=TABLE)
    return _dropped(cursor, gone, amounts)


def parts_of_refused(cursor: CursorWrapper, whole: str, key: tuple[str, ...]) -> Iterator[tuple[int, str, int]]:
    """(row, key, first refused row) of each row that is accepted, but whose ``whole`` a refused row shares."""
    statement = sql.SQL(
        "COPY (SELECT s.{row}, concat_ws(' ', {key}), r.first FROM {stage} s JOIN ("
        "SELECT {whole}, min({row}) AS first FROM {stage} WHERE {refused} GROUP BY 1) r USING ({whole}) "
        "WHERE NOT s.{refused} ORDER BY s.{row}) TO STDOUT"
    ).format(**_of_stage(), whole=sql.Identifier(whole), key=_names(key))
    with cursor.copy(statement) as stream:
        stream.set_types(["int8", "text", "int8"])
        yield from stream.rows()


def drop_parts_of_refused(cursor: CursorWrapper, whole: str, amounts: Sequence[str]) -> dict[str, int]:
    """Those rows, and what they held in the columns ``amounts``; also the marks of the refused ones themselves."""
    gone = sql.SQL(
        "DELETE FROM {stage} s WHERE NOT {refused} AND {whole} IN (SELECT {whole} FROM {stage} WHERE {refused})"
    ).format(**_of_stage(), whole=sql.Identifier(whole))
    held = _dropped(cursor, gone, amounts)
    cursor.execute(sql.SQL("DELETE FROM {stage} WHERE {refused}").format(**_of_stage()))
    return held


def _of_stage() -> dict[str, sql.Identifier]:
    return {"stage": TABLE, "row": sql.Identifier(ROW_NUMBER), "refused": sql.Identifier(REFUSED)}


def _dropped(cursor: CursorWrapper, gone: sql.Composable, amounts: Sequence[str]) -> dict[str, int]:
    if not amounts:
        cursor.execute(gone)
        return {}
    sums = sql.SQL(", ").join(sql.SQL("COALESCE(sum({}), 0)").format(sql.Identifier(name)) for name in amounts)
    cursor.execute(sql.SQL("WITH gone AS ({} RETURNING s.*) SELECT {} FROM gone").format(gone, sums))
    return dict(zip(amounts, map(int, cursor.fetchone()), strict=True))


def _names(names: Iterable[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))
