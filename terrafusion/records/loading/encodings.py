"""Texts as their bytes say, and which encodings fit bytes that are not UTF-8."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

_MULTIBYTE = ("shift_jis", "euc_jp", "gbk", "big5", "cp949")
_WESTERN = "cp1252"
_OTHERS = ("cp1250", "cp1251", "cp437")
_SIGNS = frozenset("\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u00a0\u00d7°º·½¼¾§²³©®™±«»¿¡")
_ENOUGH = 200


@dataclass
class Undecoded:
    """Some of the cells whose bytes are no text in the encoding in which they were read."""

    cells: list[bytes] = field(default_factory=list)

    def add(self, cell: bytes) -> None:
        if len(self.cells) < _ENOUGH:
            self.cells.append(cell)

    def remedy(self) -> str:
        """What to write into the mapping; empty where no encoding fits."""
        encodings = fitting(self.cells)
        if not encodings:
            return ""
        others = f" (its bytes also fit {', '.join(encodings[1:])})" if len(encodings) > 1 else ""
        return f'Its texts are not UTF-8: put encoding = "{encodings[0]}" into the mapping{others}.'


def fitting(cells: Sequence[bytes]) -> list[str]:
    """The encodings that read all ``cells`` as texts that people write, the likeliest first."""
    if not cells:
        return []
    if _reads(cells, _WESTERN) and not _mostly_double(cells):
        return [_WESTERN]
    return [name for name in (*_MULTIBYTE, _WESTERN, *_OTHERS) if _reads(cells, name)]


def _mostly_double(cells: Sequence[bytes]) -> bool:
    """Whether most characters take two bytes, as those of East Asia do."""
    raw = b"".join(cells)
    return 2 * sum(byte >= 0x80 for byte in raw) > len(raw)


def _reads(cells: Sequence[bytes], encoding: str) -> bool:
    try:
        text = "".join(cell.decode(encoding) for cell in cells)
    except UnicodeDecodeError:
        return False
    return all(
        character < "\x80" or character in _SIGNS or unicodedata.category(character) in {"Lu", "Ll", "Lo", "Lm", "Po"}
        for character in text
    )


def array(texts: Sequence[str | None], undecoded: Undecoded) -> pa.Array:
    """The texts as an Arrow array. What ``surrogateescape`` put in place of bytes becomes these bytes again, which
    ``convert`` refuses as text."""
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        cells = [None if text is None else _bytes(text, undecoded) for text in texts]
    return of_bytes(pa.array(cells, pa.binary()))


def of_bytes(cells: pa.Array) -> pa.Array:
    """Binary cells under the type of texts, as they are."""
    return pa.Array.from_buffers(pa.string(), len(cells), cells.buffers(), cells.null_count, cells.offset)


def _bytes(text: str, undecoded: Undecoded) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    try:
        cell = text.encode("utf-8", "surrogateescape")
        undecoded.add(cell)
    except UnicodeEncodeError:  # half of a character that JSON escapes
        cell = text.encode("utf-8", "surrogatepass")
    return cell
