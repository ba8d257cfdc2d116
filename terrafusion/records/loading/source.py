"""Any vector file or CSV, as a stream of Arrow batches. The whole file is never in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
import pyogrio.raw
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FieldError
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

from terrafusion.records.loading import dataset as dataset_of_file
from terrafusion.records.loading.errors import LoadError
from terrafusion.words import counted

BATCH_ROWS = 10_000
_FAULTS = (
    DataSourceError,
    DataLayerError,
    FieldError,
    CRSError,
    pa.ArrowException,
    OSError,
    RuntimeError,
    UnicodeError,
)


@dataclass(frozen=True)
class Source:
    """One layer of a file. ``geometry_type`` is OGR's name, None for a plain table; ``crs`` None where it says none."""

    path: Path
    dataset: str  # GDAL's name of it, such as /vsizip/...
    layer: str
    crs: CRS | None
    geometry_type: str | None
    columns: tuple[str, ...]
    types: dict[str, str]  # column -> OGR's type, such as OFTInteger64; sub-type after a colon
    rows: int
    encoding: str = ""

    def batches(self, columns: list[str], geometry: bool) -> Iterator[tuple[pa.RecordBatch, pa.Array | None]]:
        """The rows in the file's order: the named columns, and the geometries as WKB. Raises ``LoadError`` when the
        file breaks off, which may be after any number of batches."""
        read = 0
        try:
            with pyogrio.raw.open_arrow(
                self.dataset,
                layer=self.layer,
                columns=columns,
                read_geometry=geometry and self.geometry_type is not None,
                batch_size=BATCH_ROWS,
                encoding=self.encoding or None,
                use_pyarrow=True,
            ) as (meta, reader):
                name = meta["geometry_name"] or "wkb_geometry"
                for batch in reader:
                    read += batch.num_rows
                    index = batch.schema.get_field_index(name) if geometry and self.geometry_type is not None else -1
                    shapes = batch.column(index) if index >= 0 else None
                    yield batch.select(columns), shapes
        except _FAULTS as error:
            raise LoadError(f"{self.path.name} cannot be read beyond row {read}: {_reason(error)}.") from error
        if read != self.rows:
            raise LoadError(
                f"{self.path.name} is damaged: it announces {counted(self.rows, 'row')}, but {read:,} can be read."
            )


def layers_of(path: Path, encoding: str = "") -> list[str]:
    """The layers of a file, each by the name that ``open_source`` takes. Raises ``LoadError`` as that does."""
    if several := dataset_of_file.members(path):
        return several
    with tempfile.TemporaryDirectory(prefix="load-") as scratch:
        dataset = dataset_of_file.find(path, "", encoding, Path(scratch))
        try:
            return [str(name) for name, _ in pyogrio.list_layers(dataset.name)]
        except _FAULTS as error:
            raise LoadError(f"{path.name} cannot be read as {dataset.kind[0]}: {_reason(error)}.") from error


@contextmanager
def open_source(path: Path, layer: str = "", encoding: str = "") -> Iterator[Source]:
    """The layer named ``layer`` of the file, or its only one; to be read inside the ``with`` block."""
    with tempfile.TemporaryDirectory(prefix="load-") as scratch:
        dataset = dataset_of_file.find(path, layer, encoding, Path(scratch))
        what, drivers = dataset.kind
        try:
            layers = [str(name) for name, _ in pyogrio.list_layers(dataset.name)]
            chosen = _choose(path, layers, dataset.layer)
            info = pyogrio.read_info(
                dataset.name, layer=chosen, encoding=dataset.encoding or None, force_feature_count=True
            )
        except _FAULTS as error:
            raise LoadError(f"{path.name} cannot be read as {what}: {_reason(error)}.") from error
        if drivers and info["driver"] not in drivers:
            raise LoadError(f"{path.name} is not {what}: its contents are {info['driver']}.")
        rows = int(info["features"])
        if dataset.look and (lost := dataset.look.lost(rows)):
            raise LoadError(
                f"{path.name} is damaged: after row {rows:,} a quotation mark is not closed ({counted(lost, 'line')})."
            )
        yield Source(
            path=path,
            dataset=dataset.name,
            layer=chosen,
            crs=_crs(info["crs"]),
            geometry_type=info["geometry_type"],
            columns=tuple(str(name) for name in info["fields"]),
            types={
                str(name): kind if sub == "OFSTNone" else f"{kind}:{sub}"
                for name, kind, sub in zip(info["fields"], info["ogr_types"], info["ogr_subtypes"], strict=True)
            },
            rows=rows,
            encoding=dataset.encoding,
        )


def _choose(path: Path, layers: list[str], wanted: str) -> str:
    if wanted:
        if wanted not in layers:
            raise LoadError(f"{path.name} has no layer {wanted!r}. It has: {', '.join(layers)}.")
        return wanted
    if not layers:
        raise LoadError(f"{path.name} has no layer.")
    if len(layers) > 1:
        raise LoadError(f"{path.name} has several layers; name one with --source-layer: {', '.join(layers)}.")
    return layers[0]


def _crs(text: str | None) -> CRS | None:
    if not text:
        return None
    try:
        return CRS.from_user_input(text)
    except ProjCRSError:
        return None  # a local or engineering system that cannot be placed on the earth


def _reason(error: BaseException) -> Any:
    """The first sentence of a GDAL or Arrow message: the rest is advice about GDAL's own options."""
    return str(error).split(";")[0].splitlines()[0].rstrip(". ")
