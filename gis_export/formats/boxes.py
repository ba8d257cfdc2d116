"""The boxes of a layer's geometries, in a file while the layer is written: its spatial index is made of them then.

GDAL's drivers hold their index in memory until the file is closed, so that it grows with the records (ADR 0020).
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, np.dtype[Any]]

SQL = "box_send(box(g))"
"""A box as PostgreSQL sends it: the upper right corner, then the lower left; NULL where there is no geometry."""

_BYTES = 32
_AT_ONCE = 1 << 17
_COLUMNS = 1 << 16


class Boxes:
    """Boxes (n, 4) in the units of the layer's CRS: xmin, ymin, xmax, ymax, all NaN where a record has none. They are
    numbered from 0 in the order in which they came; ``present`` counts those of finite numbers."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed on leaving
        self._west, self._east = math.inf, -math.inf
        self.count = self.present = 0

    def __enter__(self) -> Boxes:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, column: pa.Array) -> None:
        """A batch's, as ``SQL`` gives them."""
        import numpy as np

        _, offsets, data = column.buffers()
        bounds = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        boxes = np.full((len(column), 4), math.nan)
        if sent := len(column) - column.null_count:
            corners = np.frombuffer(data, ">f8", 4 * sent, bounds[0]).reshape(-1, 4)
            boxes[np.diff(bounds) > 0] = corners[:, [2, 3, 0, 1]]
        self._file.write(boxes.tobytes())
        self.count += len(boxes)
        if len(present := boxes[_present(boxes)]):
            self.present += len(present)
            self._west = min(self._west, float(present[:, 0].min()))
            self._east = max(self._east, float(present[:, 2].max()))

    def read(self, count: int = 0) -> Iterator[Array]:
        """All of them, at most so many at once; by default ``_AT_ONCE``."""
        import numpy as np

        self._file.seek(0)
        while buffer := self._file.read((count or _AT_ONCE) * _BYTES):
            yield np.frombuffer(buffer).reshape(-1, 4)

    def tiled(self, leaf: int) -> Iterator[tuple[Array, Array]]:
        """Numbers and boxes of those present, in an order in which each ``leaf`` of them lie close together: vertical
        strips, northwards and southwards in turn (sort-tile-recursive; Leutenegger, Lopez and Edgington, ICDE 1997).
        What comes at once is a multiple of ``leaf``, but at the end."""
        import numpy as np

        numbers, boxes = np.empty(0, np.int64), np.empty((0, 4))
        for strip in self._strips(leaf):
            numbers, boxes = np.concatenate([numbers, strip[0]]), np.concatenate([boxes, strip[1]])
            if whole := len(numbers) // leaf * leaf:
                yield numbers[:whole], boxes[:whole]
            numbers, boxes = numbers[whole:], boxes[whole:]
        if len(numbers):
            yield numbers, boxes

    def _strips(self, leaf: int) -> Iterator[tuple[Array, Array]]:
        """As ``tiled``, some whole strips at once; each holds as many leaves as there are strips."""
        import numpy as np

        filled = np.zeros(_COLUMNS, np.int64)
        for _, boxes in self._read_present():
            filled += np.bincount(self._column(boxes), minlength=_COLUMNS)
        size = max(leaf, math.isqrt(self.present * leaf))
        strip_of = (np.cumsum(filled) - filled) // size
        together = max(1, _AT_ONCE // size)
        for first in range(0, int(strip_of[-1]) + 1, together):
            yield self._sorted(strip_of, first, first + together)

    def _sorted(self, strip_of: Array, first: int, end: int) -> tuple[Array, Array]:
        """The strips from ``first`` to before ``end``; ``strip_of`` holds the strip of each column."""
        import numpy as np

        parts = []
        for numbers, boxes in self._read_present():
            strips = strip_of[self._column(boxes)]
            (kept,) = ((strips >= first) & (strips < end)).nonzero()
            parts.append((numbers[kept], boxes[kept], strips[kept]))
        numbers, boxes, strips = (np.concatenate(part) for part in zip(*parts, strict=True))
        north = _middle(boxes, 1)
        order = np.lexsort((np.where(strips % 2, -north, north), strips))
        return numbers[order], boxes[order]

    def _column(self, boxes: Array) -> Array:
        """Where the middle of each is from west to east."""
        import numpy as np

        width = self._east - self._west or 1.0
        return ((_middle(boxes, 0) - self._west) / width * (_COLUMNS - 1)).astype(np.int64)

    def _read_present(self) -> Iterator[tuple[Array, Array]]:
        """With their numbers."""
        first = 0
        for boxes in self.read():
            (kept,) = _present(boxes).nonzero()
            yield first + kept, boxes if len(kept) == len(boxes) else boxes[kept]
            first += len(boxes)


@dataclass(frozen=True)
class Levels:
    """The levels of a tree packed from the leaves up: of how many entries each is, ``counts``, from the leaves to the
    root alone; and ``first``, the place of each level's first entry where they are numbered from the root, 0, down."""

    counts: tuple[int, ...]
    first: tuple[int, ...]

    @classmethod
    def of(cls, leaves: int, fanout: int) -> Levels:
        """``leaves`` is at least 1; above them there is at least the root."""
        counts = [leaves]
        while len(counts) == 1 or counts[-1] > 1:
            counts.append(-(-counts[-1] // fanout))
        return cls(tuple(counts), tuple(sum(counts[level + 1 :]) for level in range(len(counts))))


def around(boxes: Array, fanout: int) -> Array:
    """The boxes round each ``fanout`` boxes that follow one another, the last round those that are left."""
    import numpy as np

    starts = np.arange(0, len(boxes), fanout)
    return np.hstack([np.fmin.reduceat(boxes[:, :2], starts), np.fmax.reduceat(boxes[:, 2:], starts)])


def _present(boxes: Array) -> Array:
    import numpy as np

    finite: Array = np.isfinite(boxes.sum(axis=1))
    return finite


def _middle(boxes: Array, axis: int) -> Array:
    return (boxes[:, axis] + boxes[:, axis + 2]) / 2
