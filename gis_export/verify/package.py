"""The files of an export, and the manifest that describes them."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gis_export import signing
from gis_export.errors import NotAnExport
from gis_export.models import GisExportJob
from gis_export.prepare import signing_key
from gis_export.writer.package import sha256

_MANIFEST = "manifest.json"
_NEEDED = {"request", "format", "layers", "files"}


@dataclass(frozen=True)
class Package:
    """``files`` are those of the zip, or the one file, by the names that the manifest gives them. ``job`` made it, as
    far as this database knows; ``signed``: the manifest has a signature by the key of this installation that fits it.
    """

    manifest: dict[str, Any]
    files: dict[str, Path]
    sha256: str
    job: GisExportJob | None
    signed: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether the job made this file, byte by byte: what the job itself knows of it needs no signature."""
        return self.job is not None and self.job.result_file_sha256 == self.sha256

    @property
    def is_ours(self) -> bool:
        """By what the manifest says, true or not."""
        return self.manifest.get("installation") == signing.installation(_public_key())


def open_package(path: Path, folder: Path, job: GisExportJob | None = None) -> Package:
    """The file of a job, or any file; a zip is unpacked into ``folder``. Raises ``NotAnExport``."""
    if not path.is_file():
        raise NotAnExport(f"There is no file {path}.")
    digest = sha256(path)
    job = job or _job_of(path, digest)
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                if _MANIFEST in archive.namelist():
                    archive.extractall(folder)  # which keeps members inside of it
                    names = [name for name in archive.namelist() if not name.endswith("/")]
                    manifest = _read(folder / _MANIFEST)
                    is_signed = signing.is_signed_by(manifest, _public_key())
                    members = {n: folder / n for n in names if n != _MANIFEST}
                    return Package(manifest, members, digest, job, is_signed)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
            raise NotAnExport(f"The zip is damaged: {error}.") from None
    if job is None:
        raise NotAnExport(
            f"{path.name} is no export of this installation: it has no {_MANIFEST} in it, and no job here made a file "
            f"of this name or of its SHA-256, {digest}."
        )
    (listed,) = job.result_summary["files"] or [{}]
    return Package(job.result_summary, {listed["name"]: path}, digest, job)


def effective_inputs(manifest: dict[str, Any]) -> dict[str, Any] | None:
    """The effective inputs of an export, which manifests from before version 0.2 name ``in_force``; None where the
    manifest has none."""
    request: dict[str, Any] = manifest["request"]
    return request.get("effective_inputs", request.get("in_force"))


def _public_key() -> Ed25519PublicKey:
    return signing.public_key(signing_key())


def _job_of(path: Path, digest: str) -> GisExportJob | None:
    """By the file's SHA-256; by the job's id, with which names of files begin, where the file was changed."""
    jobs = GisExportJob.objects.order_by("created_at")
    same: GisExportJob | None = jobs.filter(result_file_sha256=digest).first()
    if same is not None or not (named := re.match(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=_)", path.name)):
        return same
    origin: GisExportJob | None = jobs.filter(pk=named[0], result_file__endswith=path.name).first()
    return origin


def _read(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or not set(manifest) >= _NEEDED:
        raise NotAnExport(f"The {_MANIFEST} in the zip is not that of an export.")
    return manifest
