"""Formats that PostGIS encodes itself: a feature is one SQL expression of text, and the file is their concatenation.

The text of a whole batch lies in one Arrow buffer, so Python copies it to the file without looking at a row.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import IO, Any, ClassVar

from gis_export.formats.base import METRIC, Format, Reader, Written, literal
from gis_export.plan import LayerPlan, Loss, Totals

_CHUNK = 1 << 20


class TextFormat(Format):
    separator: ClassVar[str] = ""
    """Stands between two features."""

    marker: ClassVar[bytes] = b""
    """Bytes that stand once in each feature and, by the format's escaping, nowhere else: the file's features are
    counted by them once it is written."""

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
            *(f"(CASE WHEN s THEN {sql} ELSE 0 END)::bigint AS {METRIC}{name}" for name, sql in counters.items()),
        ]
        passed = 0
        with path.open("ab") as file:
            start = file.tell()
            file.write(self.header(layer).encode())
            with reader.stream(columns, where=where, flag=self._flag(layer)) as (_, batches):
                for batch in batches:
                    copy_text(batch.column(0), file, skip=0 if passed else len(self.separator))
                    passed += batch.num_rows
            file.write(self.footer(layer, reader.source()).encode())
        records = count_marker(path, self.marker, start) if self.marker else passed
        counted = {name: reader.counted(METRIC + name) for name in counters}
        return Written([path], records, self.losses(layer, counted))

    def _text(self, layer: LayerPlan) -> str:
        text = f"CASE WHEN s THEN {self.feature(layer, plain=False)} ELSE {self.feature(layer, plain=True)} END"
        if not self.special:
            text = self.feature(layer, plain=False)
        return f"{literal(self.separator)} || {text}" if self.separator else text

    def _flag(self, layer: LayerPlan) -> str:
        texts = [f"c{i}" for i, column in enumerate(layer.columns) if column.type == "text"]
        if not (self.special and texts):
            return "FALSE"
        return f"array_to_string(ARRAY[{', '.join(texts)}], E'\\n') ~ {literal(self.special)}"


def copy_text(texts: Any, file: IO[bytes], skip: int = 0) -> None:
    """Write the values of an Arrow string array one after the other, without the first ``skip`` bytes."""
    if texts.null_count:
        raise ValueError("A feature was encoded as NULL.")
    if not len(texts):
        return
    _, offsets, data = texts.buffers()
    bounds = memoryview(offsets).cast("i")[texts.offset : texts.offset + len(texts) + 1]
    file.write(memoryview(data)[bounds[0] + skip : bounds[-1]])


def count_marker(path: Path, marker: bytes, start: int) -> int:
    """How often ``marker`` stands in the file from the byte ``start`` on."""
    found, tail = 0, b""
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(_CHUNK):
            chunk = tail + chunk
            found += chunk.count(marker)
            tail = chunk[-len(marker) + 1 :]  # too short to hold a whole marker, so none is counted twice
    return found
