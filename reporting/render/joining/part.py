"""Reading what the typesetter writes, and nothing else: plain objects of generation 0 and a classic table of
references."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reporting.render.errors import RenderError

_STRING = rb"\((?:[^\\()]|\\.|\((?:[^\\()]|\\.)*\))*\)|<[0-9A-Fa-f]+>"
_TOKEN = re.compile(_STRING + rb"|(\d+) 0 R", re.DOTALL)
_STREAM = re.compile(rb">>\s*stream\r?\n")
_TRAILER = re.compile(rb"trailer\s*<<(.*)>>\s*startxref\s+(\d+)\s+%%EOF\s*$", re.DOTALL)
PAGE = b"<</Type/Page/"


@dataclass
class PdfPart:
    """One document that is joined: its bytes, where its objects begin (and where the last ends), and its roots."""

    data: bytes
    offsets: list[int]
    catalog: int
    info: int
    identity: bytes

    @classmethod
    def read(cls, path: Path) -> PdfPart:
        """Raises RenderError for a file that the typesetter has not written."""
        data = path.read_bytes()
        trailer = _TRAILER.search(data, max(0, len(data) - 2_000))
        if trailer is None:
            raise RenderError(f"{path.name} does not end as the typesetter ends its files.")
        table = data[int(trailer[2]) : trailer.start()].split(b"\n")[2:]
        offsets = [int(line[:10]) if line[17:18] == b"n" else -1 for line in table if line.strip()]
        offsets.append(int(trailer[2]))
        root, info = (one(rb"/" + name + rb" (\d+) 0 R", trailer[1]) for name in (b"Root", b"Info"))
        return cls(data, offsets, int(root), int(info), trailer[1].partition(b"/ID")[2])

    def __len__(self) -> int:
        """The numbers that its objects take, 0 included."""
        return len(self.offsets) - 1

    def content(self, number: int) -> bytes:
        """The object between ``obj`` and ``endobj``; objects lie in the order of their numbers."""
        start, end = self.offsets[number], self.offsets[number + 1]
        return self.data[self.data.index(b"obj", start) + 3 : self.data.rindex(b"endobj", start, end)].strip()

    @cached_property
    def roots(self) -> dict[str, int]:
        """The catalog's own objects by their names; 0 for one that is not there."""
        catalog = self.content(self.catalog)
        names = ("Pages", "Outlines", "StructTreeRoot", "Metadata")
        return {name: int(one(rb"/" + name.encode() + rb" (\d+) 0 R", catalog, b"0")) for name in names}

    def pages(self) -> list[int]:
        """Of a document without a tree of pages deeper than one."""
        kids = self.content(self.roots["Pages"]).partition(b"/Kids[")[2]
        return [int(number) for number in re.findall(rb"(\d+) 0 R", kids.partition(b"]")[0])]


def split(content: bytes) -> tuple[bytes, bytes]:
    """The dictionary of an object, and its stream with the word before it."""
    if not content.endswith(b"endstream"):
        return content, b""
    match = _STREAM.search(content)
    if match is None:
        raise RenderError("A stream without a dictionary.")
    return content[: match.start() + 2], b"stream\n" + content[match.end() :]


def one(pattern: bytes, data: bytes, default: bytes | None = None) -> bytes:
    """The first group of the first match. Raises RenderError without one, unless there is a default."""
    match = re.search(pattern, data, re.DOTALL)
    if match is None:
        if default is None:
            raise RenderError(f"The typesetter's file has no {pattern.decode()}.")
        return default
    return match[1]


def mapped(content: bytes, reference: Callable[[int], int], string: Callable[[bytes], bytes] = lambda s: s) -> bytes:
    """An object with each number that it refers to, and each of its strings, put through a function."""

    def replace(match: re.Match[bytes]) -> bytes:
        return string(match[0]) if match[1] is None else b"%d 0 R" % reference(int(match[1]))

    return _TOKEN.sub(replace, content)


def references(content: bytes) -> list[int]:
    """The numbers that an object refers to."""
    return [int(match[1]) for match in _TOKEN.finditer(content) if match[1] is not None]
