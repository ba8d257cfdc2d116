"""Formats that are text: PostGIS encodes the geometry, Arrow joins it with the attributes, a batch at a time.

A feature is a list of pieces, literal text and values; the text of a whole batch then lies in one Arrow buffer, which
goes to the file without Python looking at a row.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from gis_export.formats.base import Format, Reader, Written, literal
from gis_export.formats.sizes import Expected, Sample
from gis_export.plan import ColumnPlan, LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Value:
    """A value of each feature, as PostgreSQL writes it: ``sql`` over g, c0, c1... ``prefix`` and ``suffix`` stand round
    it, ``absent`` in place of all three where it is NULL. ``type`` is a ``FieldType`` value, of which ``text`` may need
    escaping. Without one, ``sql`` gives a long text that needs none, such as a geometry's."""

    sql: str
    prefix: str = ""
    suffix: str = ""
    absent: str = ""
    type: str = ""


Piece = str | Value


class Sink(Protocol):
    """Where the text goes."""

    def write(self, data: memoryview) -> None: ...

    def close(self) -> str:
        """The finished file's SHA-256."""


class TextFormat(Format):
    separator: ClassVar[str] = ""
    """Stands between two features."""

    marker: ClassVar[bytes] = b""
    """Bytes that stand once in each feature and, by the format's escaping, nowhere else: the features are counted by
    them in what goes to the file."""

    deflated: ClassVar[bool] = False
    """The file is a zip itself."""

    not_finite: ClassVar[dict[str, str]] = {"NaN": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity"}
    """How the numbers that are none are written, by PostgreSQL's names for them; empty: they are absent. They are
    counted as ``not_finite``."""

    @abstractmethod
    def feature(self, layer: LayerPlan) -> list[Piece]:
        """What one feature is made of."""

    @abstractmethod
    def escape(self, texts: pa.StringArray, counts: Counter[str]) -> pa.StringArray:
        """The texts of a column as the file can hold them; ``counts`` is for the loss report."""

    def header(self, layer: LayerPlan) -> str:
        return ""

    def footer(self, reader: Reader) -> str:
        return ""

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        return []

    def record_text(self, layer: LayerPlan) -> tuple[str, str]:
        attributes: list[str] = []
        shapes: list[str] = []
        for piece in [self.separator, *self.sampled_feature(layer)]:
            if isinstance(piece, str):
                attributes.append(literal(piece))
                continue
            text = f"{literal(piece.prefix)} || ({piece.sql})::text || {literal(piece.suffix)}"
            where = shapes if "ST_As" in piece.sql else attributes
            where.append(f"coalesce({text}, {literal(piece.absent)})")
        return " || ".join(attributes), " || ".join(shapes) or "''"

    def sampled_feature(self, layer: LayerPlan) -> list[Piece]:
        """A feature without a file that was begun."""
        return self.feature(layer)

    def expected(self, sample: Sample, packed: bool) -> Expected:
        return self.size.of_text(sample, packed or self.deflated)

    def open(self, path: Path, layers: tuple[LayerPlan, ...]) -> Sink:
        """Begin the file."""
        from gis_export.writer.package import HashedFile

        return HashedFile(path)

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        self._sink = self.open(path, layers)  # a process writes one file at a time

    def finish(self, path: Path) -> str:
        return self._sink.close()

    def write(self, reader: Reader, path: Path) -> Written:
        return self.write_rows(reader, path)

    def write_rows(self, reader: Reader, path: Path, where: str = "TRUE") -> Written:
        """Add the layer's rows that fulfill ``where`` (SQL over g, c0, c1...) to the file that was begun."""
        layer = reader.layer
        self.put(self.header(layer))
        feature = self.feature(layer)
        columns, texts = selected(feature)
        counts: Counter[str] = Counter()
        records = passed = 0
        with reader.stream(columns, where=where, texts=texts) as (_, batches):
            for batch in batches:
                for rows in self.portions(layer, batch):
                    text = joined(self.encoded(feature, rows, counts))
                    self.put(text[0 if passed else len(self.separator) :])
                    passed += rows.num_rows
                    records += occurrences(text, self.marker) if self.marker else rows.num_rows
        self.put(self.footer(reader))
        return Written([path], records, self.losses(layer, counts))

    def put(self, text: str | memoryview) -> None:
        """Add to the file that was begun."""
        self._sink.write(memoryview(text.encode()) if isinstance(text, str) else text)

    def portions(self, layer: LayerPlan, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The batch in the parts between which the file has something of its own; each is written before the next is
        asked for."""
        yield batch

    def parts(self, values: pa.Array, piece: Value, counts: Counter[str]) -> list[Any]:
        """A value of each row as text: strings and arrays, which stand one after the other."""
        import pyarrow.compute as pc

        texts = self._texts(values, piece, counts)
        if not texts.null_count:
            return [piece.prefix, texts, piece.suffix]
        whole = pc.binary_join_element_wise(piece.prefix, texts, piece.suffix, "", null_handling="emit_null")
        return [pc.fill_null(whole, piece.absent)]

    def encoded(self, feature: Iterable[Piece], batch: pa.RecordBatch, counts: Counter[str]) -> pa.StringArray:
        """The text of each row. The batch has what ``selected`` lists."""
        import pyarrow.compute as pc

        values: dict[str, pa.Array] = {}
        parts: list[Any] = [self.separator]
        for piece in feature:
            texts: list[Any] = [piece]
            if isinstance(piece, Value):
                if piece.sql not in values:
                    values[piece.sql] = batch.column(f"v{len(values)}")
                texts = self.parts(values[piece.sql], piece, counts)
            for part in texts:
                if isinstance(part, str) and isinstance(parts[-1], str):
                    parts[-1] += part
                else:
                    parts.append(part)
        return pc.binary_join_element_wise(*parts, "")

    def _texts(self, values: pa.Array, piece: Value, counts: Counter[str]) -> pa.StringArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        if piece.type == "text":
            return self.escape(values, counts)
        if piece.type == "real" and contains(values, b"NI"):
            none = pc.is_in(values, pa.array(list(TextFormat.not_finite)))
            counts["not_finite"] += pc.sum(none).as_py() or 0
            if not self.not_finite:
                return pc.if_else(none, None, values)
            for theirs, ours in self.not_finite.items():
                values = pc.if_else(pc.equal(values, theirs), ours, values)
        return values


def value(index: int, column: ColumnPlan, prefix: str = "", suffix: str = "", absent: str = "") -> Value:
    """An attribute: numbers as the shortest text that reads back the same, true, false, dates as in ISO 8601."""
    sql = f"c{index}"
    if column.type == "datetime":
        sql = f"(to_json({sql}) #>> '{{}}')"
    elif column.type == "boolean":
        sql = f"{sql}::text"  # in a record it would be t, f
    return Value(sql, prefix, suffix, absent, column.type)


def selected(feature: Iterable[Piece]) -> tuple[list[str], dict[str, str]]:
    """The columns and the texts that a feature's values are read by (``Reader.stream``), named v0, v1... in the order
    of the values, each SQL once."""
    values = {piece.sql: piece for piece in feature if isinstance(piece, Value)}
    names = {f"v{i}": value for i, value in enumerate(values.values())}
    return (
        [f"{value.sql} AS {name}" for name, value in names.items() if not value.type],
        {name: value.sql for name, value in names.items() if value.type},
    )


def joined(texts: pa.StringArray) -> memoryview:
    """The bytes of an Arrow string array's values, one after the other, as they lie in its buffer."""
    if not len(texts):
        return memoryview(b"")
    _, offsets, data = texts.buffers()
    bounds = memoryview(offsets).cast("i")[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(data or b"")[bounds[0] : bounds[-1]]


def occurrences(text: memoryview, marker: bytes) -> int:
    """How often the marker is in the text; one of a single byte is counted without a copy of the text."""
    import numpy as np

    if len(marker) > 1:
        return bytes(text).count(marker)
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(marker)))


def contains(texts: pa.StringArray, characters: bytes) -> bool:
    """Whether any of the texts holds any of ``characters``: one look at the column's bytes, which spares most columns
    the search in each value."""
    buffer = bytes(joined(texts))
    return len(buffer.translate(None, characters)) < len(buffer)


def replaced(texts: pa.StringArray, by: dict[str, str]) -> pa.StringArray:
    """The texts with each of the characters replaced, one after the other in that order."""
    import pyarrow.compute as pc

    if contains(texts, "".join(by).encode()):
        for character, instead in by.items():
            if contains(texts, character.encode()):
                texts = pc.replace_substring(texts, character, instead)
    return texts
