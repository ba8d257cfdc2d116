"""Parts in media storage -> the export's file, streamed: merged into the file that one writer would have made, or
packed as a dataset of files; with one manifest."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, Any

from gis_export import client, signing
from gis_export.errors import ReconciliationFailed
from gis_export.formats.base import BOUNDARY_FORMAT
from gis_export.formats.text import TextFormat
from gis_export.models import ExportPart
from gis_export.parts.merged import whole
from gis_export.plan import ExportPlan, ExportResult, LayerPlan
from gis_export.prepare import Prepared, database, signing_key
from gis_export.writer.package import HashedFile, changed_at, describe, zip_streams
from terrafusion.jobs import intact
from terrafusion.jobs.context import JobContext
from terrafusion.jobs.errors import StorageUnavailable
from terrafusion.jobs.publish import media, storage_errors

_CHUNK = 1 << 20
Members = Iterable[tuple[str, Iterable[bytes]]]


class _Assembly:
    """What is put together, and what the manifest says about it so far."""

    def __init__(self, prepared: Prepared, parts: list[ExportPart], context: JobContext, opened: ExitStack) -> None:
        self.prepared, self.parts, self.context, self.opened = prepared, parts, context, opened
        self.format = prepared.wanted.file_format
        self.plans = [selection.plan() for selection in prepared.selections]
        self.changed_at = changed_at(self.plans)
        self.files: list[dict[str, Any]] = []
        self.manifest: dict[str, Any] = {
            "job": str(prepared.job.pk),
            "request": prepared.request(),
            "format": prepared.job.export_format,
            "data_changed_at": max(plan.changed_at for plan in self.plans),
            "layers": [],
            "area_of_interest": None,
            "parts": [
                {
                    "layer": part.layer,
                    "number": part.number + 1,
                    "records": part.record_count,
                    "bytes": part.result_file_bytes,
                    "sha256": part.result_file_sha256,
                }
                for part in parts
            ],
            "withheld": prepared.withheld,
            "files": self.files,
            "software": parts[0].result_summary["software"],
        }

    def signed(self, **more: Any) -> dict[str, Any]:
        """The manifest, with ``more`` in it."""
        return signing.signed({**self.manifest, **more}, signing_key())

    def of(self, layer: str) -> list[ExportPart]:
        return [part for part in self.parts if part.layer == layer]

    def open(self, part: ExportPart) -> IO[bytes]:
        """The part's file out of storage; parts are read one after the other, and the one before is closed."""
        self.opened.close()
        if fault := intact.fault(part, hashed=False):
            raise StorageUnavailable(fault)
        file: IO[bytes] = self.opened.enter_context(media().open(part.result_file))
        return file

    def add_to_manifest(self, place: Callable[[str], str]) -> None:
        """Of each layer, which is at the ``place`` of its name."""
        for plan in self.plans:
            entries = [part.result_summary["layers"][0] for part in self.of(plan.name)]
            self.manifest["layers"].append(whole(entries, place(plan.name)))

    def package(self, members: Members) -> tuple[Path, int, str]:
        """A zip of the members, the boundary and the manifest: where it is, its size and its SHA-256."""
        path = self.context.workdir / f"{self.prepared.stem}.zip"
        sha256 = zip_streams(self._with_papers(members), path, self.changed_at)
        return path, path.stat().st_size, sha256

    def _with_papers(self, members: Members) -> Members:
        for name, chunks in chain(members, self._boundary()):
            yield name, self._noted(name, chunks)
        yield "manifest.json", iter([json.dumps(self.signed(), indent=2).encode()])

    def _noted(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        self.files.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})

    def _boundary(self) -> Members:
        """The area of interest as a small layer of its own, where there is one."""
        boundary = self.prepared.boundary(self.plans)
        if boundary is None:
            return
        plan = ExportPlan(
            format=BOUNDARY_FORMAT,
            layers=(boundary,),
            database=database(),
            folder=str(self.context.workdir),
            stem=boundary.name,
            always_zip=False,
            request={},
        )
        result = client.write(plan, self.context)
        file = Path(result.file)
        self.manifest["area_of_interest"] = result.manifest["layers"][0]
        yield file.name, iter([file.read_bytes()])


def assemble(prepared: Prepared, parts: list[ExportPart], taken_at: datetime, context: JobContext) -> ExportResult:
    """``parts`` are completed, and in the order of their numbers. Raises ReconciliationFailed where one is not in
    storage as it was written."""
    with ExitStack() as opened:
        assembly = _Assembly(prepared, parts, context, opened)
        file, size, sha256 = _merged(assembly) if assembly.format.in_parts == "merged" else _dataset(assembly)
    records = sum(layer["records"] for layer in assembly.manifest["layers"])
    return ExportResult(str(file), size, sha256, records, assembly.signed(data_as_of=taken_at.isoformat()))


def _merged(assembly: _Assembly) -> tuple[Path, int, str]:
    """One file a layer, without the headers of all parts but the first; the file itself, or a zip."""
    file_format, prepared = assembly.format, assembly.prepared
    assert isinstance(file_format, TextFormat)  # noqa: S101 - only text can be merged

    def chunks(plan: LayerPlan) -> Iterator[bytes]:
        header = len(file_format.header(plan).encode())
        for number, part in enumerate(assembly.of(plan.name)):
            skip = header if number else 0
            for chunk in _chunks(part, assembly):
                yield chunk[skip:]
                skip = max(0, skip - len(chunk))

    extension = file_format.extension
    if len(assembly.plans) > 1 or prepared.always_zip:
        assembly.add_to_manifest(lambda layer: f"{layer}.{extension}")
        return assembly.package((f"{plan.name}.{extension}", chunks(plan)) for plan in assembly.plans)
    path = assembly.context.workdir / f"{prepared.stem}.{extension}"
    assembly.add_to_manifest(lambda _: path.name)
    target = HashedFile(path)
    try:
        for chunk in chunks(assembly.plans[0]):
            target.write(memoryview(chunk))
    finally:
        sha256 = target.close()
    assembly.files.append(describe(path, path.parent, sha256))
    return path, path.stat().st_size, sha256


def _dataset(assembly: _Assembly) -> tuple[Path, int, str]:
    """A zip with a folder for each layer and a file in it for each part."""

    def members() -> Members:
        for plan in assembly.plans:
            for number, part in enumerate(assembly.of(plan.name), 1):
                stem = f"{plan.name}/part-{number:04}"
                if PurePosixPath(part.result_file).suffix != ".zip":
                    yield f"{stem}.{assembly.format.extension}", _chunks(part, assembly)
                    continue
                for inner, chunks in _unpacked(part, assembly):  # what the format keeps beside its file
                    yield f"{stem}{inner.removeprefix(plan.name)}", chunks

    assembly.add_to_manifest(lambda layer: f"{layer}/")
    return assembly.package(members())


def _chunks(part: ExportPart, assembly: _Assembly) -> Iterator[bytes]:
    """The part's file out of storage. Raises ReconciliationFailed at its end where it is not what was written."""
    digest = hashlib.sha256()
    with storage_errors():
        file = assembly.open(part)
        while chunk := file.read(_CHUNK):
            assembly.context.checkpoint()
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != part.result_file_sha256:
        raise _changed(part)


def _unpacked(part: ExportPart, assembly: _Assembly) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The members of the part's zip, which must be read one after the other. Raises as ``_chunks`` does."""
    hashes = {file["name"]: file["sha256"] for file in part.result_summary["files"]}
    with storage_errors():
        try:
            package = zipfile.ZipFile(assembly.open(part))
        except zipfile.BadZipFile:
            raise _changed(part) from None
        for name in hashes:
            yield name, _member(package, name, hashes[name], part)
            assembly.context.checkpoint()


def _member(package: zipfile.ZipFile, name: str, sha256: str, part: ExportPart) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with storage_errors():
        try:
            with package.open(name) as member:
                while chunk := member.read(_CHUNK):
                    digest.update(chunk)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError):
            raise _changed(part) from None
    if digest.hexdigest() != sha256:
        raise _changed(part)


def _changed(part: ExportPart) -> ReconciliationFailed:
    return ReconciliationFailed(f"Part {part.number + 1} is not in storage as it was written.")
