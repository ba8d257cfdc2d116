"""Formats that are text: PostGIS encodes the geometry, Arrow joins it with the attributes, a batch at a time.

A feature is a list of pieces, literal text and values; the text of a whole batch then lies in one Arrow buffer, which
goes to the file without Python looking at a row.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from gis_export.formats.base import Format, Reader, Written
from gis_export.plan import Column, LayerPlan, Loss, Totals

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Value:
    """A value of each feature: ``sql`` over g, c0, c1... gives text, a number or a boolean. ``prefix`` and ``suffix``
    stand round it, ``absent`` in place of all three where it is NULL. ``free``: any text, which may need escaping."""

    sql: str
    prefix: str = ""
    suffix: str = ""
    absent: str = ""
    free: bool = False


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

    not_finite: ClassVar[dict[str, str]] = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    """How the numbers that are none are written, by Arrow's names for them."""

    @abstractmethod
    def feature(self, layer: LayerPlan) -> list[Piece]:
        """What one feature is made of."""

    @abstractmethod
    def escape(self, texts: pa.StringArray, counts: Counter[str]) -> pa.StringArray:
        """The texts of a column as the file can hold them; ``counts`` is for the loss report."""

    def header(self, layer: LayerPlan) -> str:
        return ""

    def footer(self, layer: LayerPlan, source: Totals) -> str:
        return ""

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        return []

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
        """Add the layer's rows that fulfil ``where`` (SQL over g, c0, c1...) to the file that was begun."""
        layer = reader.layer
        feature = self.feature(layer)
        columns = [piece.sql for piece in feature if isinstance(piece, Value)]
        counts: Counter[str] = Counter()
        records = passed = 0
        self.put(self.header(layer))
        with reader.stream([f"{sql} AS v{i}" for i, sql in enumerate(columns)], where=where) as (_, batches):
            for batch in batches:
                text = joined(self._features(feature, batch, counts))
                self._sink.write(text[0 if passed else len(self.separator) :])
                passed += batch.num_rows
                records += bytes(text).count(self.marker) if self.marker else batch.num_rows
        self.put(self.footer(layer, reader.source()))
        return Written([path], records, self.losses(layer, counts))

    def put(self, text: str) -> None:
        """Add to the file that was begun."""
        self._sink.write(memoryview(text.encode()))

    def _features(self, feature: Iterable[Piece], batch: pa.RecordBatch, counts: Counter[str]) -> pa.StringArray:
        """The text of each row. The batch's first columns are those of the feature's values, in their order."""
        import pyarrow.compute as pc

        values = iter(batch.columns)
        parts: list[Any] = [self.separator]

        def add(part: Any) -> None:
            if isinstance(part, str) and isinstance(parts[-1], str):
                parts[-1] += part
            else:
                parts.append(part)

        for piece in feature:
            if isinstance(piece, str):
                add(piece)
                continue
            texts = self._texts(next(values), piece, counts)
            if texts.null_count:
                whole = pc.binary_join_element_wise(piece.prefix, texts, piece.suffix, "", null_handling="emit_null")
                add(pc.fill_null(whole, piece.absent))
            else:
                for part in (piece.prefix, texts, piece.suffix):
                    add(part)
        return pc.binary_join_element_wise(*parts, "")

    def _texts(self, values: pa.Array, piece: Value, counts: Counter[str]) -> pa.StringArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        if piece.free:
            return self.escape(values, counts)
        texts = pc.cast(values, pa.string())
        if pa.types.is_floating(values.type) and not pc.all(pc.is_finite(values)).as_py():
            # The shortest text that reads back as the same number, as PostgreSQL has it; these it names otherwise.
            for ours, theirs in self.not_finite.items():
                texts = pc.if_else(pc.equal(texts, ours), theirs, texts)
        return texts


def value(index: int, column: Column, prefix: str = "", suffix: str = "", absent: str = "") -> Value:
    """An attribute: numbers as the shortest text that reads back the same, true, false, dates as in ISO 8601."""
    sql = f"c{index}"
    if column.type == "datetime":
        sql = f"(to_json({sql}) #>> '{{}}')"
    elif column.type == "date":
        sql = f"{sql}::text"
    return Value(sql, prefix, suffix, absent, free=column.type == "text")


def joined(texts: pa.StringArray) -> memoryview:
    """The bytes of an Arrow string array's values, one after the other, as they lie in its buffer."""
    if not len(texts):
        return memoryview(b"")
    _, offsets, data = texts.buffers()
    bounds = memoryview(offsets).cast("i")[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(data or b"")[bounds[0] : bounds[-1]]


def contains(texts: pa.StringArray, characters: bytes) -> bool:
    """Whether any of the texts holds any of ``characters``: one look at the column's bytes, which spares most columns
    the search in each value."""
    found = bytes(joined(texts))
    return len(found.translate(None, characters)) < len(found)
