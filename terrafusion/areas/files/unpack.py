"""Takes what is wanted out of a zip that nobody trusts. Members go to memory, never to a path that the zip names."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from pathlib import PurePosixPath

from terrafusion.areas.errors import AreaError
from terrafusion.words import counted

MAX_MEMBERS = 200
_PACKED = (".zip", ".kmz", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")
_CHUNK = 1 << 16
_ENCRYPTED = 0x1


class Archive:
    """A zip whose list of members is sound. ``max_bytes`` is how many all that is read of it may have unpacked."""

    def __init__(self, content: bytes, max_bytes: int) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise AreaError("The zip is damaged: it cannot be opened.") from None
        if len(infos) > MAX_MEMBERS:
            raise AreaError(f"The zip has {counted(len(infos), 'member')}, and at most {MAX_MEMBERS} are allowed.")
        faults = [fault for info in infos if (fault := _fault(info))]
        if faults:
            raise AreaError(*faults[:20])
        self._left = self._max_bytes = max_bytes
        self._infos = {
            info.filename: info
            for info in infos
            if not info.is_dir() and "__MACOSX" not in PurePosixPath(info.filename).parts
        }

    @property
    def names(self) -> list[str]:
        """Of the files, folders and what macOS adds left out."""
        return list(self._infos)

    def read(self, name: str) -> bytes:
        """A member's bytes, counted as they are unpacked: what the zip says of its size may be a lie."""
        content = io.BytesIO()
        try:
            with self._zip.open(self._infos[name]) as member:
                while chunk := member.read(_CHUNK):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise AreaError(
                            f"Unpacked, the zip has more than {counted(self._max_bytes, 'byte')}, which are allowed."
                        )
                    content.write(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
            raise AreaError(f"The zip is damaged: {_shown(name)} cannot be unpacked.") from None
        return content.getvalue()


def _fault(info: zipfile.ZipInfo) -> str:
    name = info.filename
    if name.startswith("/") or "\\" in name or ".." in PurePosixPath(name).parts or ":" in name[:2]:
        return f"The zip has a member outside of itself: {_shown(name)}."
    if stat.S_ISLNK(info.external_attr >> 16):
        return f"The zip has a link, {_shown(name)}: put the file itself in."
    if info.flag_bits & _ENCRYPTED:
        return f"The zip is encrypted: {_shown(name)} cannot be read without a password."
    if name.lower().endswith(_PACKED):
        return f"The zip has a packed file in it, {_shown(name)}: unpack that first."
    return ""


def _shown(name: str) -> str:
    return repr(name)[:80]
