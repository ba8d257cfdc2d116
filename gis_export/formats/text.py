"""Formats that PostGIS encodes itself: a feature is one SQL expression of text, and the file is their concatenation.

The text of a whole batch lies in one Arrow buffer, so Python copies it to the file without looking at a row.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import IO, Any, ClassVar

from gis_export.formats.base import METRIC, Format, Reader, Written, literal
from gis_export.plan import LayerPlan, Loss, Totals


class TextFormat(Format):
    separator: ClassVar[str] = ""
    """Stands between two features."""

    special: ClassVar[str] = ""
    """A regular expression that finds, in the text values of a row joined by line feeds, what needs escaping. Most rows
    need none, and one search a row is much cheaper than escaping each value."""

    @abstractmethod
    def feature(self, layer: LayerPlan, *, plain: bool) -> str:
        """SQL over g, c0, c1...: the text of one feature. It must never be NULL. ``plain``: of a row in which
        ``special`` finds nothing."""

    def header(self, layer: LayerPlan) -> str:
        return ""

    def footer(self, layer: LayerPlan, source: Totals) -> str:
        return ""

    def counters(self, layer: LayerPlan) -> dict[str, str]:
        """Names and SQL of integers, for the loss report; summed over the rows in which ``special`` finds something."""
        return {}

    def losses(self, layer: LayerPlan, counted: dict[str, int]) -> list[Loss]:
        return []

    def write(self, reader: Reader, path: Path) -> Written:
        return self.write_rows(reader, path)

    def write_rows(self, reader: Reader, path: Path, where: str = "TRUE") -> Written:
        """Add the layer's rows that fulfil ``where`` (SQL over g, c0, c1...) to the file."""
        layer = reader.layer
        counters = self.counters(layer)
        columns = [
            f"{self._text(layer)} AS t",
            *(f"({self._where_special(layer, sql, '0')})::bigint AS {METRIC}{name}" for name, sql in counters.items()),
        ]
        records = 0
        with path.open("ab") as file:
            file.write(self.header(layer).encode())
            with reader.stream(columns, where=where) as (_, batches):
                for batch in batches:
                    copy_text(batch.column(0), file, skip=0 if records else len(self.separator))
                    records += batch.num_rows
            file.write(self.footer(layer, reader.source()).encode())
        counted = {name: reader.counted(METRIC + name) for name in counters}
        return Written([path], records, self.losses(layer, counted))

    def _text(self, layer: LayerPlan) -> str:
        text = self._where_special(layer, self.feature(layer, plain=False), self.feature(layer, plain=True))
        return f"{literal(self.separator)} || {text}" if self.separator else text

    def _where_special(self, layer: LayerPlan, sql: str, otherwise: str) -> str:
        if not self.special:
            return sql
        texts = ", ".join(f"c{i}" for i, column in enumerate(layer.columns) if column.type == "text")
        if not texts:
            return otherwise
        found = f"array_to_string(ARRAY[{texts}], E'\\n') ~ {literal(self.special)}"
        return f"CASE WHEN {found} THEN {sql} ELSE {otherwise} END"


def copy_text(texts: Any, file: IO[bytes], skip: int = 0) -> None:
    """Write the values of an Arrow string array one after the other, without the first ``skip`` bytes."""
    if texts.null_count:
        raise ValueError("A feature was encoded as NULL.")
    if not len(texts):
        return
    _, offsets, data = texts.buffers()
    bounds = memoryview(offsets).cast("i")[texts.offset : texts.offset + len(texts) + 1]
    file.write(memoryview(data)[bounds[0] + skip : bounds[-1]])
