"""Files of all formats as streams of Arrow batches. The whole file is never in memory.

``open_source`` finds the dataset and its reader. Formats without types of their own, or with cells that need not have
the type that they declare, are read here as they are stored; the others by GDAL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from xml.parsers import expat

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers import (
    dbf,
    delimited,
    faults,
    gdal,
    geojson,
    geopackage,
    json_text,
    mapinfo,
    packed,
    parquet,
    shapefile,
    workbook,
)
from terrafusion.records.loading.readers.base import Rows, Source
from terrafusion.records.loading.readers.packed import Dataset

__all__ = ["Rows", "Source", "batches", "layers_of", "open_source"]
_NAMES = {".shp": "a Shapefile", ".gpkg": "a GeoPackage", ".kml": "KML", ".kmz": "KMZ", ".fgb": "FlatGeobuf"}
_NAMES |= {
    ".gml": "GML",
    ".xlsx": "an Excel workbook",
    ".tab": "MapInfo TAB",
    ".mif": "MapInfo MIF",
    ".dbf": "a dBASE table",
}
_NAMES |= dict.fromkeys(parquet.SUFFIXES, "Parquet")
_DRIVERS = {
    ".kml": {"KML", "LIBKML"},
    ".kmz": {"LIBKML"},
    ".fgb": {"FlatGeobuf"},
    ".gml": {"GML"},
    ".tab": {"MapInfo File"},
    ".mif": {"MapInfo File"},
}


@contextmanager
def open_source(path: Path, layer: str = "", encoding: str = "") -> Iterator[Source]:
    """The layer named ``layer`` of the file, or its only one; to be read inside the ``with`` block. ``encoding`` is
    the mapping's. Raises ``LoadError`` for a file that is not whole or not what its name says."""
    with tempfile.TemporaryDirectory(prefix="load-") as scratch:
        what = "a file that can be loaded"
        try:
            dataset, layer = packed.find(path, layer, Path(scratch))
            dataset = _alone(dataset, Path(scratch))
            what = _what(dataset)
            source = _opened(path, dataset, layer, encoding, Path(scratch))
        except (*faults.RAISED, LoadError) as error:
            raise faults.explained(path, what, error, encoding=encoding) from error
        yield source


def layers_of(path: Path) -> list[str]:
    """The layers of a file, each by the name that ``open_source`` takes. Raises ``LoadError`` as that does."""
    with tempfile.TemporaryDirectory(prefix="load-") as scratch:
        what = "a file that can be loaded"
        try:
            if len(several := packed.names(path)) > 1:
                return several
            dataset, _ = packed.find(path, "", Path(scratch))
            what = _what(dataset)
            return _layers(_alone(dataset, Path(scratch)))
        except (*faults.RAISED, LoadError) as error:
            raise faults.explained(path, what, error) from error


def batches(source: Source, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
    """The rows of ``source``. Raises ``LoadError`` where the file breaks off, which may be after any of them."""
    read = 0
    try:
        for rows in source.batches(columns, geometry):
            read += rows.batch.num_rows
            yield rows
    except (*faults.RAISED, LoadError) as error:
        raise faults.explained(source.path, "", error, read) from error


def _opened(path: Path, dataset: Dataset, layer: str, encoding: str, scratch: Path) -> Source:
    file, suffix, is_text = dataset.file, dataset.suffix, _is_text(dataset)
    if encoding not in {"", "utf-8"} and not is_text and suffix not in {".shp", ".dbf"}:
        raise LoadError(f"{path.name}: an encoding can be given for CSV and Shapefiles; other files state their own.")
    rows = mapinfo.check_tab(path, file) if suffix == ".tab" and not is_text else None
    if suffix in {".gml", ".kml"}:
        _check_xml(path, file)
    chosen = _only(path, _layers(dataset), layer)
    if is_text:
        return delimited.open_text(path, file, chosen, encoding)
    if suffix == ".shp":
        return shapefile.open_shapefile(path, file, chosen, encoding, scratch)
    if suffix == ".dbf":
        return dbf.open_dbf(path, file, chosen, encoding)
    if suffix == ".xlsx":
        return workbook.open_workbook(path, file, chosen)
    if suffix in parquet.SUFFIXES:
        return parquet.open_parquet(path, file, chosen)
    if (lines := _lines(dataset)) is not None:
        return geojson.open_geojson(path, file, chosen, lines)
    if suffix == ".gpkg":
        return geopackage.open_geopackage(path, file, chosen)
    source = gdal.open_gdal(path, file, chosen, frozenset(_DRIVERS.get(suffix, ())), _what(dataset))
    if suffix == ".mif":
        mapinfo.check_mif(path, file, source.rows or 0)
    source.rows = source.rows if rows is None else rows
    return source


def _check_xml(path: Path, file: Path) -> None:
    """GDAL takes what it has read of a document that breaks off for all of it."""
    try:
        with file.open("rb") as stream:
            expat.ParserCreate().ParseFile(stream)
    except expat.ExpatError as error:
        raise LoadError(f"{path.name} is damaged: {error}. Ask for the file again.") from None


def _alone(dataset: Dataset, scratch: Path) -> Dataset:
    """GML where GDAL cannot write beside it."""
    if dataset.suffix != ".gml" or not dataset.file.is_file():
        return dataset
    return replace(dataset, file=gdal.without_schema(dataset.file, scratch))


def _layers(dataset: Dataset) -> list[str]:
    if _is_text(dataset) or dataset.suffix in {".shp", ".dbf", *parquet.SUFFIXES} or _lines(dataset) is not None:
        return [dataset.stem]
    if dataset.suffix == ".xlsx":
        return workbook.layers(dataset.file)
    return geopackage.layers(dataset.file) if dataset.suffix == ".gpkg" else gdal.layers(dataset.file)


def _lines(dataset: Dataset) -> bool | None:
    """Whether a file of GeoJSON has a feature to a line; None for other files."""
    return json_text.is_features(dataset.file) if dataset.file.is_file() else None


def _is_text(dataset: Dataset) -> bool:
    if dataset.suffix == ".tab" and mapinfo.is_tab(dataset.file):
        return False
    return dataset.suffix in delimited.SUFFIXES


def _what(dataset: Dataset) -> str:
    if _is_text(dataset):
        return "CSV" if dataset.suffix == ".csv" else "delimited text"
    if dataset.suffix in geojson.SUFFIXES:
        return "GeoJSON"
    return _NAMES.get(dataset.suffix, "a vector file that GDAL knows")


def _only(path: Path, layers: list[str], wanted: str) -> str:
    if wanted:
        if wanted not in layers:
            raise LoadError(f"{path.name} has no layer {wanted!r}. It has: {', '.join(layers)}.")
        return wanted
    if not layers:
        raise LoadError(f"{path.name} has no layer.")
    if len(layers) > 1:
        raise LoadError(f"{path.name} has several layers; name one with --source-layer: {', '.join(layers)}.")
    return layers[0]
