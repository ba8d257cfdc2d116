"""The packed R-tree of FlatGeobuf 3 (https://github.com/flatgeobuf/flatgeobuf), put into a file that has none.

A file is magic bytes, a header (a flatbuffer behind its length), the index, and the features (each behind its length)
in the order of the index's leaves. A node of the index is a box and where to go on: at a feature's first byte, counted
from the first feature's, or at the first of the nodes below it, counted from the root.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gis_export.formats.boxes import Boxes, Levels, around

if TYPE_CHECKING:
    from gis_export.formats.boxes import Array

_FANOUT = 16
_MAGIC_BYTES = 8
_INDEX_NODE_SIZE = 9
"""The place of the fanout among the fields of the header's schema."""
_NODE_BYTES = 40
_CHUNK = 4 << 20
_AT_ONCE = 4096 * _FANOUT


def add_index(path: Path, boxes: Boxes) -> None:
    """``boxes`` are those of the file's features, in their order; there is at least one."""
    import numpy as np

    levels = Levels.of(boxes.count, _FANOUT)
    bare = path.with_suffix(".bare")
    path.rename(bare)
    with bare.open("rb") as source, path.open("wb") as target, path.open("r+b") as index:
        target.write(_header(source))
        root = target.tell()
        target.seek(root + sum(levels.counts) * _NODE_BYTES)
        offsets = _copied(source, target)

        def put(leaves: Array, below: Array) -> None:
            nodes = np.empty(len(leaves), [("box", "<f8", 4), ("below", "<u8")])
            nodes["box"], nodes["below"] = leaves, below
            index.write(nodes.tobytes())

        index.seek(root + levels.first[0] * _NODE_BYTES)
        above = []
        for boxes_read in boxes.read(_AT_ONCE):
            put(boxes_read, np.fromiter(islice(offsets, len(boxes_read)), np.uint64, len(boxes_read)))
            above.append(around(boxes_read, _FANOUT))
        if next(offsets, None) is not None:  # copies what is left
            raise RuntimeError("There are more features than boxes.")
        level = np.concatenate(above)
        for below, first in pairwise(levels.first):
            index.seek(root + first * _NODE_BYTES)
            put(level, below + _FANOUT * np.arange(len(level)))
            level = around(level, _FANOUT)
    bare.unlink()


def _header(source: BinaryIO) -> bytes:
    """With the magic bytes, announcing an index; ``source`` then stands at the first feature."""
    begin = source.read(_MAGIC_BYTES + 4)
    (size,) = struct.unpack_from("<I", begin, _MAGIC_BYTES)
    header = bytearray(source.read(size))
    # A table of a flatbuffer begins with the way back to its vtable, which has the places of the fields behind two
    # lengths (https://flatbuffers.dev/internals).
    (table,) = struct.unpack_from("<I", header)
    vtable = table - struct.unpack_from("<i", header, table)[0]
    (field,) = struct.unpack_from("<H", header, vtable + 4 + 2 * _INDEX_NODE_SIZE)
    struct.pack_into("<H", header, table + field, _FANOUT)
    return begin + header


def _copied(source: BinaryIO, target: BinaryIO) -> Iterator[int]:
    """Copies all features; gives the offset of each as it goes."""
    offset = end = 0
    length = b""  # of the next feature, as far as it has been read
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        begin, end = end - len(length), end + len(chunk)
        chunk = length + chunk
        while offset + 4 <= end:
            yield offset
            offset += 4 + struct.unpack_from("<I", chunk, offset - begin)[0]
        length = chunk[offset - begin :]
