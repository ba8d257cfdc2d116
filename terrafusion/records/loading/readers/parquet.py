"""Parquet and GeoParquet: the types are the file's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS
from pyproj.exceptions import CRSError

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows, Source, record_batch, require_unlike
from terrafusion.records.loading.targets import Kind

SUFFIXES = (".parquet", ".geoparquet", ".pq")
_GEOMETRY = ("geometry", "geom", "wkb", "wkb_geometry")
_KINDS = (
    (pa.types.is_boolean, Kind.BOOLEAN),
    (pa.types.is_integer, Kind.INTEGER),
    (pa.types.is_floating, Kind.REAL),
    (pa.types.is_decimal, Kind.REAL),
    (pa.types.is_date, Kind.DATE),
    (pa.types.is_timestamp, Kind.DATETIME),
)


@dataclass
class ParquetSource(Source):
    file: Path = Path()
    geometry_column: str = ""

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        shape = self.geometry_column if geometry else ""
        with pq.ParquetFile(self.file, page_checksum_verification=True) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=[*columns, *([shape] if shape else [])]):
                cells = {name: _plain(batch.column(name)) for name in columns}
                wkb = _storage(batch.column(shape)).cast(pa.binary()) if shape else None
                yield Rows(record_batch(cells, batch.num_rows), wkb)


def open_parquet(path: Path, file: Path, layer: str, exact: bool = False) -> ParquetSource:
    """Raises ``LoadError`` for columns of the same name (unless ``exact``, but for their case), and for geometries that
    are not WKB."""
    with pq.ParquetFile(file) as opened:
        schema, rows = opened.schema_arrow, opened.metadata.num_rows
    require_unlike(path, schema.names, exact)
    described: dict[str, Any] = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    column = described.get("primary_column") or next((f.name for f in schema if _is_shape(f)), "")
    about: dict[str, Any] = described.get("columns", {}).get(column, {})
    if about.get("encoding", "WKB") != "WKB":
        raise LoadError(f"{path.name} has geometries as {about['encoding']}: write it again with encoding WKB.")
    types = {kind.split(" ")[0].removeprefix("Multi") for kind in about.get("geometry_types", [])}
    columns = [field for field in schema if field.name != column]
    return ParquetSource(
        path=path,
        layer=layer,
        columns=tuple(field.name for field in columns),
        types={field.name: _kind(field.type) for field in columns},
        crs=_crs(about) if about else None,
        geometry_type=None if not column else types.pop() if len(types) == 1 else "Unknown",
        rows=rows,
        file=file,
        geometry_column=column,
    )


def _is_shape(field: pa.Field) -> bool:
    """In a file that is not described as GeoParquet."""
    kind = getattr(field.type, "storage_type", field.type)
    return field.name.casefold() in _GEOMETRY and (pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _kind(type_: pa.DataType) -> Kind | None:
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_fixed_size_binary(type_):
        return None
    return next((kind for fits, kind in _KINDS if fits(type_)), Kind.TEXT)


def _storage(values: pa.Array) -> pa.Array:
    return values.storage if isinstance(values, pa.ExtensionArray) else values


def _plain(values: pa.Array) -> pa.Array:
    """Lists and structures as JSON, texts of any layout as texts; numbers, dates, and times as they are."""
    values = _storage(values)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_nested(values.type):
        texts = [
            None if one is None else json.dumps(one, ensure_ascii=False, default=str) for one in values.to_pylist()
        ]
        return pa.array(texts, pa.string())
    if any(fits(values.type) for fits, _ in _KINDS) and values.type != pa.uint64():
        return values
    return values if pa.types.is_binary(values.type) else values.cast(pa.string())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _crs(about: dict[str, Any]) -> CRS | None:
    """Longitude and latitude where the file says nothing, as GeoParquet has it."""
    if "crs" not in about:
        return CRS.from_epsg(4326)
    if about["crs"] is None:
        return None
    with suppress(CRSError):
        crs = CRS.from_json_dict(about["crs"])
        return CRS.from_epsg(4326) if crs.to_authority() == ("OGC", "CRS84") else crs
    return None
