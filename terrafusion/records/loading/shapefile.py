"""Is a Shapefile whole? GDAL reads a truncated one as if it simply had fewer or emptier features."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path, PurePosixPath

from terrafusion.records.loading.errors import LoadError
from terrafusion.words import counted

_SHP_HEADER = 100
_HEAD = 256  # bytes that are enough of any of the three headers


def check(path: Path) -> None:
    """Raise ``LoadError`` unless the .shp at ``path`` has its .shx and .dbf, whole and of one length."""
    beside = {file.suffix.lower(): file for file in path.parent.glob(f"{_escaped(path.stem)}.*")}
    parts = {}
    for suffix in (".shp", ".shx", ".dbf"):
        file = beside.get(suffix)
        if file is None:
            raise LoadError(f"{path.name} is incomplete: its {suffix} file is missing.")
        with file.open("rb") as stream:
            parts[suffix] = (stream.read(_HEAD), file.stat().st_size)
    _check_parts(path.name, parts)


def check_zipped(archive: zipfile.ZipFile, member: str) -> None:
    """The same for a Shapefile in a zip."""
    stem = str(PurePosixPath(member).with_suffix("")).lower()
    names = {name.lower(): name for name in archive.namelist()}
    parts = {}
    for suffix in (".shp", ".shx", ".dbf"):
        name = names.get(stem + suffix)
        if name is None:
            raise LoadError(f"{PurePosixPath(member).name} is incomplete: its {suffix} file is missing.")
        with archive.open(name) as stream:
            parts[suffix] = (stream.read(_HEAD), archive.getinfo(name).file_size)
    _check_parts(PurePosixPath(member).name, parts)


def _check_parts(name: str, parts: dict[str, tuple[bytes, int]]) -> None:
    for suffix in (".shp", ".shx"):
        head, size = parts[suffix]
        if size < _SHP_HEADER or head[:4] != b"\x00\x00\x27\x0a":
            raise LoadError(f"{name} is not a Shapefile: its {suffix} file does not begin like one.")
        declared = 2 * struct.unpack(">i", head[24:28])[0]
        if size < declared:
            raise LoadError(f"{name} is truncated: its {suffix} file has {size:,} of {counted(declared, 'byte')}.")
    head, size = parts[".dbf"]
    if size < 32:
        raise LoadError(f"{name} is truncated: its .dbf file has {counted(size, 'byte')}.")
    records, header_length, record_length = struct.unpack("<IHH", head[4:12])
    declared = header_length + records * record_length
    if size < declared:
        raise LoadError(f"{name} is truncated: its .dbf file has {size:,} of {counted(declared, 'byte')}.")
    shapes = (parts[".shx"][1] - _SHP_HEADER) // 8
    if shapes != records:
        raise LoadError(f"{name} is broken: it has {counted(shapes, 'shape')} but {records:,} attribute records.")


def _escaped(stem: str) -> str:
    """A stem in which glob's special characters stand for themselves."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in stem)
