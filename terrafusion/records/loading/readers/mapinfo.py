"""Are MapInfo's files whole? GDAL reads a part of one as a shorter one."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from terrafusion.records.loading.errors import LoadError
from terrafusion.words import counted

_BLOCK = 512  # bytes, of which a .map consists
_POINTER = 4


def is_tab(file: Path) -> bool:
    """Whether a .tab is MapInfo's, by its first word or a .dat beside it, and no text with tabs between its fields."""
    if any(one.suffix.lower() == ".dat" and one.stem.lower() == file.stem.lower() for one in file.parent.iterdir()):
        return True
    with file.open("rb") as stream:
        return stream.read(64).lstrip(b"\xef\xbb\xbf \r\n").lower().startswith(b"!table")


def check_tab(path: Path, file: Path) -> int | None:
    """How many rows the table has, None where it is a view of another file, which GDAL assesses.

    Raises ``LoadError`` unless the .dat, .map and .id beside the .tab are whole. A plain table has no .map.
    """
    beside = {one.suffix.lower(): one for one in file.parent.iterdir() if one.stem.lower() == file.stem.lower()}
    if ".dat" not in beside:
        if b"type native" in file.read_bytes().lower():
            raise LoadError(f"{path.name} is incomplete: its .dat file is missing.")
        return None
    with beside[".dat"].open("rb") as stream:
        head = stream.read(12).ljust(12, b"\0")
    records, header_length, record_length = struct.unpack("<IHH", head[4:12])
    _require(path, ".dat", beside[".dat"].stat().st_size, header_length + records * record_length)
    flags = (
        np.memmap(beside[".dat"], "u1", "r", header_length, (records, record_length))[:, 0] if records else np.empty(0)
    )
    rows = int((flags != ord("*")).sum())
    if ".map" not in beside and ".id" not in beside:
        return rows
    for suffix in (".map", ".id"):
        if suffix not in beside:
            raise LoadError(f"{path.name} is incomplete: its {suffix} file is missing.")
    _require(path, ".id", beside[".id"].stat().st_size, records * _POINTER)
    size = beside[".map"].stat().st_size
    pointers = np.fromfile(beside[".id"], "<u4", count=records)
    furthest = int(pointers.max(initial=0)) + 1 if pointers.any() else 0
    _require(path, ".map", size, max(-(-size // _BLOCK) * _BLOCK, furthest))
    return rows


def check_mif(path: Path, file: Path, rows: int) -> None:
    """The .mid beside the .mif has a line for each of its ``rows`` objects, and no more."""
    beside = [one for one in file.parent.iterdir() if one.stem == file.stem and one.suffix.lower() == ".mid"]
    if not beside:
        raise LoadError(f"{path.name} is incomplete: its .mid file is missing.")
    with beside[0].open("rb") as stream:
        lines = sum(not line.isspace() for line in stream)
    if lines != rows:
        raise LoadError(
            f"{path.name} is damaged: it has {counted(rows, 'object')}, but its .mid has {counted(lines, 'line')}."
        )


def _require(path: Path, suffix: str, size: int, expected: int) -> None:
    if size < expected:
        raise LoadError(f"{path.name} is truncated: its {suffix} file has {size:,} of {counted(expected, 'byte')}.")
