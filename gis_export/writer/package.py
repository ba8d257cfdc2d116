"""Hashes files and packs them into one zip."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from isal import isal_zlib
from stream_zip import ZIP_32, ZIP_64, MemberFile, ZipOverflowError, stream_zip

from gis_export.plan import LayerPlan
from gis_export.writer.errors import FormatLimitReached, ReconciliationMismatch
from terrafusion.words import counted

_CHUNK = 1 << 20
_AHEAD = 4  # pieces that wait for a consumer; bounds memory
_ZIP_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
"""Zip knows no earlier date; a layer that never had a row has one."""

_END = memoryview(b"")
"""Follows the last piece of a zip's member."""

Item = TypeVar("Item")
Made = TypeVar("Made")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Consumer(threading.Thread, Generic[Item, Made]):
    """Does something with items beside the thread that makes them: ``use`` gets them as they come."""

    def __init__(self, use: Callable[[Iterator[Item]], Made]) -> None:
        super().__init__(name="consumer", daemon=True)
        self._waiting: queue.Queue[Item | None] = queue.Queue(_AHEAD)
        self._use = use
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._made = self._use(cast(Iterator[Item], iter(self._waiting.get, None)))
        except Exception as error:  # raised again where the result is asked for
            self._error = error
            while self._waiting.get() is not None:
                pass

    def put(self, item: Item) -> None:
        """Hand over something that does not change any more; waits while many lie there."""
        self._waiting.put(item)

    def result(self) -> Made:
        """What ``use`` made of all the items; raises what it raised."""
        self._waiting.put(None)
        self.join()
        if self._error:
            raise self._error
        return self._made


class HashedFile:
    """A file that is written from its beginning to its end and hashed meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)
        self._size = 0
        self._digest: Consumer[memoryview, str] = Consumer(digest)

    def write(self, data: memoryview) -> None:
        self._digest.put(data)
        written = 0
        while written < len(data):
            written += self._file.write(data[written:])
        self._size += written

    def close(self) -> str:
        """The SHA-256 of what was written. Raises ``ReconciliationMismatch`` where the file has another size."""
        self._file.close()
        if (size := self._path.stat().st_size) != self._size:
            raise ReconciliationMismatch(f"{self._path.name} has {counted(size, 'byte')}, not {self._size:,}.")
        return self._digest.result()


class ZippedFile:
    """A zip whose members are packed while they are written, one after the other; any program can read it."""

    def __init__(self, path: Path, changed_at: datetime) -> None:
        self._packing: Consumer[str | memoryview, str] = Consumer(lambda items: _zip_all(items, path, changed_at))
        self._begun = False

    def begin(self, name: str) -> None:
        """What is written from now on goes to the member of that name."""
        if self._begun:
            self._packing.put(_END)
        self._begun = True
        self._packing.put(name)

    def write(self, data: memoryview) -> None:
        if len(data):
            self._packing.put(data)

    def close(self) -> str:
        """The SHA-256 of the zip. Raises ``FormatLimitReached`` where a file in it has more than 4 GB."""
        return self._packing.result()


def digest(chunks: Iterable[memoryview]) -> str:
    """The SHA-256 of the bytes."""
    hasher = hashlib.sha256()
    for chunk in chunks:
        hasher.update(chunk)
    return hasher.hexdigest()


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


def zip_streams(streams: Iterable[tuple[str, Iterable[bytes]]], target: Path, changed_at: datetime) -> str:
    """Pack members of which each comes as its name and its bytes; the SHA-256 of the zip."""
    return _write_zip(((name, changed_at, 0o644, ZIP_64, chunks) for name, chunks in streams), target)


def _zip_all(items: Iterator[str | memoryview], target: Path, changed_at: datetime) -> str:
    """Pack members of which each comes as its name, its pieces and ``_END``, without zip's extension for more than
    4 GB, which not every program reads."""
    begun = [""]

    def members() -> Iterator[MemberFile]:
        for name in items:
            begun.append(str(name))
            pieces: Any = takewhile(len, items)
            yield str(name), changed_at, 0o644, ZIP_32, pieces

    try:
        return _write_zip(members(), target)
    except ZipOverflowError:
        raise FormatLimitReached(f"{begun[-1]} has more than 4 GB: choose a smaller area or another format.") from None


def _write_zip(members: Iterable[MemberFile], target: Path) -> str:
    hasher = hashlib.sha256()
    with target.open("wb") as file:
        for chunk in stream_zip(members, chunk_size=_CHUNK, get_compressobj=_deflate):
            hasher.update(chunk)
            file.write(chunk)
    return hasher.hexdigest()


def _deflate() -> Any:
    return isal_zlib.compressobj(level=isal_zlib.ISAL_DEFAULT_COMPRESSION, wbits=-15)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
    path.unlink()
