"""A document as tables, which is how spreadsheets and data files have it.

Tables of one name become one: those of many sections get the section's key as their first column. A section's facts
are a row. Charts give the data that they draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from reporting.document import blocks as b


@dataclass(frozen=True)
class Lines:
    """Rows of the table ``name``, with its columns; ``totals`` only where they follow the table's last row."""

    name: str
    title: str
    columns: tuple[b.Column, ...]
    rows: Iterable[b.Row]
    totals: b.Row | None = None
    note: str = ""


@dataclass
class DocumentTables:
    """Reads a document's blocks once, giving its tables in order and keeping what is no table."""

    document: b.Document
    words: list[b.Heading | b.Text] = field(default_factory=list)
    figures: list[b.Figure] = field(default_factory=list)

    def read(self) -> Iterator[Lines]:
        for block in self.document.blocks:
            yield from self._lines(block)

    def _lines(self, block: b.Block) -> Iterator[Lines]:
        match block:
            case b.Heading() | b.Text():
                self.words.append(block)
            case b.KeyFigures():
                self.figures += block.items
            case b.Table():
                yield Lines(block.name, block.title, block.columns, block.rows, block.totals, block.note)
            case b.Facts():
                yield _facts(block)
            case b.Chart():
                yield from _chart_rows(block)
            case b.Beside():
                for inner in block.blocks:
                    yield from self._lines(inner)
            case b.Section():
                key = b.Column("key", b.Kind.TEXT, self.document.key_title)
                for inner_block in block.blocks:
                    if isinstance(inner_block, b.Heading | b.Text | b.KeyFigures | b.Chart):
                        continue  # said for people, of what the tables and facts hold
                    for lines in self._lines(inner_block):
                        rows = [(block.key, *row) for row in lines.rows]
                        yield replace(lines, columns=(key, *lines.columns), rows=rows, totals=None)


def _facts(block: b.Facts) -> Lines:
    columns = tuple(b.Column(item.name, item.kind, item.label, item.decimals) for item in block.items)
    return Lines(block.name, block.title or block.name, columns, [[item.value for item in block.items]])


def _chart_rows(chart: b.Chart) -> Iterator[Lines]:
    values = chart.spec.get("data", {}).get("values", [])
    if not values:
        return
    names = list(dict.fromkeys(name for row in values for name in row))
    columns = tuple(b.Column(name, _kind_of(values[0].get(name)), decimals=4) for name in names)
    yield Lines(chart.name, chart.title, columns, [[row.get(name) for name in names] for row in values])


def _kind_of(value: object) -> b.Kind:
    return b.Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool) else b.Kind.TEXT
