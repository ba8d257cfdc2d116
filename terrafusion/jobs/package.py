"""A result of several files: one zip whose members are stored, so that each can be sent as a part of the whole.

Text is not deflated: a member must be a range of bytes of the file that is published, hashed and deleted as one. The
same members give the same bytes.
"""

from __future__ import annotations

import hashlib
import mimetypes
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from terrafusion.jobs.context import Member, ResultFile

_CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier time, and a later one would change the bytes
_READABLE = 0o100644 << 16
_MEDIA_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".vl.json": "application/vnd.vegalite.v5+json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
}


def media_type(name: str) -> str:
    """By the name's ending; bytes of no known kind are ``application/octet-stream``."""
    for ending, known in _MEDIA_TYPES.items():
        if name.endswith(ending):
            return known
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def pack(files: Iterable[Path], target: Path, name: str, *, checkpoint: Callable[[], Any]) -> ResultFile:
    """The files, in their order and under their own names, as the zip ``target``, to be published as ``name``.

    Each file is removed once it is in; ``checkpoint`` is called between pieces of a megabyte.
    """
    members = []
    with target.open("wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as package:
        for path in files:
            info = zipfile.ZipInfo(path.name, _EPOCH)
            info.external_attr = _READABLE
            info.file_size = path.stat().st_size  # from which zip64 is chosen
            digest = hashlib.sha256()
            with path.open("rb") as source, package.open(info, "w") as entry:
                offset = raw.tell()
                while piece := source.read(_CHUNK):
                    checkpoint()
                    digest.update(piece)
                    entry.write(piece)
            members.append(Member(path.name, media_type(path.name), info.file_size, digest.hexdigest(), offset))
            path.unlink()
    with target.open("rb") as whole:
        sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
    return ResultFile(target, name, sha256, target.stat().st_size, tuple(members))
