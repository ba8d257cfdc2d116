"""Hashes files and packs them into one zip."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from isal import isal_zlib
from stream_zip import ZIP_32, ZIP_64, MemberFile, ZipOverflowError, stream_zip

from gis_export.plan import LayerPlan
from gis_export.writer.errors import FormatLimitExceeded

_CHUNK = 1 << 20
_FOLLOW_SECONDS = 0.02
_ZIP_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
"""Zip knows no earlier date; a layer that never had a row has one."""

Made = TypeVar("Made")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Follower(threading.Thread, Generic[Made]):
    """Does something with a file's bytes while another thread appends to it: ``use`` gets them as they come."""

    def __init__(self, path: Path, use: Callable[[Iterator[bytes]], Made]) -> None:
        super().__init__(name=f"follow {path.name}", daemon=True)
        path.touch()
        self._path = path
        self._use = use
        self._complete = threading.Event()
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._made = self._use(self._chunks())
        except Exception as error:  # raised again where the result is asked for
            self._error = error

    def result(self) -> Made:
        """What ``use`` made of the whole file. To be called when nothing will be appended any more."""
        self._complete.set()
        self.join()
        if self._error:
            raise self._error
        return self._made

    def _chunks(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while True:
                complete = self._complete.is_set()  # asked before reading, so that nothing comes after the last read
                while chunk := file.read(_CHUNK):
                    yield chunk
                if complete:
                    return
                self._complete.wait(_FOLLOW_SECONDS)


def digest(chunks: Iterator[bytes]) -> str:
    """The SHA-256 of the bytes."""
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


def members(path: Path) -> list[Path]:
    """The file itself, or the files of a folder."""
    return sorted(path.iterdir()) if path.is_dir() else [path]


def changed_at(layers: Iterable[LayerPlan]) -> datetime:
    """When the newest of the layers last changed: the date of what is in a zip."""
    return max(_ZIP_EPOCH, *(datetime.fromisoformat(layer.changed_at) for layer in layers))


def describe(path: Path, folder: Path, known: str = "") -> dict[str, Any]:
    """A file's entry in the manifest, named as in ``folder``; ``known`` is its SHA-256 where that is known already."""
    return {"name": str(path.relative_to(folder)), "bytes": path.stat().st_size, "sha256": known or sha256(path)}


def zip_files(paths: list[Path], folder: Path, target: Path, changed_at: datetime) -> str:
    """Pack ``paths`` into ``target``, named as in ``folder``; its SHA-256. Each is dated ``changed_at``, so that
    the same files give the same zip.

    Each file is deleted once it is packed, so that the disk holds the largest member twice and no more.
    """
    packed: list[MemberFile] = [
        (str(path.relative_to(folder)), changed_at, 0o644, ZIP_64, _chunks(path)) for path in paths
    ]
    return _write_zip(packed, target)


def zip_one(name: str, chunks: Iterator[bytes], target: Path, changed_at: datetime) -> None:
    """Pack what comes as one file into ``target``, as any program can read it: without the extension for more than
    4 GB, which raises ``FormatLimitExceeded``."""
    try:
        _write_zip([(name, changed_at, 0o644, ZIP_32, chunks)], target)
    except ZipOverflowError:
        raise FormatLimitExceeded(f"{name} has more than 4 GB: choose a smaller area or another format.") from None


def _write_zip(members: list[MemberFile], target: Path) -> str:
    found = hashlib.sha256()
    with target.open("wb") as file:
        for chunk in stream_zip(members, chunk_size=_CHUNK, get_compressobj=_deflate):
            found.update(chunk)
            file.write(chunk)
    return found.hexdigest()


def _deflate() -> Any:
    return isal_zlib.compressobj(level=isal_zlib.ISAL_DEFAULT_COMPRESSION, wbits=-15)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
    path.unlink()
