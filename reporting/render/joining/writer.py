"""Writing a PDF object by object: small ones in compressed streams of objects (ISO 32000-1, 7.5.7)."""

from __future__ import annotations

import zlib
from array import array
from dataclasses import dataclass, field
from typing import BinaryIO

_OBJECTS_OF_A_STREAM = 200


@dataclass
class PdfOutput:
    """``first_free`` numbers are the caller's, from 1 on; the others come from ``new`` and ``take``."""

    file: BinaryIO
    first_free: int
    _places: array[int] = field(init=False)
    """By object: its offset, or less than 0 for one in an object stream: -(stream * 1000 + index)."""
    _batch: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._places = array("q", [0] * self.first_free)
        self.file.write(b"%PDF-1.7\n%\x80\x80\x80\x80\n")

    def new(self) -> int:
        return self.take(1)

    def take(self, count: int) -> int:
        """The first of ``count`` numbers in a row."""
        self._places.extend([0] * count)
        return len(self._places) - count

    def put(self, number: int, content: bytes) -> None:
        """Write an object without a stream, some time until ``close``."""
        self._batch.append((number, content))
        if len(self._batch) == _OBJECTS_OF_A_STREAM:
            self._flush()

    def write(self, number: int, content: bytes) -> None:
        """Write an object now."""
        self._places[number] = self.file.tell()
        self.file.write(b"%d 0 obj\n" % number + content + b"\nendobj\n")

    def close(self, catalog: int, info: int, identity: bytes) -> None:
        """Write what waits, and the table of references."""
        self._flush()
        table = self.new()
        start = self.file.tell()
        self._places[table] = start
        rows = bytearray(b"\0" + bytes(5) + b"\xff\xff")
        for place in self._places[1:]:
            kind, where, index = (1, place, 0) if place > 0 else (2, *divmod(-place, 1000)) if place else (0, 0, 0)
            rows += bytes((kind,)) + where.to_bytes(5, "big") + index.to_bytes(2, "big")
        packed = zlib.compress(bytes(rows), 6)
        name = identity.hex().encode()
        sizes = (len(self._places), catalog, info, name, name, len(packed))
        head = b"<</Type/XRef/Size %d/W[1 5 2]/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]/Length %d" % sizes
        self.file.write(b"%d 0 obj\n%b/Filter/FlateDecode>>stream\n" % (table, head))
        self.file.write(packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)

    def _flush(self) -> None:
        """Write the waiting objects as one compressed stream."""
        if not self._batch:
            return
        stream = self.new()
        heads, bodies, offset = [], [], 0
        for index, (number, content) in enumerate(self._batch):
            heads.append(b"%d %d" % (number, offset))
            bodies.append(content)
            offset += len(content) + 1
            self._places[number] = -(stream * 1000 + index)
        index_part = b" ".join(heads) + b"\n"
        packed = zlib.compress(index_part + b"\n".join(bodies), 6)
        sizes = (len(self._batch), len(index_part), len(packed))
        head = b"<</Type/ObjStm/N %d/First %d/Length %d/Filter/FlateDecode>>" % sizes
        self._batch = []
        self.write(stream, head + b"stream\n" + packed + b"\nendstream")
