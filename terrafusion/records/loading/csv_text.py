"""A CSV before GDAL reads it: is it text, is it whole, is it UTF-8? GDAL takes half a file for a shorter one."""

from __future__ import annotations

import codecs
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from terrafusion.records.loading.errors import LoadError

_PIECE = 1 << 20  # bytes: no line is read whole that is longer
_HEAD = 4096


@dataclass(frozen=True)
class Look:
    """``lines`` counts those that are not blank, the header included."""

    lines: int
    quotes: int

    def lost(self, rows: int) -> int:
        """Lines that did not become ``rows``, because a quotation mark is never closed: GDAL leaves them out."""
        return max(self.lines - 1 - rows, 0) if self.quotes % 2 else 0


def look(name: str, stream: IO[bytes]) -> Look:
    """Reads to the end, so that a compressed stream checks itself. Raises ``LoadError`` for what is no text."""
    lines, quotes, last, first = 0, 0, b"", True
    while piece := stream.readline(_PIECE):
        if first and b"\x00" in piece[:_HEAD]:
            raise LoadError(
                f"{name} is not CSV: it holds bytes that no text has (name UTF-16 as the mapping's encoding)."
            )
        quotes += piece.count(b'"')
        lines += piece.endswith(b"\n") and not piece.isspace()
        last, first = piece, False
    return Look(lines + bool(last.strip() and not last.endswith(b"\n")), quotes)


def recode(name: str, stream: IO[bytes], encoding: str, target: Path) -> None:
    """Writes the text as UTF-8 to ``target``. Raises ``LoadError`` where it is not in ``encoding``."""
    try:
        with target.open("w", encoding="utf-8", newline="") as out:
            shutil.copyfileobj(codecs.getreader(encoding)(stream), out, _PIECE)
    except UnicodeError as error:
        raise LoadError(f"{name} is not in the encoding {encoding}: {error}.") from error
