"""What readers raise, as the sentence that a person gets: the file, where in it, and what to do."""

from __future__ import annotations

import csv
import gzip
import sqlite3
import struct
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError

from terrafusion.records.loading.errors import LoadError

RAISED = (  # pyogrio's are RuntimeErrors; what a codec, JSON, or Arrow does not understand is a ValueError
    OSError,
    RuntimeError,
    ValueError,
    ArithmeticError,
    EOFError,
    MemoryError,
    LookupError,
    NameError,  # pyogrio's, where PROJ cannot write the CRS of a .prj
    struct.error,
    zlib.error,
    csv.Error,
    sqlite3.Error,
    zipfile.BadZipFile,
    pa.ArrowException,
    ProjError,
    ShapelyError,
)


def explained(path: Path, what: str, error: Exception, row: int | None = None, encoding: str = "") -> LoadError:
    """``what`` is the format; ``row`` the last one that was read, None before the first batch."""
    name, reason = path.name, _reason(error)
    if isinstance(error, LoadError):
        return error
    if isinstance(error, UnicodeError):
        return LoadError(
            f"{name} is not in the encoding {encoding or 'utf-8'}: {reason}. Name another as the mapping's encoding."
        )
    if isinstance(error, zipfile.BadZipFile) or (path.suffix.lower() == ".zip" and isinstance(error, zlib.error)):
        return LoadError(f"{name} is not a whole zip file: {reason}. Ask for the file again.")
    if isinstance(error, gzip.BadGzipFile | zlib.error | EOFError) and path.suffix.lower() == ".gz":
        return LoadError(f"{name} is not a whole gzip file: {reason}. Ask for the file again.")
    where = "" if row is None else f" beyond row {row:,}"
    return LoadError(f"{name} cannot be read{where or f' as {what}'}: {reason}.")


def _reason(error: Exception) -> str:
    """The first sentence of what is often advice about a library's own options."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.object[error.start]:#04x} at {error.start:,} ({error.reason})"
    return (str(error).split(";")[0].splitlines() or [""])[0].rstrip(". ") or type(error).__name__
