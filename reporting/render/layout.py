"""Blocks as what the PDF's template reads, cut into parts of bounded size.

A part is one run of the typesetter. Its size bounds memory, so that it does not grow with the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from reporting.document import blocks as b
from reporting.document.texts import shown
from reporting.render import grid

MAX_CELLS = 10_000
"""Of a part, a cell of a table being the unit: some 150 MB and a second."""
_SLICE = 500  # rows that are taken of a table at once
_SECTION_CELLS = 20  # what else a section costs
_PICTURE_CELLS = 60
Json = dict[str, Any]


@dataclass
class Chunk:
    """Blocks for the template, and how heavy they are."""

    blocks: list[Json] = field(default_factory=list)
    cells: int = 0
    bundle: str = ""


class Layout:
    """Turns blocks into JSON. ``text`` makes a text fit for the fonts; ``picture`` draws a chart as SVG; ``file`` puts
    an image into the folder and gives its name; a page is ``width`` points wide between its margins."""

    def __init__(
        self,
        text: Callable[[str], str],
        picture: Callable[[b.Chart], str],
        file: Callable[[bytes], str],
        width: float,
    ) -> None:
        self._text, self._picture, self._file, self._width = text, picture, file, width

    def parts(self, blocks: Iterable[b.Block]) -> Iterator[Chunk]:
        """The document in parts; none is empty."""
        part = Chunk()
        running = ""
        for block in blocks:
            if isinstance(block, b.Heading) and block.level == 1:
                running = block.text
            if isinstance(block, b.Table):
                for rows in chain.from_iterable(map(self._slices, grid.narrow(block))):
                    if part.cells and part.cells + rows.cells > MAX_CELLS:
                        following = self._after(part, running)
                        if part.blocks:
                            yield part
                        part = following
                    _extend(part, rows)
                continue
            made = self._section(block) if isinstance(block, b.Section) else self._alone(block)
            bundle = block.bundle if isinstance(block, b.Section) else ""
            if part.cells and (part.cells + made.cells > MAX_CELLS or (part.bundle and bundle != part.bundle)):
                yield part
                is_head = isinstance(block, b.Section) or (isinstance(block, b.Heading) and block.level == 1)
                part = Chunk() if is_head else self._continued(running)
            part.bundle = bundle
            if isinstance(block, b.Chart | b.Map):
                _keep_with_next(part.blocks)
            part.blocks += made.blocks
            part.cells += made.cells
        if part.blocks:
            yield part

    def _after(self, part: Chunk, running: str) -> Chunk:
        """What follows a part that ends inside a chapter. Takes the headings from its end: they stand over what comes
        next."""
        heads: list[Json] = []
        while part.blocks and part.blocks[-1]["kind"] == "heading":
            heads.insert(0, part.blocks.pop())
        if heads and heads[0]["level"] == 1:
            return Chunk(heads)
        following = self._continued(running)
        following.blocks += heads
        return following

    def _continued(self, heading: str) -> Chunk:
        """A part that begins inside a chapter says so; PDF/UA wants a first heading of the first level anyway."""
        text = f"{self._text(heading)} (continued)" if heading else "(continued)"
        return Chunk([{"kind": "heading", "text": text, "level": 1, "bookmarked": False}])

    def _section(self, section: b.Section) -> Chunk:
        inner = [self._alone(block) for block in section.blocks]
        shown_blocks = [block for made in inner for block in made.blocks]
        block = {
            "kind": "section",
            "title": self._text(section.title),
            "key": self._text(section.key),
            "blocks": shown_blocks,
        }
        return Chunk([block], _SECTION_CELLS + sum(made.cells for made in inner))

    def _alone(self, block: b.Block) -> Chunk:
        """A block that is not cut."""
        t = self._text
        match block:
            case b.Heading():
                return Chunk([{"kind": "heading", "text": t(block.text), "level": block.level, "bookmarked": True}], 1)
            case b.Text():
                return Chunk([{"kind": "text", "text": t(block.text), "tone": block.tone.value, "sticky": False}], 2)
            case b.Address():
                return Chunk([{"kind": "address", "lines": [t(line) for line in block.lines]}], 4)
            case b.KeyFigures():
                return Chunk([{"kind": "key_figures", "items": [self._figure(item) for item in block.items]}], 8)
            case b.Facts() if block.unseen:
                return Chunk()
            case b.Facts():
                items = [self._figure(item) for item in block.items]
                return Chunk([{"kind": "facts", **self._captions(block.title), "narrow": False, "items": items}], 20)
            case b.Table():
                return self._table(block, list(block.rows))
            case b.Chart():
                return self._drawing(block, self._picture(block))
            case b.Map():
                return self._drawing(block, block.svg)
            case b.Image():
                file = None if block.data is None else self._file(block.data)
                return Chunk([{"kind": "image", "file": file, "alt": t(block.alt), "note": t(block.note)}], 8)
            case b.Beside():
                inner = [self._alone(one) for one in block.blocks]
                made = [{**shape, "narrow": True} for one in inner for shape in one.blocks]
                return Chunk([{"kind": "beside", "blocks": made}], sum(one.cells for one in inner))
            case b.PageBreak():
                return Chunk([{"kind": "page_break"}])
            case b.Signatures():
                return Chunk([{"kind": "signatures", "roles": [t(role) for role in block.roles]}], 4)
            case b.Section():
                return self._section(block)

    def _captions(self, title: str, note: str = "") -> Json:
        return {"title": self._text(title), "note": self._text(note)}

    def _figure(self, item: b.Figure) -> Json:
        value = self._text(shown(None if item.value == "" else item.value, item.kind, item.decimals))
        return {"label": self._text(item.label), "value": value, "note": self._text(item.note), "met": item.met}

    def _drawing(self, block: b.Chart | b.Map, svg: str) -> Chunk:
        alt = self._text(block.alt)
        return Chunk(
            [{"kind": "picture", **self._captions(block.title, block.note), "svg": svg, "alt": alt}], _PICTURE_CELLS
        )

    def _table(self, table: b.Table, rows: list[b.Row], *, begins: bool = True, ends: bool = True) -> Chunk:
        block = grid.shape(table, rows, self._text, self._width, begins=begins, ends=ends)
        return Chunk([block], max(len(rows), 1) * len(table.columns))

    def _slices(self, table: b.Table) -> Iterator[Chunk]:
        """The table in pieces of rows, the first with its title, the last with its totals."""
        rows = iter(table.rows)
        piece = list(islice(rows, _SLICE))
        begins = True
        while True:
            following = list(islice(rows, _SLICE))
            ends = not following
            yield self._table(table, piece, begins=begins, ends=ends)
            if ends:
                return
            piece, begins = following, False


def _keep_with_next(blocks: list[Json]) -> None:
    """The words at the end stay on the page of what follows: they introduce a picture."""
    for block in reversed(blocks):
        if block["kind"] != "text":
            return
        block["sticky"] = True


def _extend(part: Chunk, piece: Chunk) -> None:
    """Add a piece of a table; one that continues the part's last block grows it."""
    (new,) = piece.blocks
    last = part.blocks[-1] if part.blocks else None
    if last and last["kind"] == "table" and new["continues"]:
        last["rows"] += new["rows"]
        last["totals"], last["note"] = new["totals"], new["note"]
    else:
        part.blocks.append(new)
    part.cells += piece.cells
