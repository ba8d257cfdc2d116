"""Shapefiles: geometries by GDAL, cells by the table's own layout, and whether all of it is there."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers import dbf, gdal
from terrafusion.words import counted

_HEADER, _SHAPE = 100, 8
_SOME = 100_000  # entries of the index that are summed at a time
_MAGIC = b"\x00\x00\x27\x0a"
_PARTS = (".shp", ".shx", ".dbf")


def open_shapefile(path: Path, file: Path, layer: str, encoding: str, scratch: Path) -> dbf.DbfSource:
    """``file`` is the .shp. Raises ``LoadError`` unless its .shx and .dbf are there, whole and of one length."""
    name = f"{layer}.shp"
    _check_begin(name, file)
    beside = {one.suffix.lower(): one for one in file.parent.iterdir() if one.stem.lower() == file.stem.lower()}
    parts = {}
    for suffix in _PARTS:
        if suffix not in beside:
            raise LoadError(f"{name} is incomplete: its {suffix} file is missing.")
        parts[suffix] = beside[suffix]
    _check_begin(name, parts[".shx"])
    table, stale = _checked(name, parts, dbf.read(parts[".dbf"], encoding))
    alone = scratch / "shapes"  # without the table: GDAL leaves out records that it marks as deleted
    alone.mkdir()
    for suffix in (".shp", ".shx", ".prj"):
        if suffix in beside:
            (alone / f"shapes{suffix}").symlink_to(beside[suffix].resolve())
    shapes = gdal.open_gdal(path, alone / "shapes.shp", "shapes")
    return dbf.open_table(path, layer, table, shapes, stale)


def _check_begin(name: str, part: Path) -> None:
    with part.open("rb") as stream:
        head = stream.read(_HEADER)
    if head.startswith(b"SQLite format 3"):
        raise LoadError(f"{name} is not a Shapefile: its contents are GPKG.")
    if head[:4] != _MAGIC or len(head) < _HEADER:
        raise LoadError(f"{name} is not a Shapefile: its {part.suffix.lower()} file does not begin like one.")


def _checked(name: str, parts: dict[str, Path], table: dbf.Table) -> tuple[dbf.Table, list[str]]:
    """The table, of as many records as there are shapes, and notes on headers that are out of date.

    The index leads to the end of the shapes, and there is an attribute record for each of them: else ``LoadError``.
    """
    sizes = {suffix: part.stat().st_size for suffix, part in parts.items()}
    shapes, rest = divmod(sizes[".shx"] - _HEADER, _SHAPE)
    expected = {suffix: _declared(parts[suffix]) for suffix in (".shp", ".shx")}
    expected[".dbf"] = table.header_length + table.declared * table.record_length
    end = _end(parts[".shx"], shapes)
    records = table.declared if table.declared == shapes < table.records else table.records
    if rest == 0 and shapes == records and end <= sizes[".shp"]:
        stale = [suffix for suffix in _PARTS if expected[suffix] > sizes[suffix] + 1]
        stale += [".dbf"] if table.declared != records and ".dbf" not in stale else []
        notes = [f"The header of its {suffix} file is out of date; all records are read." for suffix in stale]
        return replace(table, records=records), notes
    expected[".shp"] = max(expected[".shp"], end)
    for suffix in _PARTS:
        if sizes[suffix] < expected[suffix]:
            raise LoadError(
                f"{name} is truncated: its {suffix} file has {sizes[suffix]:,} of {counted(expected[suffix], 'byte')}."
            )
    raise LoadError(
        f"{name} is broken: it has {counted(shapes, 'shape')} but {table.records:,} attribute records. "
        "Ask for the file again, with all its parts from one export."
    )


def _declared(part: Path) -> int:
    with part.open("rb") as stream:
        return int(2 * struct.unpack(">i", stream.read(_HEADER)[24:28])[0])


def _end(index: Path, shapes: int) -> int:
    """Where in the .shp the last of the shapes ends, in bytes."""
    if shapes <= 0:
        return _HEADER
    entries = np.memmap(index, ">i4", mode="r", offset=_HEADER, shape=(shapes, 2))
    blocks = np.array_split(entries, shapes // _SOME + 1)
    return max(int((2 * block.astype("i8").sum(axis=1)).max()) for block in blocks) + _SHAPE
