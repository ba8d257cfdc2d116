"""The whole of several parts: their objects with numbers moved, under roots made anew."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Callable
from pathlib import Path

from reporting.render.joining.footers import Footers
from reporting.render.joining.part import PAGE, PdfPart, mapped, one, split
from reporting.render.joining.writer import PdfOutput

_CATALOG, _PAGES, _OUTLINES, _STRUCTURE, _DOCUMENT, _FIRST_FREE = 1, 2, 3, 4, 5, 6
_TABLE_ID = re.compile(rb"\(U\d+x\d+y\d+\)")
_KEYS = re.compile(rb"/StructParents? (\d+)")
_Adapt = Callable[[bytes], bytes]


def join(parts: list[Path], target: Path, footers: Path | None = None) -> int:
    """Writes ``target`` and deletes each part when it is done with; the number of pages. The first part gives title,
    language and metadata. ``footers``: a document with the footer of each page. Raises RenderError for a file that the
    typesetter has not written."""
    with target.open("wb") as file:
        writer = PdfOutput(file, _FIRST_FREE)
        book = _Book(writer, Footers(PdfPart.read(footers), writer) if footers else None)
        for path in parts:
            book.add(PdfPart.read(path))
            path.unlink()
        book.close()
    if footers:
        footers.unlink()
    return len(book.pages)


class _Book:
    """The whole, while it is written."""

    def __init__(self, writer: PdfOutput, footers: Footers | None) -> None:
        self._writer, self._footers = writer, footers
        self.pages = array("q")
        self._chapters: list[bytes] = []  # references to the children of the Document element
        self._keys: list[bytes] = []  # of the parent tree
        self._next_key = 0
        self._ids: list[tuple[bytes, int]] = []
        self._first_bookmark = 0
        self._open_bookmark: tuple[int, bytes] | None = None  # the last, whose follower is not known yet
        self._bookmarks = 0
        self._roots: dict[str, bytes] = {}
        self._identity = b""
        self._parts = 0

    def add(self, part: PdfPart) -> None:
        shift = self._writer.take(len(part) - 1) - 1
        roots = part.roots
        structure = part.content(roots["StructTreeRoot"])
        document = int(one(rb"/K\[(\d+) 0 R\]", structure))
        moved = {
            roots["Pages"]: _PAGES,
            roots["Outlines"]: _OUTLINES,
            roots["StructTreeRoot"]: _STRUCTURE,
            document: _DOCUMENT,
        }

        def adapted(content: bytes) -> bytes:
            return mapped(content, lambda number: moved.get(number) or number + shift, self._own_id)

        self._keep_roots(part, structure)
        self._take_structure(structure, adapted)
        self._chapters += _references(adapted(part.content(document)).partition(b"/K[")[2])
        outlines = part.content(roots["Outlines"]) if roots["Outlines"] else b""
        ends = [int(one(rb"/" + name + rb" (\d+) 0 R", outlines, b"0")) for name in (b"First", b"Last")]
        skipped = {*moved, part.catalog, part.info, roots["Metadata"]}
        keys = self._next_key
        for number, offset in enumerate(part.offsets[:-1]):
            if offset < 0 or number in skipped:
                continue
            content = part.content(number)
            if b"/StructParent" in content:
                content = _moved_keys(content, keys)
            head, stream = split(content)
            head = adapted(head)
            if number in ends:
                self._add_bookmark(number + shift, head, first=number == ends[0], last=number == ends[1])
            elif stream:
                self._writer.write(number + shift, head + stream)
            elif head.startswith(PAGE):
                self.pages.append(number + shift)
                if self._footers:
                    resources = part.content(int(one(rb"/Resources (\d+) 0 R", content)))
                    head = self._footers.below(head, adapted(resources))
                self._writer.put(number + shift, head)
            else:
                self._writer.put(number + shift, head)
        self._bookmarks += abs(int(one(rb"/Count (-?\d+)", outlines, b"0")))
        self._next_key = keys + _keys_of(structure)
        self._identity = hashlib.md5(self._identity + part.identity, usedforsecurity=False).digest()
        self._parts += 1

    def close(self) -> None:
        """Write the roots and the table of references."""
        put = self._writer.put
        catalog = self._roots["catalog"]
        if self._open_bookmark:
            put(*self._open_bookmark)
            ends = (self._first_bookmark, self._open_bookmark[0], self._bookmarks)
            put(_OUTLINES, b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % ends)
            catalog = catalog.removesuffix(b">>") + b"/Outlines %d 0 R>>" % _OUTLINES
        metadata = self._write_metadata()
        put(_CATALOG, catalog.removesuffix(b">>") + b"/Metadata %d 0 R>>" % metadata)
        kids = b" ".join(b"%d 0 R" % number for number in self.pages)
        put(_PAGES, b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(self.pages), kids))
        self._put_structure()
        info = self._writer.new()
        put(info, self._roots["info"])
        self._writer.close(_CATALOG, info, self._identity)

    def _put_structure(self) -> None:
        names = b"".join(name + b"%d 0 R" % number for name, number in sorted(self._ids))
        tree = b"<</Type/StructTreeRoot%b/K[%d 0 R]/ParentTree<</Nums[%b]>>/ParentTreeNextKey %d%b>>" % (
            self._roots["roles"],
            _DOCUMENT,
            b" ".join(self._keys),
            self._next_key,
            b"/IDTree<</Names[%b]>>" % names if names else b"",
        )
        self._writer.put(_STRUCTURE, tree)
        chapters = b" ".join(self._chapters)
        self._writer.put(_DOCUMENT, b"<</Type/StructElem/S/Document/P %d 0 R/K[%b]>>" % (_STRUCTURE, chapters))

    def _keep_roots(self, part: PdfPart, structure: bytes) -> None:
        if self._roots:
            return
        kept = re.sub(rb"/(Pages|Metadata|StructTreeRoot|Outlines) \d+ 0 R", b"", part.content(part.catalog))
        links = b"/Pages %d 0 R/StructTreeRoot %d 0 R" % (_PAGES, _STRUCTURE)
        self._roots = {
            "catalog": kept.removesuffix(b">>") + links + b">>",
            "info": part.content(part.info),
            "roles": one(rb"(/RoleMap<<.*?>>)", structure, b""),
            "metadata": part.content(part.roots["Metadata"]),
        }

    def _take_structure(self, structure: bytes, adapted: _Adapt) -> None:
        numbers = one(rb"/ParentTree<</Nums\[(.*?)\]>>", structure, b"")
        for key, reference in re.findall(rb"(\d+) (\d+ 0 R)", numbers):
            self._keys.append(b"%d %b" % (int(key) + self._next_key, adapted(reference)))
        for name, reference in re.findall(rb"(\(U\d+x\d+y\d+\))(\d+ 0 R)", structure):
            moved = adapted(reference)
            self._ids.append((self._own_id(name), int(moved.split()[0])))

    def _own_id(self, text: bytes) -> bytes:
        """A table's heads have names that are unique within a part: they get the part's number in front."""
        return b"(%d" % self._parts + text[1:] if _TABLE_ID.fullmatch(text) else text

    def _add_bookmark(self, number: int, head: bytes, *, first: bool, last: bool) -> None:
        """Link the part's first top-level bookmark to the last of the part before."""
        if first:
            if self._open_bookmark:
                before, content = self._open_bookmark
                self._writer.put(before, content.removesuffix(b">>") + b"/Next %d 0 R>>" % number)
                head = head.removesuffix(b">>") + b"/Prev %d 0 R>>" % before
            else:
                self._first_bookmark = number
        if last:
            self._open_bookmark = (number, head)
        else:
            self._writer.put(number, head)

    def _write_metadata(self) -> int:
        number = self._writer.new()
        head, stream = split(self._roots["metadata"])
        text = stream.partition(b"stream\n")[2].rpartition(b"endstream")[0].rstrip(b"\r\n")
        text = re.sub(rb"<xmpTPg:NPages>\d+<", b"<xmpTPg:NPages>%d<" % len(self.pages), text)
        head = re.sub(rb"/Length \d+", b"/Length %d" % len(text), head)
        self._writer.write(number, head + b"stream\n" + text + b"\nendstream")
        return number


def _moved_keys(content: bytes, shift: int) -> bytes:
    def moved(match: re.Match[bytes]) -> bytes:
        return match[0].rpartition(b" ")[0] + b" %d" % (int(match[1]) + shift)

    head, stream = split(content)
    return _KEYS.sub(moved, head) + stream


def _references(data: bytes) -> list[bytes]:
    return re.findall(rb"\d+ 0 R", data.partition(b"]")[0])


def _keys_of(structure: bytes) -> int:
    numbers = one(rb"/ParentTree<</Nums\[(.*?)\]>>", structure, b"")
    return 1 + max((int(key) for key in re.findall(rb"(\d+) \d+ 0 R", numbers)), default=-1)
