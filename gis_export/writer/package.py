"""Hashes files and packs them into one zip."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from isal import isal_zlib
from stream_zip import ZIP_64, MemberFile, stream_zip

_CHUNK = 1 << 20
_FOLLOW_SECONDS = 0.02


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Follower(threading.Thread):
    """Hashes a file while another thread appends to it."""

    def __init__(self, path: Path) -> None:
        super().__init__(name=f"hash {path.name}", daemon=True)
        path.touch()
        self._path = path
        self._complete = threading.Event()
        self._digest = hashlib.sha256()
        self.start()

    def run(self) -> None:
        with self._path.open("rb") as file:
            while True:
                complete = self._complete.is_set()  # asked before reading, so that nothing comes after the last read
                while chunk := file.read(_CHUNK):
                    self._digest.update(chunk)
                if complete:
                    return
                self._complete.wait(_FOLLOW_SECONDS)

    def sha256(self) -> str:
        """Of the whole file. To be called when nothing will be appended any more."""
        self._complete.set()
        self.join()
        return self._digest.hexdigest()


def describe(path: Path, digest: str = "") -> dict[str, Any]:
    """A file's entry in the manifest; ``digest`` where it is known already."""
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest or sha256(path)}


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
