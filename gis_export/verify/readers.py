"""Reads an export's files again in full, where there is one by another program than wrote them.

Text formats, which PostGIS and Arrow write, are read by GDAL, CSV by Arrow's own reader, GML by Python's; GeoPackage,
which GDAL writes, by SQLite; PMTiles, which PostGIS and Protomaps' library write, by GDAL. The other formats of GDAL,
and GeoParquet, have no second implementation among our libraries: the same library reads them, with other code than
writes.
"""

from __future__ import annotations

import re
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from gis_export.formats import xlsx
from gis_export.verify.found import Found, Told

_ROWS = 20_000
_ENVELOPES = {
    0: 0,
    1: 32,
    2: 48,
    3: 48,
    4: 64,
}  # bytes, of the header of a GeoPackage's geometry (OGC 12-128r19, 2.1.3)
_GML = "{http://www.opengis.net/gml/3.2}"


def _gdal(path: Path, told: Told, layer: str | None = None) -> Found:
    import pyogrio
    import pyogrio.raw

    found = Found()
    with warnings.catch_warnings(action="ignore"):  # of numbers at the end of their range, which are tested
        # A field without any value has no column in some formats.
        fields = set(pyogrio.read_info(path, layer=layer)["fields"])
        columns = [name for name in told.sums.values() if name in fields]
        options = {"layer": layer, "columns": columns, "batch_size": _ROWS, "use_pyarrow": True}
        with pyogrio.raw.open_arrow(path, **options) as (meta, rows):
            geometry = meta["geometry_name"] or "wkb_geometry"
            for batch in rows:
                found.records += batch.num_rows
                shapes = shapely.from_wkb(batch.column(geometry).to_numpy(zero_copy_only=False))
                found.add(shapes, _named(batch, told))
    return found


def _named(batch: pa.RecordBatch, told: Told) -> dict[str, Any]:
    there = set(batch.schema.names)
    return {name: batch.column(column) for name, column in told.sums.items() if column in there}


def _one_layer(path: Path, told: Told) -> Found:
    return _gdal(path, told)


def _sequence(path: Path, told: Told) -> Found:
    """GDAL knows a sequence by its first feature; one of none is an empty file."""
    return _gdal(path, told) if path.stat().st_size else Found()


def _several_layers(path: Path, told: Told) -> Found:
    return _gdal(path, told, told.layer)


def _geopackage(path: Path, told: Told) -> Found:
    found = Found()
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as file:
        query = "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?"
        (geometry,) = file.execute(query, [told.layer]).fetchone()
        names = ", ".join(f'"{name}"' for name in [geometry, *told.sums.values()])
        rows = file.execute(f'SELECT {names} FROM "{told.layer}"')
        while batch := rows.fetchmany(_ROWS):
            blobs, *columns = zip(*batch, strict=True)
            found.records += len(batch)
            shapes = shapely.from_wkb(np.array([blob and _wkb(blob) for blob in blobs], dtype=object))
            found.add(shapes, {name: pa.array(column) for name, column in zip(told.sums, columns, strict=True)})
    file.close()
    return found


def _wkb(blob: bytes) -> bytes:
    return blob[8 + _ENVELOPES[blob[3] >> 1 & 7] :]


def _csv(path: Path, told: Told) -> Found:
    from pyarrow import csv

    with path.open(encoding="utf-8", newline="") as file:
        heads = next(_cells(file))
    # The geometry is the last column, if its name begins so; a field of that name has another behind it.
    geometry = heads[-1] if told.options.get("geometry", "wkt") == "wkt" else None
    found = Found(area=None if geometry is None else 0.0)
    types = {name: pa.float64() for name in told.sums.values()}
    with csv.open_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False, block_size=16 << 20),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types={name: types.get(name, pa.string()) for name in heads}),
    ) as batches:
        for batch in batches:
            found.records += batch.num_rows
            shapes = None
            if geometry is not None:
                texts = [text or None for text in batch.column(geometry).to_pylist()]
                shapes = shapely.from_wkt(np.array(texts, dtype=object))
            found.add(shapes, _named(batch, told))
    return found


def _cells(file: Iterable[str]) -> Iterator[list[str]]:
    import csv

    return csv.reader(file)


def _flatgeobuf(path: Path, told: Told) -> Found:
    found = _gdal(path, told)
    beside = path.with_name(f"{path.stem}_without_geometry.csv")
    return found + _csv(beside, told) if beside.exists() else found


def _geoparquet(path: Path, told: Told) -> Found:
    import json

    import pyarrow.parquet as pq

    found = Found()
    with pq.ParquetFile(path) as file:
        geometry = json.loads(file.metadata.metadata[b"geo"])["primary_column"]
        for batch in file.iter_batches(_ROWS, columns=[geometry, *told.sums.values()]):
            found.records += batch.num_rows
            wkb = batch.column(geometry).to_numpy(zero_copy_only=False)
            found.add(shapely.from_wkb(wkb), _named(batch, told))
    return found


def _kmz(path: Path, told: Told) -> Found:
    """GDAL takes all fields of a KMZ for texts."""
    with TemporaryDirectory(prefix="kmz-") as folder, zipfile.ZipFile(path) as archive:
        return _several_layers(Path(archive.extract("doc.kml", folder)), told)


def _tiles(path: Path, told: Told) -> Found:
    """The highest zoom. GDAL's reader cuts records at the edges of the tiles; the pieces of one bear its number."""
    import pyogrio
    import pyogrio.raw

    found = Found()
    numbers: list[Any] = []
    values: dict[str, list[Any]] = {name: [] for name in told.sums}
    with warnings.catch_warnings(action="ignore"):  # of whole numbers that a double does not hold exactly
        fields = set(pyogrio.read_info(path, layer=told.layer)["fields"])
        if "mvt_id" not in fields:  # an archive of nothing
            return found
        columns = ["mvt_id", *(name for name in told.sums.values() if name in fields)]
        options = {"layer": told.layer, "columns": columns, "batch_size": _ROWS, "use_pyarrow": True}
        with pyogrio.raw.open_arrow(path, **options) as (meta, rows):
            geometry = meta["geometry_name"] or "wkb_geometry"
            for batch in rows:
                numbers.append(batch.column("mvt_id"))
                for name, column in _named(batch, told).items():
                    values[name].append(column)
                found.add(shapely.from_wkb(batch.column(geometry).to_numpy(zero_copy_only=False)), {})
    if numbers:
        _, first = np.unique(np.concatenate([part.to_numpy() for part in numbers]), return_index=True)
        found.records = len(first)
        found.sums = {
            name: float(pc.sum(pa.chunked_array(parts).take(pa.array(first))).as_py() or 0)
            for name, parts in values.items()
            if parts
        }
    return found


def _workbook(path: Path, told: Told) -> Found:
    """The layer's sheet, and those in which it goes on, which are named like it with a number."""
    import pyogrio
    import pyogrio.raw

    found = Found()
    with warnings.catch_warnings(action="ignore"):
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        further = re.compile(rf"{re.escape(told.layer[: xlsx.NAME_LENGTH - 4])} \(\d+\)")
        for name in [name for name in names if name == told.layer or further.fullmatch(name)]:
            meta, _, _, columns = pyogrio.raw.read(path, layer=name, read_geometry=False)
            if len(columns[0]) == 1 and list(meta["fields"]) == [f"Field{i + 1}" for i in range(len(columns))]:
                continue  # GDAL takes the head of a sheet without records for one
            values = dict(zip(meta["fields"], columns, strict=True))
            texts = values[meta["fields"][-1]] if told.options.get("geometry", "wkt") == "wkt" else None
            found.records += len(columns[0])
            sums = {total: pa.array(values[there], from_pandas=True) for total, there in told.sums.items()}
            found.add(None if texts is None else shapely.from_wkt([text or None for text in texts]), sums)
    return found


def _gml(path: Path, told: Told) -> Found:
    """GDAL's reader takes surfaces for curved ones, which our binding to it refuses."""
    from xml.etree.ElementTree import iterparse

    found = Found()
    waiting: list[Any] = []

    def flush() -> None:
        columns = {
            name: pa.array([values.get(column) for _, values in waiting], pa.float64())
            for name, column in told.sums.items()
        }
        found.records += len(waiting)
        found.add(np.array([shape for shape, _ in waiting], dtype=object), columns)
        waiting.clear()

    for _, element in iterparse(path):  # noqa: S314 - expat expands no entities of other files, and has limits
        if not element.tag.endswith("}featureMember"):
            continue
        if element[0].tag.endswith(f"}}{told.layer}"):
            numbers = {child.tag.partition("}")[2]: child for child in element[0]}
            values = {name: float(numbers[name].text or 0) for name in told.sums.values() if name in numbers}
            waiting.append((_gml_shape(element[0]), values))
        element.clear()
        if len(waiting) == _ROWS:
            flush()
    flush()
    return found


def _gml_shape(feature: Any) -> Any:
    """The parts of the feature's geometry, in the order of the axes of its CRS."""
    parts = []
    for polygon in feature.iter(f"{_GML}Polygon"):
        shell, *holes = (_positions(ring) for ring in polygon.iter(f"{_GML}posList"))
        parts.append(shapely.Polygon(shell, holes))
    if not parts:
        parts = [shapely.LineString(_positions(line)) for line in feature.iter(f"{_GML}posList")]
    if not parts:
        parts = [shapely.Point(_positions(point)) for point in feature.iter(f"{_GML}pos")]
    return shapely.GeometryCollection(parts) if parts else None


def _positions(element: Any) -> Any:
    return np.array((element.text or "").split(), dtype=float).reshape(-1, 2)


def _drawing(path: Path, told: Told) -> Found:
    """The table beside the drawing: its lines are not put together to shapes again."""
    return _csv(path.with_name(f"{told.layer}.csv"), Told(told.layer, told.sums, {"geometry": "none"}))


READERS: dict[str, Callable[[Path, Told], Found]] = {
    "CSV": _csv,
    "DXF": _drawing,
    "FileGDB": _several_layers,
    "FlatGeobuf": _flatgeobuf,
    "GeoJSON": _one_layer,
    "GeoJSONSeq": _sequence,
    "GeoPackage": _geopackage,
    "GeoParquet": _geoparquet,
    "GML": _gml,
    "KML": _several_layers,
    "KMZ": _kmz,
    "PMTiles": _tiles,
    "Shapefile": _one_layer,
    "TAB": _one_layer,
    "XLSX": _workbook,
}
