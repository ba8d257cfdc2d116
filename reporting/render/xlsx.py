"""Documents as an Excel workbook: a first sheet that says what it is, then a sheet a table. Rows go to disk as they
come.

Cells are typed: dates are dates, money and rates are numbers with a format. Text is never a formula.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

from xlsxwriter.worksheet import Worksheet

from reporting.document import blocks as b
from reporting.document.frame import about
from reporting.document.texts import clean, shown
from reporting.render.files import RenderContext, Rendered
from reporting.render.tables import DocumentTables, Lines
from terrafusion.tables import Workbook
from terrafusion.tables.column import typed
from terrafusion.tables.xlsx import MAX_CHARACTERS, WorksheetWriter, number_format
from terrafusion.words import counted

_FIRST_DATE = date(1900, 3, 1)
"""Excel's calendar has a 29 February 1900: a day before it would be shown as another."""


def render(document: b.Document, context: RenderContext) -> Rendered:
    path = context.folder / "report.xlsx"
    with Workbook(path) as book:
        front = book.add("Report")
        tables = DocumentTables(document)
        sheets: dict[tuple[str, tuple[b.Column, ...]], _Sheet] = {}
        for lines in tables.read():
            key = lines.name, lines.columns
            if key not in sheets:
                sheets[key] = _Sheet(book, lines)
            sheets[key].add(lines, context)
        for sheet in sheets.values():
            sheet.close()
        _write_front(book, front, document, tables, [*sheets.values()])
    old = sum(sheet.too_old for sheet in sheets.values())
    notes = (f"{counted(old, 'date')} before March 1, 1900 left empty: Excel has no such days.",) if old else ()
    return Rendered((path,), notes=notes)


class _Sheet:
    """A table's rows, of one block or of many that have its columns."""

    _totals: b.Row | None

    def __init__(self, book: Workbook, lines: Lines) -> None:
        self.columns, self.note = lines.columns, lines.note
        self._sheet: WorksheetWriter = book.sheet(clean(lines.title or lines.name), lines.columns)
        self.name = self._sheet.name
        self.too_old: int = 0

    def add(self, lines: Lines, context: RenderContext) -> None:
        for number, row in enumerate(typed(self.columns, lines.rows), 1):
            self._sheet.write((tuple([self._fit(value) for value in row]),))
            if not number % 1000:
                context.progress(1000 * len(self.columns))
        self._totals = lines.totals

    def _fit(self, value: object) -> object:
        """Without what a cell cannot hold."""
        if isinstance(value, str):
            return clean(value)
        if type(value) is date and value < _FIRST_DATE:
            self.too_old += 1
            return None
        return value

    def close(self) -> None:
        """The totals come after the filtered range, so that no filter hides or sorts them."""
        self._sheet.close()
        if self._totals is not None:
            self._sheet.write(list(typed(self.columns, [self._totals])))


def _write_front(
    book: Workbook, sheet: Worksheet, document: b.Document, tables: DocumentTables, sheets: list[_Sheet]
) -> None:
    """What the report is, its key figures and its words, in the order of rows, as constant memory wants it."""
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)
    wrap = book.format(text_wrap=True, valign="top")
    styles = {"title": book.format(bold=True, font_size=16), "heading": book.format(bold=True)}
    for row, (left, right, style) in enumerate(_front(document, tables, sheets)):
        if left:
            sheet.write_string(row, 0, clean(left)[:MAX_CHARACTERS], styles.get(style))
        if isinstance(right, b.Figure) and _is_number(right.value):
            column = b.Column("", right.kind, decimals=right.decimals)
            sheet.write_number(row, 1, right.value, book.format(number_format(column), align="left"))
        elif text := shown(right.value) if isinstance(right, b.Figure) else right:
            sheet.write_string(row, 1, clean(text)[:MAX_CHARACTERS], wrap)


def _is_number(value: b.Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _front(
    document: b.Document, tables: DocumentTables, sheets: list[_Sheet]
) -> Iterator[tuple[str, str | b.Figure, str]]:
    yield document.title, "", "title"
    brand = document.brand
    for text in (document.subtitle, brand.name, brand.office, *brand.address):
        if text:
            yield text, "", ""
    for notice in document.notices:
        yield "Note", notice, ""
    for label, text in about(document):
        yield label, text, ""
    yield "", "", ""
    for figure in tables.figures:
        yield figure.label, figure, ""
    for word in tables.words:
        is_heading = isinstance(word, b.Heading)
        yield word.text if is_heading else "", "" if is_heading else word.text, "heading" if is_heading else ""
    for made in sheets:
        if made.note:
            yield f"Sheet {made.name}", made.note, ""
