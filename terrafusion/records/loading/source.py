"""Any vector file or CSV, as a stream of Arrow batches. The whole file is never in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyogrio
import pyogrio.raw
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FieldError
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

from terrafusion.records.loading import shapefile
from terrafusion.records.loading.errors import LoadError

BATCH_ROWS = 10_000
_DRIVERS = {
    ".shp": ("a Shapefile", {"ESRI Shapefile"}),
    ".gpkg": ("a GeoPackage", {"GPKG"}),
    ".geojson": ("GeoJSON", {"GeoJSON", "GeoJSONSeq"}),
    ".json": ("GeoJSON", {"GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON"}),
    ".csv": ("CSV", {"CSV"}),
    ".kml": ("KML", {"KML", "LIBKML"}),
    ".kmz": ("KMZ", {"LIBKML"}),
    ".fgb": ("FlatGeobuf", {"FlatGeobuf"}),
    ".gml": ("GML", {"GML"}),
    ".tab": ("MapInfo TAB", {"MapInfo File"}),
}
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
            raise LoadError(f"{self.path.name} is damaged: it announces {self.rows} rows, but {read} can be read.")


def open_source(path: Path, layer: str = "", encoding: str = "") -> Source:
    """The layer named ``layer`` of the file, or its only one."""
    if not path.exists():
        raise LoadError(f"There is no file {path}.")
    dataset, layer = _dataset(path, layer)
    suffix = Path(dataset.removesuffix(".gz")).suffix.lower()
    what, drivers = _DRIVERS.get(suffix, ("a vector file that GDAL knows", set()))
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(dataset)]
        chosen = _choose(path, layers, layer)
        info = pyogrio.read_info(dataset, layer=chosen, encoding=encoding or None, force_feature_count=True)
    except _FAULTS as error:
        raise LoadError(f"{path.name} cannot be read as {what}: {_reason(error)}.") from error
    if drivers and info["driver"] not in drivers:
        raise LoadError(f"{path.name} is not {what}: its contents are {info['driver']}.")
    return Source(
        path=path,
        dataset=dataset,
        layer=chosen,
        crs=_crs(info["crs"]),
        geometry_type=info["geometry_type"],
        columns=tuple(str(name) for name in info["fields"]),
        types={
            str(name): kind if sub == "OFSTNone" else f"{kind}:{sub}"
            for name, kind, sub in zip(info["fields"], info["ogr_types"], info["ogr_subtypes"], strict=True)
        },
        rows=int(info["features"]),
        encoding=encoding,
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


def _dataset(path: Path, layer: str) -> tuple[str, str]:
    """GDAL's name of the dataset in ``path``, and the layer in it. A zip's files count as its layers."""
    name = str(path.resolve())
    suffix = path.suffix.lower()
    if suffix == ".zip":
        member, layer = _member(path, layer)
        return f"/vsizip/{{{name}}}/{member}", layer
    if suffix == ".shp":
        with path.open("rb") as stream:
            if stream.read(4) == b"\x00\x00\x27\x0a" or path.stat().st_size < 100:
                shapefile.check(path)
    elif suffix == ".csv":
        with path.open("rb") as stream:
            if b"\x00" in stream.read(4096):
                raise LoadError(f"{path.name} is not CSV: it holds bytes that no text has.")
    return (f"/vsigzip/{name}" if suffix == ".gz" else name), layer


def _member(path: Path, layer: str) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            if broken := archive.testzip():
                raise LoadError(f"{path.name} is damaged: {broken} in it does not match its checksum.")
            members = _datasets_in(archive)
            if not members:
                raise LoadError(f"{path.name} holds no file that can be loaded.")
            if len(members) > 1 and layer:
                members = [name for name in members if PurePosixPath(name).stem == layer]
                if not members:
                    raise LoadError(f"{path.name} has no layer {layer!r}.")
            if len(members) > 1:
                stems = ", ".join(PurePosixPath(name).stem for name in members)
                raise LoadError(f"{path.name} has several layers; name one with --source-layer: {stems}.")
            if members[0].lower().endswith(".shp"):
                shapefile.check_zipped(archive, members[0])
            return members[0], layer
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise LoadError(f"{path.name} is not a whole zip file: {error}.") from error


def _datasets_in(archive: zipfile.ZipFile) -> list[str]:
    names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    geodatabases = {name[: name.lower().index(".gdb/") + 4] for name in names if ".gdb/" in name.lower()}
    files = [name for name in names if PurePosixPath(name).suffix.lower() in _DRIVERS and ".gdb/" not in name.lower()]
    return sorted([*geodatabases, *files])


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
