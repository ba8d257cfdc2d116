"""Where the dataset in a file is: zips, folders and gzip are unpacked into a scratch folder, under plain names."""

from __future__ import annotations

import gzip
import re
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers import exported
from terrafusion.records.loading.readers.exported import Manifest
from terrafusion.words import counted, unknown

_DATASETS = frozenset(
    (".shp", ".gpkg", ".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".csv", ".kml", ".kmz", ".fgb", ".gml")
)
_DATASETS |= {".tab", ".mif", ".parquet", ".geoparquet", ".pq", ".dxf", ".pmtiles"}
_TABLES = frozenset((".txt", ".dsv", ".tsv", ".psv", ".dbf", ".xlsx"))  # are datasets where there is none of the others
_ABOUT = re.compile(r"read_?me|licen[cs]e|metadata|manifest|copyright", re.IGNORECASE)
_PACKED = frozenset((".zip", ".gz"))
_METHODS = {9: "Deflate64", 6: "Implode", 95: "XZ", 93: "Zstandard", 98: "PPMd", 99: "AES encryption"}
_MAX_DEPTH = 3
_PLAIN = re.compile(r"[^\w. -]")
_REPACK = "Unpack it and pack it again with the usual method, such as: zip -r again.zip FOLDER"


@dataclass(frozen=True)
class Dataset:
    """``file`` can be opened by its name. ``stem`` is the name that the user knows it by. ``inside``: it was packed.
    ``manifest`` is that of the export that it is a part of, as it was written; ``altered``: it has another content."""

    file: Path
    stem: str
    inside: bool
    manifest: Manifest | None = None
    altered: bool = False

    @property
    def suffix(self) -> str:
        return self.file.suffix.lower()


def find(path: Path, layer: str, scratch: Path, depth: int = 0) -> tuple[Dataset, str]:
    """The dataset in ``path``, and the layer of it that is wanted; files in a zip or a folder count as layers."""
    if not path.exists():
        raise LoadError(f"There is no file {path}.")
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return _in_zip(path, layer, scratch, depth)
    if suffix == ".gz":
        target = scratch / _plain(path.stem)
        _room(path, path.stat().st_size, scratch)
        with gzip.open(path) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out, 1 << 20)
        return Dataset(target, Path(path.stem).stem, True), layer
    if path.is_dir() and suffix != ".gdb":
        manifest = exported.beside(path)
        chosen, layer = _choose(path, _layered(_inside(path), manifest), layer)
        file = path / chosen
        return _described(Dataset(_plainly(file, scratch), file.stem, True), file, manifest), layer
    return _described(Dataset(_plainly(path, scratch), path.stem, False), path, exported.beside(path.parent)), layer


def _in_zip(path: Path, layer: str, scratch: Path, depth: int) -> tuple[Dataset, str]:
    with zipfile.ZipFile(path) as archive:
        members = _members(archive)
        manifest = _manifest(archive, members)
        chosen, layer = _choose(path, _layered(members, manifest), layer, nested=depth < _MAX_DEPTH)
        parts = [name for name in members if _belongs(name, chosen)]
        _refuse_methods(path, [members[name] for name in parts])
        _room(path, sum(members[name].file_size for name in parts), scratch)
        folder = scratch / f"unpacked{depth}"
        folder.mkdir()
        for name in parts:
            target = folder / _target(name, chosen)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(members[name]) as packed, target.open("wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
    file = folder / _target(chosen, chosen)
    if file.suffix in _PACKED:
        return find(file, layer, scratch, depth + 1)
    return _described(Dataset(file, PurePosixPath(chosen).stem, True), file, manifest), layer


def _manifest(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Manifest | None:
    info = members.get(exported.MANIFEST)
    readable = info is not None and not info.flag_bits & 1 and info.file_size < exported.MAX_BYTES
    return exported.read(archive.read(info)) if info is not None and readable else None


def _layered(names: Iterable[str], manifest: Manifest | None) -> list[str]:
    """Of an export only what its layers are in, without what stands beside them."""
    names = list(names)
    layered = [name for name in names if manifest and PurePosixPath(name).parts[0] in manifest.layers]
    return layered or names


def _described(dataset: Dataset, file: Path, manifest: Manifest | None) -> Dataset:
    """``file`` is the dataset under its own name."""
    if manifest is None or not manifest.layers_in(file):
        return dataset
    known = manifest.describes(file)
    return replace(dataset, manifest=manifest if known else None, altered=not known)


def names(path: Path) -> list[str]:
    """What the datasets in a zip or a folder are called; empty for other files."""
    if path.suffix.lower() == ".zip" and path.exists():
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            return _shown(_candidates(_layered(members, _manifest(archive, members)), nested=True))
    if not path.is_dir() or path.suffix.lower() == ".gdb":
        return []
    return _shown(_candidates(_layered(_inside(path), exported.beside(path))))


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files by their names, with slashes."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    return {name: info for info in infos if not (name := info.filename.replace("\\", "/")).startswith("__MACOSX/")}


def _inside(folder: Path) -> list[str]:
    members = [one for pattern in ("*", "*.[gG][dD][bB]/*") for one in folder.glob(pattern) if one.is_file()]
    return [str(one.relative_to(folder)) for one in sorted(members)]


def _candidates(names: list[str], nested: bool = False) -> list[str]:
    """The main files of datasets (of a geodatabase the folder): tables only where there is nothing else, and packed
    files where there are no tables."""
    names = [name for name in names if not PurePosixPath(name).name.startswith(".")]
    candidates = sorted({name[: name.lower().index(".gdb/") + 4] for name in names if ".gdb/" in name.lower()})
    outside = [name for name in names if ".gdb/" not in name.lower()]
    suffixes = {name: PurePosixPath(name).suffix.lower() for name in outside}
    candidates += sorted(name for name in outside if suffixes[name] in _DATASETS)
    candidates = [name for name in candidates if not _ABOUT.match(PurePosixPath(name).stem)] or candidates
    if not candidates:
        candidates = sorted(n for n in outside if suffixes[n] in _TABLES and not _ABOUT.match(PurePosixPath(n).stem))
    if not candidates and nested:
        candidates = sorted(name for name in outside if suffixes[name] in _PACKED)
    return candidates


def _shown(datasets: list[str]) -> list[str]:
    """By their stems where these differ."""
    stems = [PurePosixPath(name).stem for name in datasets]
    return stems if len(set(stems)) == len(stems) else [PurePosixPath(name).name for name in datasets]


def _choose(path: Path, names: list[str], layer: str, nested: bool = False) -> tuple[str, str]:
    """The name of the dataset's main file, and the layer that is still to be chosen in it."""
    datasets = _candidates(names, nested)
    if not datasets:
        held = ", ".join(names[:5]) or "nothing"
        raise LoadError(f"{path.name} holds no file that can be loaded. It holds: {held}.")
    if len(datasets) > 1 and layer:
        wanted = [name for name in datasets if layer in {PurePosixPath(name).stem, PurePosixPath(name).name, name}]
        if not wanted:
            raise LoadError(f"{path.name} has no such layer. {unknown('layer', layer, available=_shown(datasets))}")
        datasets, layer = wanted, ""
    if len(datasets) > 1:
        raise LoadError(f"{path.name} has several layers; name one with --source-layer: {', '.join(_shown(datasets))}.")
    return datasets[0], layer


def _belongs(name: str, chosen: str) -> bool:
    """Whether the file is a part of the chosen dataset: in its folder, or beside it under its stem."""
    if chosen.lower().endswith(".gdb"):
        return name.startswith(f"{chosen}/")
    one, other = PurePosixPath(name), PurePosixPath(chosen)
    if _is_table_of_drawing(one, other):
        return True
    return one.parent == other.parent and one.stem.casefold() == other.stem.casefold()


def _target(name: str, chosen: str) -> str:
    """All parts get one stem and small suffixes, as programs look for them."""
    if chosen.lower().endswith(".gdb"):
        inner = PurePosixPath(name.removeprefix(chosen)).name
        return f"{_plain(PurePosixPath(chosen).stem)}.gdb/{inner}".rstrip("/")
    one, other = PurePosixPath(name), PurePosixPath(chosen)
    stem = one.stem if _is_table_of_drawing(one, other) else other.stem
    return f"{_plain(stem)}{one.suffix.lower()}"


def _is_table_of_drawing(one: PurePosixPath, drawing: PurePosixPath) -> bool:
    """Our own drawings have their attributes in a CSV of each layer."""
    return drawing.suffix.lower() == ".dxf" and one.suffix.lower() == ".csv" and one.parent == drawing.parent


def _plainly(file: Path, scratch: Path) -> Path:
    """The file itself, or links to it and its parts where GDAL would read its name as more than a name."""
    if not _PLAIN.search(file.name) and "!" not in str(file.resolve()):
        return file.resolve()
    folder = scratch / "linked"
    folder.mkdir()
    for one in file.parent.iterdir():
        if one.stem.casefold() == file.stem.casefold():
            (folder / f"{_plain(file.stem)}{one.suffix.lower()}").symlink_to(one.resolve())
    return folder / f"{_plain(file.stem)}{file.suffix.lower()}"


def _plain(name: str) -> str:
    return _PLAIN.sub("_", name) or "data"


def _refuse_methods(path: Path, members: list[zipfile.ZipInfo]) -> None:
    for info in members:
        if info.flag_bits & 1:
            raise LoadError(f"{path.name} is encrypted. Unpack it with its password and pack it again without one.")
        known = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
        if info.compress_type not in known:
            method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
            raise LoadError(f"{path.name} is packed with {method}, which cannot be unpacked here. {_REPACK}.")


def _room(path: Path, size: int, scratch: Path) -> None:
    free = shutil.disk_usage(scratch).free
    if size > free:
        raise LoadError(
            f"{path.name} cannot be unpacked: it needs {counted(size, 'byte')}, and {scratch.parent} has "
            f"{free:,} free. Set TMPDIR to a folder with more."
        )
