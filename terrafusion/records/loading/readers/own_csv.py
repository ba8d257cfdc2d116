"""CSV as our own exports have it: what is absent is no empty text, and the guard of formulas comes off.

Only files whose manifest says that they are as they were written are read here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from terrafusion import formulas
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows
from terrafusion.records.loading.readers.exported import ExportedLayer
from terrafusion.records.loading.readers.text_table import TextTable, column_names
from terrafusion.records.loading.targets import Kind

_WKT = "geometry_wkt"
_BLOCK = 16 << 20  # bytes, into which the longest row must fit


@dataclass
class OwnCsvSource(TextTable):
    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        names = [f"c{index}" for index in range(len(self.header))]
        with pyarrow.csv.open_csv(
            self.file,
            pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names, skip_rows_after_names=1),
            pyarrow.csv.ParseOptions(newlines_in_values=True),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        ) as blocks:
            for block in blocks:
                for start in range(0, block.num_rows, BATCH_ROWS):
                    part = block.slice(start, BATCH_ROWS)
                    rows = list(zip(*(column.to_pylist() for column in part.columns), strict=True))
                    yield self.rows_of(rows, columns, geometry, [])


def open_own_csv(path: Path, file: Path, layer: ExportedLayer) -> OwnCsvSource:
    with file.open(encoding="utf-8", newline="") as stream:
        header = column_names(path, [formulas.bare(name) for name in next(csv.reader(stream))], exact=True)
    shape = header[-1] if header[-1].startswith(_WKT) and header[-1] not in layer.fields else ""
    columns = tuple(name for name in header if name != shape)
    return OwnCsvSource(
        path=path,
        layer=layer.name,
        columns=columns,
        types=dict.fromkeys(columns, Kind.TEXT),
        geometry_type=layer.geometry_type if shape else None,
        file=file,
        header=header,
        geometry_column=shape,
        guarded=True,
        notes=["The apostrophes that the export put in front of texts are taken off."],
    )
