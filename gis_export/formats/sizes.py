"""What the files of a format will come to, by a few records of the layer. Pure."""

from __future__ import annotations

import dataclasses
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from gis_export.plan import LayerPlan

_LEVEL = 1
"""Of compression; the writer's is about as thorough."""
_INCOMPRESSIBLE = 1.0
_SMALLEST_SHARE = 0.03
"""No file of records is packed to less: what little differs between them takes its room."""


@dataclass(frozen=True)
class SampledRecord:
    """``values`` are texts of the columns; ``wkb`` and the two texts are the beginnings of what the record has, of
    which the sizes are ``wkb_bytes``, ``text_bytes`` and ``shape_text_bytes``. The texts are those that a text format
    writes of the attributes and of the shape. ``side`` is the longer one of the shape's box, in units of the CRS."""

    values: tuple[str | None, ...]
    vertices: int = 0
    rings: int = 0
    parts: int = 0
    side: float = 0.0
    wkb: bytes = b""
    wkb_bytes: int = 0
    text: str = ""
    text_bytes: int = 0
    shape_text: str = ""
    shape_text_bytes: int = 0


@dataclass(frozen=True)
class Sample:
    """A few of the ``total`` records of a layer. ``scale`` is how many times the vertices of the sampled shapes those
    of the layer have on the average, where large shapes were not looked at."""

    layer: LayerPlan
    total: int
    records: tuple[SampledRecord, ...]
    scale: float = 1.0

    def mean(self, amounts: Iterable[float]) -> float:
        """Of an amount for each record."""
        return sum(amounts) / len(self.records)

    @cached_property
    def vertices(self) -> float:
        return self.scale * self.mean(record.vertices for record in self.records)

    @cached_property
    def rings(self) -> float:
        return self.mean(record.rings for record in self.records)

    @cached_property
    def parts(self) -> float:
        return self.mean(record.parts for record in self.records)

    @cached_property
    def shapes(self) -> float:
        """The part of the records that have a geometry."""
        return self.mean(record.vertices > 0 for record in self.records)

    @cached_property
    def side(self) -> float:
        """Of the shapes that are there, the geometric mean: few large ones say little of the others."""
        sides = [record.side for record in self.records if record.side > 0]
        return math.exp(sum(map(math.log, sides)) / len(sides)) if sides else 0.0

    @cached_property
    def wkb(self) -> float:
        return self.scale * self.mean(record.wkb_bytes for record in self.records)

    @cached_property
    def text(self) -> float:
        """Bytes of a record as the format writes it."""
        shape = self.scale * self.mean(record.shape_text_bytes for record in self.records)
        return shape + self.mean(record.text_bytes for record in self.records)

    @cached_property
    def text_packed(self) -> float:
        """The same, deflated."""
        shape = self.scale * self.mean(record.shape_text_bytes for record in self.records)
        return shape * share(record.shape_text.encode() for record in self.records) + self.mean(
            record.text_bytes for record in self.records
        ) * share(record.text.encode() for record in self.records)

    @cached_property
    def wkb_share(self) -> float:
        """What part deflating leaves of the shapes."""
        return share(record.wkb for record in self.records)

    def lengths(self, column: int) -> list[int]:
        """Bytes of the column's values as text; of those that are present."""
        values = (record.values[column] for record in self.records)
        return [len(value.encode()) for value in values if value is not None]

    @cached_property
    def packed_columns(self) -> tuple[float, ...]:
        """Bytes a record of each column as text, deflated by itself."""
        packed = []
        for column in range(len(self.layer.columns)):
            joined = "\n".join(record.values[column] or "" for record in self.records).encode()
            packed.append(len(zlib.compress(joined, _LEVEL)) / len(self.records))
        return tuple(packed)


@dataclass(frozen=True)
class Expected:
    """Bytes of a file, or of a layer's part of one: so many, and so many for each record."""

    fixed: float
    each: float


@dataclass(frozen=True)
class Size:
    """The bytes of a binary format: of a ``file`` without records, of the declaration of a ``field``, of each
    ``record`` beside its values and its shape, of each ``shape`` beside its vertices, of each ring and vertex, and of a
    value by its type; a text has its own bytes beside. ``absent`` is what a value that is not there takes, None for as
    much as any. ``packed_record`` and ``packed_vertex`` are of a zip, the latter None where vertices are packed as
    well-known binary is."""

    file: float
    field: float
    record: float = 0.0
    values: Mapping[str, float] = dataclasses.field(default_factory=dict)
    shape: float = 0.0
    ring: float = 4.0
    vertex: float = 16.0
    absent: float | None = 0.0
    packed_file: float = 0.0
    packed_field: float = 0.0
    packed_record: float = 0.0
    packed_vertex: float | None = None
    text: float = 1.0
    """Bytes of a text's byte."""

    def expected(self, sample: Sample, packed: bool) -> Expected:
        columns = len(sample.layer.columns)
        if packed:
            vertex = self.vertex * sample.wkb_share if self.packed_vertex is None else self.packed_vertex
            each = self.packed_record + sample.vertices * vertex + sum(sample.packed_columns)
            return Expected(self.packed_file + self.packed_field * columns, each)
        shapes = sample.shapes * self.shape + sample.rings * self.ring + sample.vertices * self.vertex
        values = sum(self._value(sample, column) for column in range(columns))
        return Expected(self.file + self.field * columns, self.record + shapes + values)

    def of_text(self, sample: Sample, packed: bool) -> Expected:
        """Of a format that is text; beside it, what a shape, a ring, and a vertex are."""
        columns = len(sample.layer.columns)
        if packed:
            return Expected(self.packed_file + self.packed_field * columns, self.packed_record + sample.text_packed)
        return Expected(self.file + self.field * columns, self.record + sample.text)

    def _value(self, sample: Sample, column: int) -> float:
        """Bytes of a value of the column, on the average."""
        kind = sample.layer.columns[column].type
        lengths = sample.lengths(column)
        number = len(sample.records)
        text = self.text * sum(lengths) if kind == "text" else 0.0
        present = len(lengths) if self.absent is not None else number
        return (present * self.values[kind] + text + (self.absent or 0.0) * (number - present)) / number


def share(pieces: Iterable[bytes]) -> float:
    """What part deflating leaves of the bytes."""
    joined = b"".join(pieces)
    if not joined:
        return _INCOMPRESSIBLE
    return max(len(zlib.compress(joined, _LEVEL)) / len(joined), _SMALLEST_SHARE)
