"""The checks, and their report."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.storage import default_storage

from gis_export.content import Content, Recorded
from gis_export.errors import NotAnExport
from gis_export.formats import registry
from gis_export.formats.base import BOUNDARY_FORMAT, Format
from gis_export.models import GisExportJob
from gis_export.verify import database
from gis_export.verify.package import Package, open_package
from gis_export.writer.package import sha256
from terrafusion.words import counted

_RELATIVE = 1e-9


@dataclass
class Report:
    """``differences`` are what is wrong; ``checked`` and ``skipped`` say in words what was, and was not, looked at.
    ``unknown`` says why nobody knows who made the package; empty where that is known."""

    checked: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    unknown: str = ""


def check_job(job: GisExportJob) -> Report:
    """The stored result of a job. Raises ``NotAnExport`` where there is none."""
    if not job.result_file:
        raise NotAnExport(f"The job {job.pk} is {job.status}, and has no file.")
    if not default_storage.exists(job.result_file):
        raise NotAnExport(f"The file of the job {job.pk}, {job.result_file}, is not in storage.")
    with TemporaryDirectory(prefix="verify-") as folder:
        path = Path(folder) / Path(job.result_file).name
        with default_storage.open(job.result_file) as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        return _check(open_package(path, Path(folder) / "members", job))


def check_file(path: Path) -> Report:
    """Any file, by its manifest or by the job that made it. Raises ``NotAnExport``."""
    with TemporaryDirectory(prefix="verify-") as folder:
        return _check(open_package(path, Path(folder)))


def _check(package: Package) -> Report:
    report = Report()
    job, manifest = package.job, package.manifest
    if job is not None:
        report.checked.append(f"The file is compared with the job {job.pk}.")
        if package.sha256 != job.result_file_sha256:
            report.differences.append(f"SHA-256 is {package.sha256}, and the job wrote {job.result_file_sha256}.")
    _origin(package, report)
    report.differences += _files(package)
    report.checked.append(f"SHA-256 and size of {counted(len(manifest['files']), 'file')}.")
    for layer, export_format in _layers(manifest):
        _layer(package, layer, registry.get(export_format), report)
    skipped, differences = database.compare(manifest, job)
    (report.skipped if skipped else report.checked).append(
        skipped or "Counts, areas and totals of the database as it is now."
    )
    report.differences += differences
    return report


def _origin(package: Package, report: Report) -> None:
    """Who made the package, by the signature of its manifest."""
    manifest = package.manifest
    if package.signed:
        report.checked.append(f"The manifest is signed by this installation, for the job {manifest['job']}.")
    elif package.is_exact:
        return
    elif package.is_ours:
        report.differences.append("The signature is not that of this manifest: one of them was changed.")
    elif package.job is None:
        made_by = manifest.get("installation")
        report.unknown = (
            f"the manifest names the installation {made_by}, whose public key this one does not have."
            if made_by
            else "the manifest is not signed, and no job here made this file."
        )


def _files(package: Package) -> Iterator[str]:
    listed = {file["name"]: file for file in package.manifest["files"]}
    for name, file in listed.items():
        path = package.files.get(name)
        if path is None:
            yield f"{name} is missing."
        elif path.stat().st_size != file["bytes"]:
            yield f"{name} has {counted(path.stat().st_size, 'byte')}, and {file['bytes']:,} were written."
        elif (digest := sha256(path)) != file["sha256"]:
            yield f"{name}: SHA-256 is {digest}, and {file['sha256']} was written."
    yield from (f"{name} is not of the export." for name in package.files if name not in listed)


def _layers(manifest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each layer, and the boundary, with its format."""
    files = {layer["file"] for layer in manifest["layers"]}
    for layer in manifest["layers"]:
        yield layer, manifest["format"]
    if boundary := manifest.get("area_of_interest"):
        yield boundary, manifest["format"] if boundary["file"] in files else BOUNDARY_FORMAT


def _layer(package: Package, layer: dict[str, Any], export_format: Format, report: Report) -> None:
    name = layer["layer"]
    paths = _places(package, layer["file"], export_format)
    if not paths:
        report.differences.append(f"{name}: {layer['file']} is missing.")
        return
    own = export_format.name == package.manifest["format"]  # and not the boundary beside it
    options = package.manifest["request"]["resolved"].get("options", {}) if own else {}
    try:
        recorded = Recorded.of(layer, options)
        content = reduce(add, (export_format.verify(path, recorded) for path in paths))
    except Exception as error:  # each library has its own errors; a file that cannot be read is what is looked for
        report.differences.append(f"{name}: {layer['file']} cannot be read: {error}")
        return
    report.differences += _compared(layer, content, export_format, package.manifest)
    shapes = "" if content.area is not None else "; shapes were not compared"
    if _left_out(layer, export_format) and layer["reconciliation"]["source"]["sums"]:
        report.skipped.append(f"{name}: totals were not compared, for records without a geometry are not in the file.")
    report.checked.append(f"{name}: {counted(content.records, 'record')} of {layer['file']} read again{shapes}.")


def _places(package: Package, file: str, export_format: Format) -> list[Path]:
    """The file of a layer, the folder that a geodatabase is, or the files of a dataset."""
    if file in package.files:
        return [package.files[file]]
    inside = {name: path for name, path in package.files.items() if name.startswith(f"{file.rstrip('/')}/")}
    if file.endswith("/"):
        suffix = f".{export_format.extension}"
        return [path for name, path in inside.items() if name.endswith(suffix)]
    return list(dict.fromkeys(path.parent for path in inside.values()))


def _compared(
    layer: dict[str, Any], content: Content, export_format: Format, manifest: dict[str, Any]
) -> Iterator[str]:
    name, wanted = layer["layer"], layer["reconciliation"]["source"]
    left_out = _left_out(layer, export_format)
    written = wanted["records"] - left_out
    if export_format.parts_as_records:
        written += sum(loss["count"] or 0 for loss in layer["losses"] if loss["kind"] == "split")
    if content.records != written:
        yield f"{name}: {counted(content.records, 'record')} in the file, and {written:,} were written."
    for total, value in wanted["sums"].items() if not left_out else ():
        got = content.sums.get(total, 0.0)
        if not math.isclose(got, value, rel_tol=_RELATIVE):
            yield f"{name}: {total} adds up to {got:,} in the file, and to {value:,} when written."
    if content.area is None:
        return
    without = wanted["without_geometry"] - left_out
    if content.without_geometry != without:
        yield (
            f"{name}: {counted(content.without_geometry, 'record')} in the file without geometry, and {without:,} when "
            "written."
        )
    off = export_format.coordinate_error(layer, manifest["request"]["resolved"])
    if not _same_extent(layer["extent"], content.extent, off):
        yield f"{name}: the extent is {content.extent} in the file, and was {layer['extent']} when written."
    # Each edge may be moved by so much, in both directions.
    allowed = 2 * off * content.perimeter + _RELATIVE * max(abs(wanted["area"]), abs(content.area))
    if abs(content.area - wanted["area"]) > allowed:
        yield f"{name}: the area is {content.area!r} in the file, and was {wanted['area']!r}, in {_unit(layer)}."


def _same_extent(wanted: Sequence[float] | None, actual: Sequence[float] | None, off: float) -> bool:
    """Within ``off``; true where either does not say."""
    if not wanted or not actual:
        return True
    allowed = 2 * off + _RELATIVE * max(map(abs, wanted))
    return all(abs(a - b) <= allowed for a, b in zip(wanted, actual, strict=True))


def _left_out(layer: dict[str, Any], export_format: Format) -> int:
    """How many records of the layer the format leaves out."""
    missing: int = layer["reconciliation"]["source"]["without_geometry"]
    return missing if export_format.shapes_only else 0


def _unit(layer: dict[str, Any]) -> str:
    return str(layer["reconciliation"]["area_unit"])
