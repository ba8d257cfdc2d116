"""Tagged PDFs of the typesetter as one, with their pages, bookmarks and structure, in memory that does not grow.

Libraries that join PDFs drop the structure that screen readers need, or hold all of it: a roll has ten elements a
row.
So objects are copied one after the other with their numbers moved (ISO 32000-1, 7.3.10), small ones into compressed
object streams (7.5.7); and the roots of the page, bookmark and structure trees are made anew (7.7.3, 12.3.3, 14.7).
What is read is what Typst writes, and nothing else: plain objects of generation 0 and a classic table of references.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from reporting.render.files import RenderError

_CATALOG, _PAGES, _OUTLINES, _STRUCTURE, _DOCUMENT, _FIRST_FREE = 1, 2, 3, 4, 5, 6
_STRING = rb"\((?:[^\\()]|\\.|\((?:[^\\()]|\\.)*\))*\)|<[0-9A-Fa-f]+>"
_TOKEN = re.compile(_STRING + rb"|(\d+) 0 R", re.DOTALL)
_TABLE_ID = re.compile(rb"\(U\d+x\d+y\d+\)")
_KEYS = re.compile(rb"/StructParents? (\d+)")
_STREAM = re.compile(rb">>\s*stream\r?\n")
_TRAILER = re.compile(rb"trailer\s*<<(.*)>>\s*startxref\s+(\d+)\s+%%EOF\s*$", re.DOTALL)
_OBJECTS_OF_A_STREAM = 200
_Adapt = Callable[[bytes], bytes]


@dataclass
class _Part:
    """One document that is joined: its bytes, where its objects begin (and where the last ends), and its roots."""

    data: bytes
    offsets: list[int]
    catalog: int
    info: int
    identity: bytes

    @classmethod
    def read(cls, path: Path) -> _Part:
        data = path.read_bytes()
        trailer = _TRAILER.search(data, max(0, len(data) - 2_000))
        if trailer is None:
            raise RenderError(f"{path.name} does not end as the typesetter ends its files.")
        table = data[int(trailer[2]) : trailer.start()].split(b"\n")[2:]
        offsets = [int(line[:10]) if line[17:18] == b"n" else -1 for line in table if line.strip()]
        offsets.append(int(trailer[2]))
        root, info = (_one(rb"/" + name + rb" (\d+) 0 R", trailer[1]) for name in (b"Root", b"Info"))
        return cls(data, offsets, int(root), int(info), trailer[1].partition(b"/ID")[2])

    def content(self, number: int) -> bytes:
        """The object between ``obj`` and ``endobj``; objects lie in the order of their numbers."""
        start, end = self.offsets[number], self.offsets[number + 1]
        return self.data[self.data.index(b"obj", start) + 3 : self.data.rindex(b"endobj", start, end)].strip()


def join(parts: list[Path], target: Path) -> int:
    """Writes ``target`` and deletes each part when it is done with; the number of pages. The first part gives title,
    language and metadata. Raises RenderError for a file that the typesetter has not written."""
    with target.open("wb") as file:
        book = _Book(file)
        for path in parts:
            book.add(_Part.read(path))
            path.unlink()
        book.close()
    return len(book.pages)


@dataclass
class _Book:
    """The whole, while it is written."""

    file: BinaryIO
    pages: array[int] = field(default_factory=lambda: array("q"))
    _places: array[int] = field(default_factory=lambda: array("q", [0] * _FIRST_FREE))
    """By object: its offset, or less than 0 for one in an object stream: -(stream * 1000 + index)."""
    _batch: list[tuple[int, bytes]] = field(default_factory=list)
    _chapters: list[bytes] = field(default_factory=list)  # references to the children of the Document element
    _keys: list[bytes] = field(default_factory=list)  # of the parent tree
    _next_key: int = 0
    _ids: list[tuple[bytes, int]] = field(default_factory=list)
    _first_bookmark: int = 0
    _open_bookmark: tuple[int, bytes] | None = None  # the last, whose follower is not known yet
    _bookmarks: int = 0
    _roots: dict[str, bytes] = field(default_factory=dict)
    _identity: bytes = b""
    _parts: int = 0

    def __post_init__(self) -> None:
        self.file.write(b"%PDF-1.7\n%\x80\x80\x80\x80\n")

    def add(self, part: _Part) -> None:
        shift = len(self._places) - 1
        self._places.extend([0] * (len(part.offsets) - 2))
        catalog = part.content(part.catalog)
        roots = {
            name: int(_one(rb"/" + name.encode() + rb" (\d+) 0 R", catalog, b"0"))
            for name in ("Pages", "Outlines", "StructTreeRoot", "Metadata")
        }
        structure = part.content(roots["StructTreeRoot"])
        document = int(_one(rb"/K\[(\d+) 0 R\]", structure))
        moved = {
            roots["Pages"]: _PAGES,
            roots["Outlines"]: _OUTLINES,
            roots["StructTreeRoot"]: _STRUCTURE,
            document: _DOCUMENT,
        }

        def renumber(match: re.Match[bytes]) -> bytes:
            if match[1] is None:
                return self._own_id(match[0])
            number = int(match[1])
            return b"%d 0 R" % (moved.get(number) or number + shift)

        def adapted(content: bytes) -> bytes:
            return _TOKEN.sub(renumber, content)

        self._keep_roots(part, roots, catalog, structure)
        self._take_structure(structure, adapted)
        self._chapters += _references(adapted(part.content(document)).partition(b"/K[")[2])
        outlines = part.content(roots["Outlines"]) if roots["Outlines"] else b""
        ends = [int(_one(rb"/" + name + rb" (\d+) 0 R", outlines, b"0")) for name in (b"First", b"Last")]
        skipped = {*moved, part.catalog, part.info, roots["Metadata"]}
        keys = self._next_key
        for number, offset in enumerate(part.offsets[:-1]):
            if offset < 0 or number in skipped:
                continue
            content = part.content(number)
            if b"/StructParent" in content:
                content = self._moved_keys(content, keys)
            head, stream = _split(content)
            head = adapted(head)
            if number in ends:
                self._add_bookmark(number + shift, head, first=number == ends[0], last=number == ends[1])
            elif stream:
                self._write(number + shift, head + stream)
            else:
                if head.startswith(b"<</Type/Page/"):
                    self.pages.append(number + shift)
                self._put(number + shift, head)
        self._bookmarks += abs(int(_one(rb"/Count (-?\d+)", outlines, b"0")))
        self._next_key = keys + _keys_of(structure)
        self._identity = hashlib.md5(self._identity + part.identity, usedforsecurity=False).digest()
        self._parts += 1

    def close(self) -> None:
        """Write the roots and the table of references."""
        if self._open_bookmark:
            self._put(*self._open_bookmark)
        self._write_metadata()
        count = len(self.pages)
        self._put(_PAGES, b"<</Type/Pages/Count %d/Kids[%b]>>" % (count, _list(self.pages)))
        if self._open_bookmark:
            ends = (self._first_bookmark, self._open_bookmark[0], self._bookmarks)
            self._put(_OUTLINES, b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % ends)
        names = b"".join(name + b"%d 0 R" % number for name, number in sorted(self._ids))
        self._put(
            _STRUCTURE,
            b"<</Type/StructTreeRoot%b/K[%d 0 R]/ParentTree<</Nums[%b]>>/ParentTreeNextKey %d%b>>"
            % (
                self._roots["roles"],
                _DOCUMENT,
                b" ".join(self._keys),
                self._next_key,
                b"/IDTree<</Names[%b]>>" % names if names else b"",
            ),
        )
        chapters = b" ".join(self._chapters)
        self._put(_DOCUMENT, b"<</Type/StructElem/S/Document/P %d 0 R/K[%b]>>" % (_STRUCTURE, chapters))
        self._put(
            _CATALOG, self._roots["catalog"] if self._open_bookmark else _without_outlines(self._roots["catalog"])
        )
        info = self._new()
        self._put(info, self._roots["info"])
        self._flush()
        self._write_references(info)

    def _keep_roots(self, part: _Part, roots: dict[str, int], catalog: bytes, structure: bytes) -> None:
        if self._roots:
            return
        metadata = self._new()
        outlines = b"/Outlines %d 0 R" % _OUTLINES
        kept = re.sub(rb"/(Pages|Metadata|StructTreeRoot|Outlines) \d+ 0 R", b"", catalog)
        links = b"/Pages %d 0 R/StructTreeRoot %d 0 R/Metadata %d 0 R" % (_PAGES, _STRUCTURE, metadata)
        self._roots = {
            "catalog": kept.removesuffix(b">>") + links + outlines + b">>",
            "info": part.content(part.info),
            "roles": _one(rb"(/RoleMap<<.*?>>)", structure, b""),
            "metadata": part.content(roots["Metadata"]),
            "metadata_number": b"%d" % metadata,
        }

    def _take_structure(self, structure: bytes, adapted: _Adapt) -> None:
        numbers = _one(rb"/ParentTree<</Nums\[(.*?)\]>>", structure, b"")
        for key, reference in re.findall(rb"(\d+) (\d+ 0 R)", numbers):
            self._keys.append(b"%d %b" % (int(key) + self._next_key, adapted(reference)))
        for name, reference in re.findall(rb"(\(U\d+x\d+y\d+\))(\d+ 0 R)", structure):
            moved = adapted(reference)
            self._ids.append((self._own_id(name), int(moved.split()[0])))

    def _own_id(self, text: bytes) -> bytes:
        """A table's heads have names that are unique within a part: they get the part's number in front."""
        return b"(%d" % self._parts + text[1:] if _TABLE_ID.fullmatch(text) else text

    def _moved_keys(self, content: bytes, shift: int) -> bytes:
        def moved(match: re.Match[bytes]) -> bytes:
            return match[0].rpartition(b" ")[0] + b" %d" % (int(match[1]) + shift)

        head, stream = _split(content)
        return _KEYS.sub(moved, head) + stream

    def _add_bookmark(self, number: int, head: bytes, *, first: bool, last: bool) -> None:
        """Link the part's first top-level bookmark to the last of the part before."""
        if first:
            if self._open_bookmark:
                before, content = self._open_bookmark
                self._put(before, content.removesuffix(b">>") + b"/Next %d 0 R>>" % number)
                head = head.removesuffix(b">>") + b"/Prev %d 0 R>>" % before
            else:
                self._first_bookmark = number
        if last:
            self._open_bookmark = (number, head)
        else:
            self._put(number, head)

    def _new(self) -> int:
        self._places.append(0)
        return len(self._places) - 1

    def _put(self, number: int, content: bytes) -> None:
        self._batch.append((number, content))
        if len(self._batch) == _OBJECTS_OF_A_STREAM:
            self._flush()

    def _flush(self) -> None:
        """Write the waiting objects as one compressed stream."""
        if not self._batch:
            return
        stream = self._new()
        heads, bodies, offset = [], [], 0
        for index, (number, content) in enumerate(self._batch):
            heads.append(b"%d %d" % (number, offset))
            bodies.append(content)
            offset += len(content) + 1
            self._places[number] = -(stream * 1000 + index)
        index_part = b" ".join(heads) + b"\n"
        packed = zlib.compress(index_part + b"\n".join(bodies), 6)
        sizes = (len(self._batch), len(index_part), len(packed))
        head = b"<</Type/ObjStm/N %d/First %d/Length %d/Filter/FlateDecode>>" % sizes
        self._batch = []
        self._write(stream, head + b"stream\n" + packed + b"\nendstream")

    def _write(self, number: int, content: bytes) -> None:
        self._places[number] = self.file.tell()
        self.file.write(b"%d 0 obj\n" % number + content + b"\nendobj\n")

    def _write_metadata(self) -> None:
        head, stream = _split(self._roots["metadata"])
        text = stream.partition(b"stream\n")[2].rpartition(b"endstream")[0].rstrip(b"\r\n")
        text = re.sub(rb"<xmpTPg:NPages>\d+<", b"<xmpTPg:NPages>%d<" % len(self.pages), text)
        head = re.sub(rb"/Length \d+", b"/Length %d" % len(text), head)
        self._write(int(self._roots["metadata_number"]), head + b"stream\n" + text + b"\nendstream")

    def _write_references(self, info: int) -> None:
        table = self._new()
        start = self.file.tell()
        self._places[table] = start
        rows = bytearray(b"\0" + bytes(5) + b"\xff\xff")
        for place in self._places[1:]:
            kind, where, index = (1, place, 0) if place > 0 else (2, *divmod(-place, 1000)) if place else (0, 0, 0)
            rows += bytes((kind,)) + where.to_bytes(5, "big") + index.to_bytes(2, "big")
        packed = zlib.compress(bytes(rows), 6)
        identity = self._identity.hex().encode()
        sizes = (len(self._places), _CATALOG, info, identity, identity, len(packed))
        head = b"<</Type/XRef/Size %d/W[1 5 2]/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]/Length %d" % sizes
        self.file.write(b"%d 0 obj\n%b/Filter/FlateDecode>>stream\n" % (table, head))
        self.file.write(packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)


def _split(content: bytes) -> tuple[bytes, bytes]:
    """The dictionary of an object, and its stream with the word before it."""
    if not content.endswith(b"endstream"):
        return content, b""
    match = _STREAM.search(content)
    if match is None:
        raise RenderError("A stream without a dictionary.")
    return content[: match.start() + 2], b"stream\n" + content[match.end() :]


def _one(pattern: bytes, data: bytes, default: bytes | None = None) -> bytes:
    match = re.search(pattern, data, re.DOTALL)
    if match is None:
        if default is None:
            raise RenderError(f"The typesetter's file has no {pattern.decode()}.")
        return default
    return match[1]


def _references(data: bytes) -> list[bytes]:
    return re.findall(rb"\d+ 0 R", data.partition(b"]")[0])


def _keys_of(structure: bytes) -> int:
    numbers = _one(rb"/ParentTree<</Nums\[(.*?)\]>>", structure, b"")
    return 1 + max((int(key) for key in re.findall(rb"(\d+) \d+ 0 R", numbers)), default=-1)


def _without_outlines(catalog: bytes) -> bytes:
    return re.sub(rb"/Outlines \d+ 0 R", b"", catalog)


def _list(numbers: array[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)
