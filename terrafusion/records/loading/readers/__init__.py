"""Files of all formats as streams of Arrow batches. The whole file is never in memory.

``open_source`` finds the dataset and its reader. Formats without types of their own, or with cells that need not have
the type that they declare, are read here as they are stored; the others by GDAL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers import (
    dbf,
    delimited,
    esri_json,
    exported,
    faults,
    gdal,
    geojson,
    geopackage,
    json_text,
    mapinfo,
    own_csv,
    packed,
    parquet,
    shapefile,
    workbook,
    xml_text,
)
from terrafusion.records.loading.readers.base import Rows, Source
from terrafusion.records.loading.readers.exported import ExportedLayer
from terrafusion.records.loading.readers.packed import Dataset
from terrafusion.records.loading.text_form import TextForm

__all__ = ["Rows", "Source", "batches", "layers_of", "open_source"]
_NAMES = {".shp": "a Shapefile", ".gpkg": "a GeoPackage", ".kml": "KML", ".kmz": "KMZ", ".fgb": "FlatGeobuf"}
_NAMES |= {
    ".gml": "GML",
    ".xlsx": "an Excel workbook",
    ".tab": "MapInfo TAB",
    ".mif": "MapInfo MIF",
    ".dbf": "a dBASE table",
    ".dxf": "a DXF drawing",
}
_XML = (".gml", ".kml", ".kmz")
_READ_FROM_XML = (
    "Blanks round texts may not be read, an empty text is read as absent, and date-times are read to the millisecond."
)
_TILES = (".pmtiles", ".mbtiles", ".mvt")
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
def open_source(path: Path, layer: str = "", form: TextForm | None = None) -> Iterator[Source]:
    """The layer named ``layer`` of the file, or its only one; to be read inside the ``with`` block. ``form`` is the
    mapping's. Raises ``LoadError`` for a file that is not whole or not what its name says."""
    form = form or TextForm()
    with tempfile.TemporaryDirectory(prefix="load-") as scratch:
        what = "a file that can be loaded"
        try:
            dataset, layer = packed.find(path, layer, Path(scratch))
            dataset = _alone(dataset, Path(scratch))
            what = _what(dataset)
            source = _opened(path, dataset, layer, form, Path(scratch))
        except (*faults.RAISED, LoadError) as error:
            raise faults.explained(path, what, error, encoding=form.encoding) from error
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
            return [one.name for one in _exported(dataset)] or _layers(path, _alone(dataset, Path(scratch)))
        except (*faults.RAISED, LoadError) as error:
            raise faults.explained(path, what, error) from error


def batches(source: Source, columns: Sequence[str], geometry: bool) -> Generator[Rows]:
    """The rows of ``source``. Raises ``LoadError`` where the file breaks off, which may be after any of them."""
    read = 0
    try:
        for rows in source.batches(columns, geometry):
            read += rows.batch.num_rows
            yield rows
    except (*faults.RAISED, LoadError) as error:
        raise faults.explained(source.path, "", error, read) from error


def _opened(path: Path, dataset: Dataset, layer: str, form: TextForm, scratch: Path) -> Source:
    if dataset.suffix in _TILES:
        raise LoadError(
            f"{path.name} holds tiles of a map, in which shapes are cut and rounded: they are no records. Load the "
            "layer from another format, such as GeoPackage."
        )
    _check_form(path, dataset, form)
    known = {one.name: one for one in _exported(dataset)}
    chosen = _only(path, list(known) or _layers(path, dataset), layer)
    own = known.get(chosen)
    source = _read(path, dataset, own.name_in_file if own else chosen, form, own, scratch)
    if dataset.altered:
        source.note(f"The {exported.MANIFEST} beside it describes other bytes, so it is read as any other file is.")
    if own and dataset.suffix in _XML:
        source.note(_READ_FROM_XML)
    return exported.restored(source, own, blank_is_absent=dataset.suffix == ".shp") if own else source


def _exported(dataset: Dataset) -> list[ExportedLayer]:
    """The layers of an export that are in its file."""
    return list(dataset.manifest.layers_in(dataset.file)) if dataset.manifest else []


def _check_form(path: Path, dataset: Dataset, form: TextForm) -> None:
    is_text = _is_text(dataset)
    if form.encoding not in {"", "utf-8"} and not is_text and dataset.suffix not in {".shp", ".dbf"}:
        raise LoadError(f"{path.name}: an encoding can be given for CSV and Shapefiles; other files state their own.")
    if (form.delimiter or form.guarded) and not is_text:
        raise LoadError(f"{path.name}: delimiter and guarded can be given for CSV and other delimited text only.")


def _read(
    path: Path, dataset: Dataset, chosen: str, form: TextForm, own: ExportedLayer | None, scratch: Path
) -> Source:
    file, suffix, is_text = dataset.file, dataset.suffix, _is_text(dataset)
    rows = mapinfo.check_tab(path, file) if suffix == ".tab" and not is_text else None
    features = xml_text.check(path, file) if suffix in {".gml", ".kml"} else None
    if is_text:
        return own_csv.open_own_csv(path, file, own) if own else delimited.open_text(path, file, chosen, form)
    if suffix == ".shp":
        return shapefile.open_shapefile(path, file, chosen, form.encoding, scratch)
    if suffix == ".dbf":
        return dbf.open_dbf(path, file, chosen, form.encoding)
    if suffix == ".xlsx":
        return workbook.open_workbook(path, file, chosen, own=own is not None)
    if suffix == ".dxf":
        from terrafusion.records.loading.readers import dxf  # a second and a half, which all else does without

        return dxf.open_dxf(path, file, chosen, own)
    if suffix in parquet.SUFFIXES:
        return parquet.open_parquet(path, file, chosen, exact=own is not None)
    if (lines := _lines(dataset)) is not None:
        return geojson.open_geojson(path, file, chosen, lines)
    if _is_esri(dataset):
        return esri_json.open_esri(path, file, chosen)
    if suffix == ".gpkg":
        return geopackage.open_geopackage(path, file, chosen)
    source = gdal.open_gdal(path, file, chosen, frozenset(_DRIVERS.get(suffix, ())), _what(dataset))
    if suffix == ".mif":
        mapinfo.check_mif(path, file, source.rows or 0)
    if features is not None:
        features.compare(source)
    source.rows = source.rows if rows is None else rows
    return source


def _alone(dataset: Dataset, scratch: Path) -> Dataset:
    """GML where GDAL cannot write beside it."""
    if dataset.suffix != ".gml" or not dataset.file.is_file():
        return dataset
    return replace(dataset, file=gdal.alone_with_schema(dataset.file, scratch))


def _layers(path: Path, dataset: Dataset) -> list[str]:
    suffix, file = dataset.suffix, dataset.file
    if _is_text(dataset) or suffix in {".shp", ".dbf", *parquet.SUFFIXES} or _lines(dataset) is not None:
        return [dataset.stem]
    if _is_esri(dataset):
        return [dataset.stem]
    if suffix == ".xlsx":
        return workbook.layers(file)
    if suffix == ".dxf":
        from terrafusion.records.loading.readers import dxf  # as above

        return dxf.layers(path, file)
    return geopackage.layers(file) if suffix == ".gpkg" else gdal.layers(file)


def _is_esri(dataset: Dataset) -> bool:
    return dataset.suffix in geojson.SUFFIXES and json_text.is_esri(dataset.file)


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
