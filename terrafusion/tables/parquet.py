"""Parquet with exact types, in row groups of at most ``GROUP`` rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from terrafusion.tables.column import Column, Kind, Row

GROUP = 20_000  # rows: some MB, which is what is held in memory


class Parquet:
    def __init__(self, path: Path, columns: Sequence[Column], title: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {
            Kind.TEXT: pa.string(),
            Kind.INTEGER: pa.int64(),
            Kind.YEAR: pa.int32(),
            Kind.NUMBER: pa.float64(),
            Kind.MONEY: pa.float64(),
            Kind.PERCENT: pa.float64(),
            Kind.DATE: pa.date32(),
            Kind.DATETIME: pa.timestamp("us", "UTC"),
            Kind.BOOLEAN: pa.bool_(),
        }
        self._schema = pa.schema([(column.name, types[column.kind]) for column in columns])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        self._waiting.extend(rows)
        if len(self._waiting) >= GROUP:
            self._flush()

    def close(self) -> None:
        try:
            self._flush()
        finally:
            self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            values: list[Any] = list(zip(*self._waiting, strict=True))
            arrays = [pa.array(value, field.type) for value, field in zip(values, self._schema, strict=True)]
            self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
            self._waiting = []
