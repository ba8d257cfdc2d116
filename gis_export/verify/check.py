"""The checks, and their report."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.storage import default_storage

from gis_export.formats import registry, tile_sql
from gis_export.formats.base import BOUNDARY_FORMAT
from gis_export.models import GisExportJob
from gis_export.verify import database
from gis_export.verify.found import Found, Told
from gis_export.verify.package import NotOurs, Package, open_package
from gis_export.verify.readers import READERS
from gis_export.writer.package import sha256
from terrafusion.words import counted

_RELATIVE = 1e-9
# How far a coordinate may be from the database's, where it is not half the last decimal: half the cell of a grid.
_FILEGDB_GRIDS = (1e-9, 1e-4)  # of degrees, and of the units of a projected CRS
_TAB_CELLS = 1e9  # at least, of the extent
# Formats that leave out records without a geometry.
_SHAPES_ONLY = frozenset({"PMTiles"})


@dataclass
class Report:
    """``differences`` are what is wrong; ``checked`` and ``skipped`` say in words what was, and was not, looked at."""

    checked: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def check_job(job: GisExportJob) -> Report:
    """The stored result of a job. Raises ``NotOurs`` where there is none."""
    if not job.result_file:
        raise NotOurs(f"The job {job.pk} is {job.status}, and has no file.")
    if not default_storage.exists(job.result_file):
        raise NotOurs(f"The file of the job {job.pk}, {job.result_file}, is not in storage.")
    with TemporaryDirectory(prefix="verify-") as folder:
        path = Path(folder) / Path(job.result_file).name
        with default_storage.open(job.result_file) as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        return _check(open_package(path, Path(folder) / "members", job))


def check_file(path: Path) -> Report:
    """Any file, by its manifest or by the job that made it. Raises ``NotOurs``."""
    with TemporaryDirectory(prefix="verify-") as folder:
        return _check(open_package(path, Path(folder)))


def _check(package: Package) -> Report:
    report = Report()
    job, manifest = package.job, package.manifest
    if job is not None:
        report.checked.append(f"The file is compared with the job {job.pk}.")
        if package.sha256 != job.result_file_sha256:
            report.differences.append(f"SHA-256 is {package.sha256}, and the job wrote {job.result_file_sha256}.")
    report.differences += _files(package)
    report.checked.append(f"SHA-256 and size of {counted(len(manifest['files']), 'file')}.")
    for layer, export_format in _layers(manifest):
        _layer(package, layer, export_format, report)
    told, differences = database.compare(manifest, job)
    (report.skipped if told else report.checked).append(
        told or "Counts, areas and totals of the database as it is now."
    )
    report.differences += differences
    return report


def _files(package: Package) -> Iterator[str]:
    told = {file["name"]: file for file in package.manifest["files"]}
    for name, file in told.items():
        path = package.files.get(name)
        if path is None:
            yield f"{name} is missing."
        elif path.stat().st_size != file["bytes"]:
            yield f"{name} has {counted(path.stat().st_size, 'byte')}, and {file['bytes']:,} were written."
        elif (found := sha256(path)) != file["sha256"]:
            yield f"{name}: SHA-256 is {found}, and {file['sha256']} was written."
    yield from (f"{name} is not of the export." for name in package.files if name not in told)


def _layers(manifest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each layer, and the boundary, with its format."""
    files = {layer["file"] for layer in manifest["layers"]}
    for layer in manifest["layers"]:
        yield layer, manifest["format"]
    if boundary := manifest.get("area_of_interest"):
        yield boundary, manifest["format"] if boundary["file"] in files else BOUNDARY_FORMAT


def _layer(package: Package, layer: dict[str, Any], export_format: str, report: Report) -> None:
    name = layer["layer"]
    reader = READERS[export_format]
    paths = _places(package, layer["file"], export_format)
    if not paths:
        report.differences.append(f"{name}: {layer['file']} is missing.")
        return
    options = package.manifest["request"]["resolved"].get("options", {}) if export_format != "GeoJSON" else {}
    try:
        told = Told.of(layer, options)
        found = reduce(add, (reader(path, told) for path in paths))
    except Exception as error:  # each library has its own errors; a file that cannot be read is what is looked for
        report.differences.append(f"{name}: {layer['file']} cannot be read: {error}")
        return
    report.differences += _compared(layer, found, export_format, package.manifest)
    shapes = "" if found.area is not None else "; shapes were not compared"
    if _left_out(layer, export_format) and layer["reconciliation"]["source"]["sums"]:
        report.skipped.append(f"{name}: totals were not compared, for records without a geometry are not in the file.")
    report.checked.append(f"{name}: {counted(found.records, 'record')} of {layer['file']} read again{shapes}.")


def _places(package: Package, file: str, export_format: str) -> list[Path]:
    """The file of a layer, the folder that a geodatabase is, or the files of a dataset."""
    if file in package.files:
        return [package.files[file]]
    inside = {name: path for name, path in package.files.items() if name.startswith(f"{file.rstrip('/')}/")}
    if file.endswith("/"):
        suffix = f".{registry.get(export_format).extension}"
        return [path for name, path in inside.items() if name.endswith(suffix)]
    return list(dict.fromkeys(path.parent for path in inside.values()))


def _compared(layer: dict[str, Any], found: Found, export_format: str, manifest: dict[str, Any]) -> Iterator[str]:
    name, wanted = layer["layer"], layer["reconciliation"]["source"]
    left_out = _left_out(layer, export_format)
    further = (
        sum(loss["count"] or 0 for loss in layer["losses"] if loss["kind"] == "split") if export_format == "TAB" else 0
    )
    written = wanted["records"] + further - left_out
    if found.records != written:
        yield f"{name}: {counted(found.records, 'record')} in the file, and {written:,} were written."
    for total, value in wanted["sums"].items() if not left_out else ():
        got = found.sums.get(total, 0.0)
        if not math.isclose(got, value, rel_tol=_RELATIVE):
            yield f"{name}: {total} adds up to {got:,} in the file, and to {value:,} when written."
    if found.area is None:
        return
    without = wanted["without_geometry"] - left_out
    if found.without_geometry != without:
        yield (
            f"{name}: {counted(found.without_geometry, 'record')} in the file without geometry, and {without:,} when "
            "written."
        )
    off = _off(layer, export_format, manifest)
    # Each edge may be moved by so much, in both directions.
    allowed = 2 * off * found.perimeter + _RELATIVE * max(abs(wanted["area"]), abs(found.area))
    if abs(found.area - wanted["area"]) > allowed:
        yield f"{name}: the area is {found.area!r} in the file, and was {wanted['area']!r}, in {_unit(layer)}."


def _off(layer: dict[str, Any], export_format: str, manifest: dict[str, Any]) -> float:
    """The most that a coordinate of the file is away from the database's."""
    usual = registry.get(export_format).decimals
    if usual is not None:
        asked: int | None = manifest["request"]["resolved"].get("precision")
        return float(0.5 * 10.0 ** -(usual if asked is None else asked))
    if export_format == "FileGDB":
        import pyproj

        return _FILEGDB_GRIDS[pyproj.CRS(layer["crs"]).is_projected] / 2
    if export_format == "TAB" and layer["extent"]:
        xmin, ymin, xmax, ymax = layer["extent"]
        return float(max(xmax - xmin, ymax - ymin) / _TAB_CELLS)
    if export_format == "PMTiles":
        zoom: int = manifest["request"]["resolved"]["options"]["max_zoom"]
        return tile_sql.WORLD / (1 << zoom) / tile_sql.GRID / 2
    return 0.0


def _left_out(layer: dict[str, Any], export_format: str) -> int:
    """How many records of the layer the format leaves out."""
    missing: int = layer["reconciliation"]["source"]["without_geometry"]
    return missing if export_format in _SHAPES_ONLY else 0


def _unit(layer: dict[str, Any]) -> str:
    return str(layer["reconciliation"]["area_unit"])
