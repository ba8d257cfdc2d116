"""Whether a result file in storage is still the one that was made, before it is sent or used again.

Its size is compared each time: a look at the file, or one HEAD. Its SHA-256 is compared where that is affordable: for
files up to ``MAX_HASHED`` that this process reads anyway, once for each state of the file (size, times, inode).
Hashing a larger one would hold a request for seconds, and where a signed address redirects to the file, only the
storage sends the bytes: its own checksums and the ``result_file_sha256`` of the job's result are left for those.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.publish import is_local, media
from terrafusion.words import counted

MAX_HASHED = 256 << 20
"""Bytes; about half a second of one processor."""
_CHUNK = 1 << 20


def fault(job: AbstractJob, *, hashed: bool = True) -> str:
    """What is wrong with the job's file, in words for who asked for it; empty when nothing was found. ``hashed``:
    compare the hash, too. Raises FileNotFoundError, and whatever the storage raises."""
    state = _state(job.result_file, whole=hashed)
    size: int = state[0]
    if job.result_file_bytes is not None and size != job.result_file_bytes:
        return f"The result file has {counted(size, 'byte')} in storage; it was made with {job.result_file_bytes:,}."
    if not hashed or not job.result_file_sha256 or size > MAX_HASHED:
        return ""
    if _sha256(job.result_file, state) != job.result_file_sha256:
        return "The result file in storage does not hold what was made: its SHA-256 is another."
    return ""


def _state(name: str, *, whole: bool) -> tuple[Any, ...]:
    """The size, and where it is ``whole`` all that changes when the file does."""
    storage = media()
    if is_local():
        status = Path(storage.path(name)).stat()
        return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
    size = _size(name)
    return (size, storage.get_modified_time(name)) if whole else (size,)


def _size(name: str) -> int:
    """Raises FileNotFoundError, which not every storage does by itself."""
    try:
        return media().size(name)
    except FileNotFoundError:
        raise
    except Exception:
        if not media().exists(name):
            raise FileNotFoundError(name) from None
        raise


@lru_cache(maxsize=4096)
def _sha256(name: str, state: tuple[Any, ...]) -> str:
    digest = hashlib.sha256()
    with media().open(name) as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
