"""Where GDAL finds the dataset in a file, and whether the file is whole: of a part, GDAL makes fewer features."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from terrafusion.records.loading import csv_text, shapefile
from terrafusion.records.loading.csv_text import Look
from terrafusion.records.loading.errors import LoadError

DRIVERS = {
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
_ANY = ("a vector file that GDAL knows", set[str]())


@dataclass(frozen=True)
class Dataset:
    """``name`` is GDAL's. ``suffix`` is of the file itself, without that of its packing. ``look`` is of a CSV only.
    ``encoding`` is what GDAL is given."""

    name: str
    suffix: str
    layer: str
    encoding: str = ""
    look: Look | None = None

    @property
    def kind(self) -> tuple[str, set[str]]:
        """What a file of this suffix is called, and the drivers that read one."""
        return DRIVERS.get(self.suffix, _ANY)


def find(path: Path, layer: str, encoding: str, scratch: Path) -> Dataset:
    """The dataset in ``path``; a zip's files count as its layers. ``scratch`` is a folder for a CSV in another
    encoding than UTF-8. Raises ``LoadError`` for a file that is not whole."""
    if not path.exists():
        raise LoadError(f"There is no file {path}.")
    member = ""
    if path.suffix.lower() == ".zip":
        member, layer = _member(path, layer)
    elif path.is_dir():
        for part in sorted(path.iterdir()):
            if part.suffix.lower() == ".shp":
                shapefile.check(part)
    packed = path.suffix.lower() == ".gz"
    inner = PurePosixPath(member or (path.stem if packed else path.name))
    suffix = inner.suffix.lower()
    other = encoding not in {"", "utf-8"}
    if other and suffix not in {".csv", ".shp"}:
        raise LoadError(f"{path.name}: an encoding can be given for CSV and Shapefiles; other files state their own.")
    name = str(path.resolve())
    name = f"/vsizip/{{{name}}}/{member}" if member else f"/vsigzip/{name}" if packed else name
    look = None
    if suffix == ".csv":
        if other:
            name = str(scratch / inner.name)
            with _opened(path, member) as stream:
                csv_text.recode(path.name, stream, encoding, Path(name))
        with Path(name).open("rb") if other else _opened(path, member) as stream:
            look = csv_text.look(path.name, stream)
        encoding = ""
    elif packed:
        with _opened(path, member) as stream:
            while stream.read(1 << 20):
                pass
    elif suffix == ".shp" and not member:
        with path.open("rb") as stream:
            if stream.read(4) == b"\x00\x00\x27\x0a" or path.stat().st_size < 100:
                shapefile.check(path)
    return Dataset(name, suffix, layer, encoding, look)


def members(path: Path) -> list[str]:
    """The files in a zip that holds more than one to load, each by its name without its suffix."""
    if path.suffix.lower() != ".zip" or not path.exists():
        return []
    with _archive(path) as archive:
        found = [PurePosixPath(name).stem for name in _datasets_in(archive)]
    return found if len(found) > 1 else []


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise LoadError(f"{path.name} is not a whole zip file: {error}.") from error


@contextmanager
def _opened(path: Path, member: str) -> Iterator[IO[bytes]]:
    """The file's bytes, out of their packing."""
    try:
        if member:
            with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
                yield stream
        else:
            packed = path.suffix.lower() == ".gz"
            with cast("IO[bytes]", gzip.open(path) if packed else path.open("rb")) as stream:
                yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LoadError(f"{path.name} is not a whole gzip file: {str(error).rstrip('.')}.") from error
    except OSError as error:
        raise LoadError(f"{path.name} cannot be read: {error.strerror}.") from error


def _member(path: Path, layer: str) -> tuple[str, str]:
    with _archive(path) as archive:
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


def _datasets_in(archive: zipfile.ZipFile) -> list[str]:
    names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    geodatabases = {name[: name.lower().index(".gdb/") + 4] for name in names if ".gdb/" in name.lower()}
    files = [name for name in names if PurePosixPath(name).suffix.lower() in DRIVERS and ".gdb/" not in name.lower()]
    return sorted([*geodatabases, *files])
