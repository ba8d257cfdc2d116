"""Hashes files and packs them into one zip."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from isal import isal_zlib
from stream_zip import ZIP_64, MemberFile, stream_zip

_CHUNK = 1 << 20


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe(path: Path) -> dict[str, Any]:
    """A file's entry in the manifest."""
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}


def zip_files(paths: list[Path], target: Path, changed_at: datetime) -> str:
    """Pack ``paths`` into ``target``, each dated ``changed_at``, so that the same files give the same zip; its SHA-256.

    Each file is deleted once it is packed, so that the disk holds the largest member twice and no more.
    """
    digest = hashlib.sha256()
    members: list[MemberFile] = [(path.name, changed_at, 0o644, ZIP_64, _chunks(path)) for path in paths]
    with target.open("wb") as file:
        for chunk in stream_zip(members, chunk_size=_CHUNK, get_compressobj=_deflate):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _deflate() -> Any:
    return isal_zlib.compressobj(level=isal_zlib.ISAL_DEFAULT_COMPRESSION, wbits=-15)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
    path.unlink()
