"""Formats that PostGIS encodes itself: a feature is one SQL expression of text, and the file is their concatenation.

The text of a whole batch lies in one Arrow buffer, so Python copies it to the file without looking at a row.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from gis_export.formats.base import METRIC, Format, Reader, Written, literal
from gis_export.plan import LayerPlan, Loss, Totals
from gis_export.writer.errors import ReconciliationFailed

JOINT = "\x7f"
"""Stands between the values that ``special`` searches: a character that no format needs to escape."""


class TextFormat(Format):
    append_only = True
    separator: ClassVar[str] = ""
    """Stands between two features."""

    marker: ClassVar[bytes] = b""
    """Bytes that stand once in each feature and, by the format's escaping, nowhere else: the features are counted by
    them in what goes to the file."""

    special: ClassVar[str] = ""
    """A regular expression that finds, in the text values of a row joined by ``JOINT``, what needs escaping. Most rows
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
        records = passed = 0
        with path.open("ab") as file:
            size = file.tell() + file.write(self.header(layer).encode())
            with reader.stream(columns, where=where, flag=self._flag(layer)) as (_, batches):
                for batch in batches:
                    text = joined(batch.column(0))[0 if passed else len(self.separator) :]
                    size += file.write(text)
                    passed += batch.num_rows
                    records += bytes(text).count(self.marker) if self.marker else batch.num_rows
            size += file.write(self.footer(layer, reader.source()).encode())
        if path.stat().st_size != size:
            raise ReconciliationFailed(f"{path.name} has {path.stat().st_size} bytes, and {size} were written.")
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
        return f"array_to_string(ARRAY[{', '.join(texts)}], {literal(JOINT)}) ~ {literal(self.special)}"


def joined(texts: Any) -> memoryview:
    """The bytes of an Arrow string array's values, one after the other, as they lie in its buffer."""
    if texts.null_count:
        raise ValueError("A feature was encoded as NULL.")
    if not len(texts):
        return memoryview(b"")
    _, offsets, data = texts.buffers()
    bounds = memoryview(offsets).cast("i")[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(data)[bounds[0] : bounds[-1]]
