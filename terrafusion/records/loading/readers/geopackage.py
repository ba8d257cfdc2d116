"""GeoPackage by SQLite: each cell as it is stored, whatever type its column declares, and as many rows as there are."""

from __future__ import annotations

import operator
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from pyproj import CRS
from pyproj.exceptions import CRSError

from terrafusion.records.loading import encodings
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows, Source, record_batch
from terrafusion.records.loading.readers.gdal import crs_of
from terrafusion.records.loading.readers.shapes_in_text import UNREADABLE
from terrafusion.records.loading.targets import Kind

_ENVELOPE = (0, 32, 48, 48, 64, 0, 0, 0)  # bytes, by the flags of a geometry's header
_KINDS = (  # by how the declared type begins, as GeoPackage and SQLite name them
    (r"BOOL", Kind.BOOLEAN),
    (r"(TINY|SMALL|MEDIUM|BIG)?INT", Kind.INTEGER),
    (r"FLOAT|DOUBLE|REAL", Kind.REAL),
    (r"DATE$", Kind.DATE),
    (r"DATETIME|TIMESTAMP", Kind.DATETIME),
    (r"BLOB", None),
)
_TYPES = {"POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon"}
_UNDEFINED = {-1: "undefined Cartesian", 0: "undefined geographic"}
_DOUBLE = 2**53
_tolerant = operator.methodcaller("decode", "utf-8", "surrogateescape")  # several times slower than ``str``
_LISTED = (
    "SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes', 'aspatial') "
    "AND table_name IN (SELECT name FROM sqlite_master WHERE type IN ('table', 'view')) ORDER BY rowid"
)
_ALL = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
    "AND name NOT LIKE 'gpkg_%' AND name NOT LIKE 'rtree_%' AND name NOT LIKE 'sqlite_%'"
)


@dataclass
class GeoPackageSource(Source):
    file: Path = Path()
    geometry_column: str = ""

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        read = 0
        try:
            for rows in self._read(columns, geometry, str, read):
                read += rows.batch.num_rows
                yield rows
        except sqlite3.OperationalError as error:
            if "decode" not in str(error):
                raise
            yield from self._read(columns, geometry, _tolerant, read)

    def _read(
        self, columns: Sequence[str], geometry: bool, texts: Callable[[bytes], str | bytes], offset: int
    ) -> Iterator[Rows]:
        with_shapes = geometry and bool(self.geometry_column)
        names = [*columns, self.geometry_column] if with_shapes else list(columns)
        with closing(_connected(self.file)) as database:
            database.text_factory = texts
            selected = ", ".join(map(_quoted, names)) or "NULL"
            cursor = database.execute(f"SELECT {selected} FROM {_quoted(self.layer)} LIMIT -1 OFFSET {offset}")  # noqa: S608
            while rows := cursor.fetchmany(BATCH_ROWS):
                cells = dict(zip(names, zip(*rows, strict=True), strict=False))
                arrays = {name: self._array(cells[name], self.types[name]) for name in columns}
                shapes = pa.array(map(_wkb, cells[self.geometry_column]), pa.binary()) if with_shapes else None
                yield Rows(record_batch(arrays, len(rows)), shapes)

    def _array(self, cells: Sequence[Any], kind: Kind | None) -> pa.Array:
        """By the types of the cells themselves. Where they differ all become texts, which our own rules check."""
        types = set(map(type, cells)) - {type(None)}
        if types == {int}:
            if kind is Kind.BOOLEAN and set(cells) <= {0, 1, None}:
                return pa.array([cell if cell is None else bool(cell) for cell in cells], pa.bool_())
            return pa.array(cells, pa.int64())
        if types == {float} or (types == {int, float} and all(abs(cell or 0) <= _DOUBLE for cell in cells)):
            return pa.array(cells, pa.float64())
        if types <= {str}:
            return encodings.array(cells, self.undecoded)
        if bytes in types:
            raw = [cell if isinstance(cell, bytes | None) else str(cell).encode() for cell in cells]
            return encodings.of_bytes(pa.array(raw, pa.binary()))
        return encodings.array([cell if isinstance(cell, str | None) else repr(cell) for cell in cells], self.undecoded)


def is_geopackage(file: Path) -> bool:
    with closing(_connected(file)) as database:
        return bool(database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'gpkg_contents'").fetchone()[0])


def layers(file: Path) -> list[str]:
    with closing(_connected(file)) as database:
        layers = database.execute(_LISTED).fetchall() or database.execute(_ALL).fetchall()
    return [name for (name,) in layers]


def open_geopackage(path: Path, file: Path, layer: str) -> GeoPackageSource:
    with closing(_connected(file)) as database:
        shapes = (
            database.execute(
                "SELECT column_name, geometry_type_name, srs_id FROM gpkg_geometry_columns WHERE table_name = ?",
                [layer],
            ).fetchone()
            if _has(database, "gpkg_geometry_columns")
            else None
        )
        described = database.execute(f"PRAGMA table_info({_quoted(layer)})").fetchall()
        (rows,) = database.execute(f"SELECT count(*) FROM {_quoted(layer)}").fetchone()  # noqa: S608 - quoted
        crs, crs_name = _crs(database, shapes[2]) if shapes else (None, "")
    primary = [name for _, name, declared, _, _, position in described if position and declared.upper() == "INTEGER"]
    columns = [
        (name, declared)
        for _, name, declared, *_ in described
        if not (shapes and name == shapes[0]) and [name] != primary
    ]
    return GeoPackageSource(
        path=path,
        layer=layer,
        columns=tuple(name for name, _ in columns),
        types={name: _kind(declared) for name, declared in columns},
        crs=crs,
        crs_name=crs_name,
        geometry_type=_TYPES.get(shapes[1].upper().removeprefix("MULTI"), "Unknown") if shapes else None,
        rows=rows,
        file=file,
        geometry_column=shapes[0] if shapes else "",
    )


def _connected(file: Path) -> sqlite3.Connection:
    """Read only. A file that nobody writes is opened where its folder is read only, too."""
    journal = file.with_name(f"{file.name}-wal")
    busy = journal.exists() and journal.stat().st_size > 0
    return sqlite3.connect(f"file:{quote(str(file))}?mode=ro{'' if busy else '&immutable=1'}", uri=True)


def _has(database: sqlite3.Connection, table: str) -> bool:
    return bool(database.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", [table]).fetchone()[0])


def _crs(database: sqlite3.Connection, srs_id: int) -> tuple[CRS | None, str]:
    """The coordinate system and its name in the file."""
    if srs_id in _UNDEFINED:
        return None, _UNDEFINED[srs_id]
    row = database.execute(
        "SELECT srs_name, organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys "
        "WHERE srs_id = ?",
        [srs_id],
    ).fetchone()
    if row is None:
        return None, f"srs_id {srs_id}"
    name, organization, code, definition = row
    try:
        return CRS.from_authority(str(organization).upper(), code), name
    except CRSError:
        return crs_of(definition), name


def _kind(declared: str) -> Kind | None:
    return next((kind for begin, kind in _KINDS if re.match(begin, declared, re.IGNORECASE)), Kind.TEXT)


def _wkb(blob: object) -> bytes | None:
    if blob is None:
        return None
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8:
        return UNREADABLE
    return blob[8 + _ENVELOPE[blob[3] >> 1 & 7] :]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
