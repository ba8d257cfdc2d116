"""One layer of an export as its format reads it; counts what passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql.dbapi import Connection

from gis_export import totals
from gis_export.formats.base import METRIC
from gis_export.plan import LayerPlan, Loss, Totals
from gis_export.writer.packed import packed, unpacked
from gis_export.writer.source import batches, row


@dataclass(frozen=True)
class Connections:
    """Two of one snapshot, for all layers of an export in turn: a server has few connections to give."""

    rows: Connection
    totals: Connection


class LayerReader:
    """See ``gis_export.formats.base.Reader``. The source's totals are taken on a connection of their own while the
    format writes, with the extent where it wants a ``bbox``; ``passed`` holds those of the streamed rows."""

    def __init__(
        self,
        layer: LayerPlan,
        connections: Connections,
        beside: ThreadPoolExecutor,
        progress: Callable[[int], None],
        bbox: bool,
    ) -> None:
        self.layer = layer
        self.passed = Totals()
        self._connection = connections.rows
        self._progress = progress
        self._sums = {f"{METRIC}sum_{column}": (column, name) for column, name in totals.summed(layer).items()}
        self._source: Future[tuple[Totals, list[Loss]]] = beside.submit(self._source_totals, connections.totals, bbox)

    def source(self) -> Totals:
        return self._source.result()[0]

    def noticed(self) -> list[Loss]:
        """What the request's parameters did to the layer."""
        return self._source.result()[1]

    def row(self, sql: str, each: str = "") -> dict[str, Any]:
        further = f" CROSS JOIN {each}" if each else ""
        return row(self._connection, f"{sql} FROM ({self.layer.sql}) AS f{further}")

    @contextmanager
    def stream(
        self,
        columns: Iterable[str],
        order: str = "k",
        where: str = "TRUE",
        box: bool = False,
        texts: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        columns, texts = list(columns), texts or {}
        # A value that is streamed as it is need not be streamed once more for its sum.
        streamed = [*(column.rpartition(" AS ")[0] for column in columns), *texts.values()]
        as_they_are = {sql: i for i, sql in enumerate(streamed)}
        again = {alias: column for alias, (column, _) in self._sums.items() if column not in as_they_are}
        metrics = {
            f"{METRIC}area": "CASE WHEN NOT ST_IsEmpty(g) THEN ST_Area(g) END",  # NULL where there is none
            **({corner: f"{function}(b)" for corner, function in totals.EXTENT.items()} if box else {}),
            **{alias: f"{column}::float8" for alias, column in again.items()},
        }
        places = {
            name: as_they_are[column] if column in as_they_are else len(streamed) + [*metrics].index(alias)
            for alias, (column, name) in self._sums.items()
        }
        together = [packed(texts.values())] if texts else []
        selected = ", ".join([*columns, *together, *(f"{sql} AS {alias}" for alias, sql in metrics.items())])
        # OFFSET 0 keeps the planner from computing the box for each of its corners.
        computed = ", Box3D(g) AS b" if box else ""
        rows = f"SELECT *{computed} FROM ({self.layer.sql}) AS f WHERE {where} ORDER BY {order} OFFSET 0"
        sql = f"SELECT {selected} FROM ({rows}) AS f"
        with batches(self._connection, sql) as (schema, stream):
            if texts:
                stream = (unpacked(batch, list(texts)) for batch in stream)
            yield schema, self._counting(stream, places)

    @contextmanager
    def groups(self, sql: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        with batches(self._connection, sql) as (schema, stream):
            found_at = {name: schema.get_field_index(alias) for alias, (_, name) in self._sums.items()}
            places = {name: place for name, place in found_at.items() if place >= 0}
            yield schema, self._counting(stream, places)

    def _counting(self, stream: Iterator[pa.RecordBatch], places: dict[str, int]) -> Iterator[pa.RecordBatch]:
        """Count what passes; ``places`` says where the columns are whose sums are taken."""
        passed = self.passed
        for batch in stream:
            area = batch.column(f"{METRIC}area")
            records, missing = batch.num_rows, area.null_count
            if (stands_for := batch.schema.get_field_index(f"{METRIC}records")) >= 0:  # where a row is several
                records = pc.sum(batch.column(stands_for)).as_py() or 0
                missing = pc.sum(batch.column(f"{METRIC}missing")).as_py() or 0
            passed.records += records
            passed.without_geometry += missing
            passed.area += pc.sum(area).as_py() or 0.0
            for name, place in places.items():
                values = pc.cast(batch.column(place), pa.float64(), safe=False)
                passed.sums[name] = passed.sums.get(name, 0.0) + (pc.sum(values).as_py() or 0.0)
            yield batch
            self._progress(records)

    def _source_totals(self, connection: Connection, bbox: bool) -> tuple[Totals, list[Loss]]:
        return totals.read(self.layer, row(connection, totals.statement(self.layer, extent=bbox)))
