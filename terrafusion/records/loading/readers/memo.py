"""Memo fields of dBASE and FoxPro: texts in a file beside the table, which names the block where each begins."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from terrafusion.records.loading.errors import LoadError

_END = b"\x1a"
_BLOCK = 512  # bytes, where the file does not say another size
_HEADER = 512
_DBASE3 = (0x03, 0x83)  # whose header says nothing of blocks
_DBASE4 = b"\xff\xff\x08\x00"
_TEXT = 1  # FoxPro's mark of a text, not a picture


@dataclass(frozen=True)
class Memos:
    """``blocks`` is how many bytes a block has, 0 where the file's header says it."""

    file: Path
    blocks: int = 0

    def texts(self, cells: list[bytes], decode: Callable[[bytes], str]) -> list[str | None]:
        """Of each cell, which is the number of a block in ten characters or in four bytes. Raises ``LoadError`` where a
        memo is not there."""
        read = _foxpro if self.file.suffix.lower() == ".fpt" else _dbase
        with self.file.open("rb") as stream:
            head = stream.read(_HEADER)
            if len(head) < _HEADER:
                raise LoadError(f"{self.file.name} is truncated: it has no whole header.")
            size = self.blocks or _size(head, self.file)
            memos = []
            for cell in cells:
                number = _number(cell)
                raw = read(stream, number * size) if number else None
                if number and raw is None:
                    raise LoadError(f"{self.file.name} is damaged: it has no memo in its block {number:,}.")
                memos.append(None if raw is None else decode(raw))
        return memos


def beside(table: Path, version: int) -> Memos | None:
    """The memos of a table, whose first byte is the ``version``; None where their file is not beside it."""
    for one in table.parent.iterdir():
        if one.stem.casefold() == table.stem.casefold() and one.suffix.lower() in {".dbt", ".fpt"}:
            return Memos(one, _BLOCK if version in _DBASE3 and one.suffix.lower() == ".dbt" else 0)
    return None


def _size(head: bytes, file: Path) -> int:
    """Bytes of a block."""
    if file.suffix.lower() == ".fpt":
        return int(struct.unpack(">H", head[6:8])[0]) or 1
    return int(struct.unpack("<H", head[20:22])[0]) or _BLOCK


def _number(cell: bytes) -> int:
    if len(cell) == 4:
        return int(struct.unpack("<I", cell)[0])
    digits = cell.strip(b" \0")
    if digits and not digits.isdigit():
        raise LoadError(f"A memo field is damaged: {digits!r} is no number of a block.")
    return int(digits or 0)


def _foxpro(stream: IO[bytes], at: int) -> bytes | None:
    stream.seek(at)
    head = stream.read(8)
    if len(head) < 8:
        return None
    kind, length = struct.unpack(">II", head)
    text = stream.read(length)
    return text if kind == _TEXT and len(text) == length else None


def _dbase(stream: IO[bytes], at: int) -> bytes | None:
    """Of dBASE IV by its length, of dBASE III to its mark."""
    stream.seek(at)
    head = stream.read(8)
    if head[:4] == _DBASE4 and len(head) == 8:
        length = struct.unpack("<I", head[4:])[0] - 8
        text = stream.read(max(length, 0))
        return text if len(text) == length else None
    text = head
    while _END not in text:
        piece = stream.read(_BLOCK)
        if not piece:
            return None
        text += piece
    return text.partition(_END)[0]
