"""Tables as the PDF's template reads them: how large the text is, where a long word breaks, and what is too wide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from reporting.document import blocks as b
from reporting.document.texts import DATES, INDENT, RIGHT, shown

_WIDTHS = {
    b.Kind.TEXT: 14.0,
    b.Kind.MONEY: 10.0,
    b.Kind.INTEGER: 7.0,
    b.Kind.YEAR: 6.0,
    b.Kind.DATE: 12.5,
    b.Kind.DATETIME: 25.0,
}
_SIZES = ((8, 8.0), (11, 7.0), (13, 6.4))  # points of text, by the most columns
_SMALLEST = 6.0
_MAX_COLUMNS = 13  # of a table that can be cut in two: nobody reads smaller text on paper
_MAX_KEYS = 3
_MAX_LINES = 25  # of a table that is kept on one page: a page that lies on its side has room for some 30
_LETTER = 0.58  # of the size, is the width of a letter, roughly


def shape(
    table: b.Table, rows: list[b.Row], text: Callable[[str], str], width: float, *, begins: bool, ends: bool
) -> dict[str, Any]:
    """Some rows of a table, with its title or what says that they go on, and with its totals where they end. ``text``
    makes a text fit for the fonts; the page is ``width`` points wide."""
    columns = table.columns
    title = table.title if begins or not table.title else f"{table.title} (continued)"
    totals, note = (table.totals, table.note) if ends else (None, "")
    widths = [_width(column) for column in columns]
    size = next((size for max_columns, size in _SIZES if len(columns) <= max_columns), _SMALLEST)
    room = [int(width * share / sum(widths) / (_LETTER * size)) for share in widths]

    def texts(row: b.Row) -> list[str]:
        return [
            _unbroken(text(shown(value, column.kind, column.decimals)), column.kind, max_length)
            for value, column, max_length in zip(row, columns, room, strict=True)
        ]

    shown_rows = [texts(row) for row in rows]
    lines = sum(max(map(_lines, row, room), default=1) for row in shown_rows[:_MAX_LINES])
    return {
        "kind": "table",
        "title": text(title),
        "note": text(note),
        "continues": not begins,
        "titles": [text(column.title or column.name) for column in columns],
        "align": ["right" if column.kind in RIGHT else "left" for column in columns],
        "widths": widths,
        "size": size,
        "whole": begins and ends and max(len(rows), lines) <= _MAX_LINES,
        "rows": shown_rows,
        "heights": _heights(shown_rows),
        "totals": None
        if totals is None
        else ["" if v is None else s for v, s in zip(totals, texts(totals), strict=True)],
    }


def _heights(rows: list[list[str]]) -> list[int]:
    """Of each row, over how many its first cell reaches: what goes on with it is indented, and stays on its page."""
    heights = [1] * len(rows)
    for place in range(len(rows) - 1, 0, -1):
        if rows[place][0].startswith(INDENT):
            heights[place - 1] += heights[place]
            heights[place] = 0
    return heights


def _width(column: b.Column) -> float:
    """In letters, and so that no word of its title is wider, nor a date."""
    word = max(map(len, (column.title or column.name).split()), default=0)
    width = column.width or _WIDTHS.get(column.kind, 8.0)
    return max(width, word + 2.2, _WIDTHS[column.kind] if column.kind in DATES else 0.0)


def narrow(table: b.Table) -> Iterator[b.Table]:
    """The table; one of too many columns as several, as long as its rows can be read again. Each has the columns that
    name a row: those before the first figure, but at least one."""
    columns, rows = table.columns, table.rows
    if len(columns) <= _MAX_COLUMNS or not isinstance(rows, Sequence):
        yield table
        return
    figures = (place for place, column in enumerate(columns) if column.kind in RIGHT)
    keys = min(max(next(figures, 1), 1), _MAX_KEYS)
    count = -(-(len(columns) - keys) // (_MAX_COLUMNS - keys))
    for part in range(count):
        first, last = (keys + (len(columns) - keys) * edge // count for edge in (part, part + 1))

        def chosen(row: Sequence[Any], first: int = first, last: int = last) -> list[Any]:
            return [*row[:keys], *row[first:last]]

        which_columns = f"columns {first + 1} to {last} of {len(columns)}"
        yield replace(
            table,
            title=f"{table.title} ({which_columns})" if table.title else which_columns.capitalize(),
            columns=tuple(chosen(columns)),
            rows=[chosen(row) for row in rows],
            totals=None if table.totals is None else chosen(table.totals),
            note=table.note if part == count - 1 else "",
        )


def _lines(text: str, room: int) -> int:
    """That the text takes in a cell for so many letters, rather too many: words do not fill lines."""
    breaks = text.count("\n")
    return 1 + breaks if len(text) <= room else 1 + breaks + len(text) * 3 // (2 * max(room, 1))


def _unbroken(text: str, kind: b.Kind, max_length: int) -> str:
    """A date on one line; any other text as it breaks."""
    return text.replace(" ", "\u00a0") if kind in DATES else _breakable(text, max_length)


def _breakable(text: str, max_length: int) -> str:
    """The text, with a place to break in each word that is longer than its column is wide. Words of other scripts than
    ASCII stay whole, because their letters change when they are parted."""
    if len(text) <= max_length or max_length < 1:
        return text
    return re.sub(rf"[!-~]{{{max_length}}}(?=[!-~])", "\\g<0>\u200b", text)
