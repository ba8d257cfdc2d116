"""dBASE tables by their own layout: each cell is the text that the record holds."""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from terrafusion.records.loading import encodings
from terrafusion.records.loading.encodings import Undecoded
from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers import memo
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows, Source, record_batch
from terrafusion.records.loading.targets import Kind
from terrafusion.words import counted

_HEADER, _FIELD, _END = 32, 32, b"\x0d"
_LONGEST_WHOLE = 18  # digits that 64 bits always hold
_KINDS = {"C": Kind.TEXT, "D": Kind.DATE, "L": Kind.BOOLEAN, "F": Kind.REAL, "N": Kind.REAL, "I": Kind.INTEGER}
_KINDS |= {"O": Kind.REAL, "B": Kind.REAL, "+": Kind.INTEGER, "M": Kind.TEXT}
_BINARY = {("I", 4): "<i4", ("O", 8): "<f8", ("B", 8): "<f8", ("+", 4): ">i4"}
_LANGUAGES = {  # language driver -> Python's codec, where the file names one that GDAL and others honor
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x13: "shift_jis",
    0x4D: "gbk",
    0x4E: "cp949",
    0x4F: "big5",
    0x57: "cp1252",
    0x58: "cp1252",
    0x59: "cp1252",
    0x64: "cp852",
    0x65: "cp866",
    0xC8: "cp1250",
    0xC9: "cp1251",
}


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    width: int
    decimals: int
    offset: int

    @property
    def kind(self) -> Kind | None:
        """None for pictures and what else is no value."""
        if self.type in "NF" and self.decimals == 0 and self.type == "N":
            return Kind.INTEGER if self.width <= _LONGEST_WHOLE else Kind.TEXT
        return _KINDS.get(self.type)


@dataclass(frozen=True)
class Table:
    """``records`` by the length of the file; ``declared`` by its header."""

    file: Path
    columns: tuple[Column, ...]
    encoding: str
    header_length: int
    record_length: int
    records: int
    declared: int
    version: int

    def batches(self, wanted: Sequence[str], undecoded: Undecoded) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
        """The cells of the named columns, and which records are not marked as deleted."""
        columns = {column.name: column for column in self.columns}
        with self.file.open("rb") as stream:
            stream.seek(self.header_length)
            for first in range(0, self.records, BATCH_ROWS):
                length = min(BATCH_ROWS, self.records - first)
                raw = np.frombuffer(_exactly(stream, length * self.record_length), np.uint8)
                records = raw.reshape(length, self.record_length)
                cells = {name: self._cells(records, columns[name], undecoded) for name in wanted}
                yield record_batch(cells, length), records[:, 0] != ord("*")

    def _cells(self, records: np.ndarray, column: Column, undecoded: Undecoded) -> pa.Array:
        part = np.ascontiguousarray(records[:, column.offset : column.offset + column.width])
        if column.type == "M":
            return encodings.array(self._memos(column, [cell.tobytes() for cell in part]), undecoded)
        if layout := _BINARY.get((column.type, column.width)):
            return pa.array(part.view(layout).ravel().astype("i8" if layout[1] == "i" else "f8"))
        if part.all():
            cells = pa.array(part.view(f"S{column.width}").ravel(), pa.binary())
        else:  # NULs at the end are no part of the text; what follows one is none that PostgreSQL holds
            cells = pa.array([cell.tobytes().rstrip(b"\0") for cell in part], pa.binary())
        strange = part.max(initial=0) >= 0x80
        if strange:
            texts = encodings.array([_decoded(cell, self.encoding) for cell in cells.to_pylist()], undecoded)
        else:
            texts = encodings.of_bytes(cells)
        if column.type == "C":
            return _each(texts, lambda cell: cell.rstrip(b" ")) if strange else pc.utf8_rtrim(texts, " ")
        texts = _each(texts, lambda cell: cell.strip(b" ")) if strange else pc.utf8_trim(texts, " ")
        nothing = rf"^(\*{{{column.width}}}|)$" if column.type in "NF" else r"^0*$" if column.type == "D" else r"^\??$"
        return pc.if_else(pc.match_substring_regex(texts, nothing), None, texts)

    def _memos(self, column: Column, cells: list[bytes]) -> list[str | None]:
        memos = memo.beside(self.file, self.version)
        if memos is None:
            raise LoadError(
                f"The texts of {column.name} are in a .dbt or .fpt file beside {self.file.name}, which is missing. Put "
                "it there, or leave the column out (drop, in the mapping of a reference layer)."
            )
        return memos.texts(cells, lambda text: _decoded(text, self.encoding) or "")


@dataclass
class DbfSource(Source):
    """A table, or the table of ``shapes``, of which each record has one."""

    table: Table = field(kw_only=True)
    shapes: Source | None = None

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        shapes = iter(self.shapes.batches([], True)) if geometry and self.shapes else None
        deleted = 0
        for batch, present in self.table.batches(columns, self.undecoded):
            wkb = next(shapes, Rows(batch)).wkb if shapes else None
            if shapes and (wkb is None or len(wkb) != batch.num_rows):
                raise LoadError(f"{self.path.name} is damaged: it has fewer shapes than attribute records.")
            if not present.all():
                deleted += int((~present).sum())
                kept = pa.array(present)
                batch, wkb = batch.filter(kept), None if wkb is None else pc.filter(wkb, kept)
            yield Rows(batch, wkb)
        if deleted:
            self.note(f"{counted(deleted, 'record')} marked as deleted left out.")


def open_table(path: Path, layer: str, table: Table, shapes: Source | None, notes: list[str]) -> DbfSource:
    columns = [column for column in table.columns if column.kind is not None]
    source = DbfSource(
        path=path,
        layer=layer,
        columns=tuple(column.name for column in columns),
        types={column.name: column.kind for column in columns},
        crs=shapes.crs if shapes else None,
        geometry_type=shapes.geometry_type if shapes else None,
        rows=table.records,
        notes=notes,
        table=table,
        shapes=shapes,
    )
    if left := [column.name for column in table.columns if column.kind is None]:
        source.note(f"Columns of a type that is not read left out: {', '.join(left)}.")
    return source


def open_dbf(path: Path, file: Path, layer: str, encoding: str) -> DbfSource:
    """A table without shapes. A record that its header does not count is read where it is one."""
    table = read(file, encoding)
    if table.records < table.declared:
        size, expected = file.stat().st_size, table.header_length + table.declared * table.record_length
        raise LoadError(f"{path.name} is truncated: it has {size:,} of {counted(expected, 'byte')}.")
    return open_table(path, layer, table, None, [])


def read(file: Path, encoding: str) -> Table:
    """The layout of the table in ``file``. ``encoding`` wins over what the file and its .cpg say."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(_HEADER)
        if len(head) < _HEADER:
            raise LoadError(f"{file.name} is truncated: it has {counted(size, 'byte')}.")
        declared, header_length, record_length = struct.unpack("<IHH", head[4:12])
        described = stream.read(max(header_length - _HEADER, 0))
    if record_length == 0 or header_length < _HEADER:
        raise LoadError(f"{file.name} is damaged: its header names no records.")
    columns: list[tuple[bytes, str, int, int, int]] = []
    offset = 1
    for start in range(0, len(described) - _FIELD + 1, _FIELD):
        field = described[start : start + _FIELD]
        if field[:1] == _END:
            break
        kind, width, decimals = chr(field[11]), field[16], field[17]
        if kind == "C":
            width, decimals = width + 256 * decimals, 0
        name = field[:11].split(b"\0")[0]
        columns.append((name, kind, width, decimals, offset))
        offset += width
    if offset > record_length:
        raise LoadError(f"{file.name} is damaged: its fields are longer than its records.")
    codec = encoding or _codec(file, head[29])
    named = [Column(_name(name, codec), kind, width, decimals, at) for name, kind, width, decimals, at in columns]
    return Table(
        file,
        tuple(named),
        codec,
        header_length,
        record_length,
        (size - header_length) // record_length,
        declared,
        head[0],
    )


def _codec(file: Path, language: int) -> str:
    """By the .cpg beside the table, else by the table's own mark, else UTF-8."""
    beside = [one for one in file.parent.iterdir() if one.stem == file.stem and one.suffix.lower() == ".cpg"]
    if beside:
        name = beside[0].read_bytes()[:40].decode("ascii", "ignore").strip()
        digits = re.sub(r"^(?:ANSI|OEM|WINDOWS|CP)?[ _-]*(?=\d{3,5}$)", "cp", name.upper()).replace("cp8859", "8859-")
        for candidate in (name, digits, re.sub(r"^8859[-_ ]?(\d+)$", r"iso8859-\1", name)):
            try:
                return codecs.lookup(candidate).name
            except LookupError:
                continue
    return _LANGUAGES.get(language, "utf-8")


def _name(raw: bytes, codec: str) -> str:
    return raw.decode(codec, "replace").strip()


def _decoded(cell: bytes | None, codec: str) -> str | None:
    """Bytes that the encoding does not have stay as ``surrogateescape`` leaves them."""
    if cell is None:
        return None
    try:
        return cell.decode(codec)
    except UnicodeDecodeError:
        return cell.decode("ascii", "surrogateescape")


def _each(texts: pa.Array, change: Callable[[bytes], bytes]) -> pa.Array:
    """Of cells of which some may be no UTF-8."""
    cells = texts.cast(pa.binary()).to_pylist()
    return encodings.of_bytes(pa.array([cell if cell is None else change(cell) for cell in cells], pa.binary()))


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError("the file breaks off")
    return data
