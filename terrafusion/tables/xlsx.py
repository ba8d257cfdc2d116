"""XLSX with typed cells, a frozen header, filters and number formats, written row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from terrafusion.tables.column import Column, Kind, Row

MAX_ROWS = 1_048_576  # of a sheet; the header is one
MAX_CHARACTERS = 32_767  # of a cell, in UTF-16 units
_LONGEST_NAME = 31  # of a sheet
_CREATED = datetime(2000, 1, 1)  # the clock would change the bytes
_WIDTHS = {Kind.TEXT: 18, Kind.DATE: 11, Kind.DATETIME: 19, Kind.MONEY: 14, Kind.YEAR: 8, Kind.BOOLEAN: 8}


class Workbook:
    """Sheets are written one after the other, each from its first row to its last. The same rows give the same bytes.

    A sheet that is full goes on in another one, named with a number. Text over 32,767 characters, which is the most
    that a cell holds, is cut and ends with an ellipsis.
    """

    def __init__(self, path: Path) -> None:
        import xlsxwriter

        # Rows go to a file in the folder of the result as they come, and are packed when the workbook is closed.
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._book.set_properties({"created": _CREATED})
        self._formats: dict[str, Format] = {}
        self._names = {"history"}  # in small letters; this one is Excel's own

    def __enter__(self) -> Workbook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sheet(self, name: str, columns: Sequence[Column]) -> WorksheetWriter:
        """A new sheet, with a name as ``add`` makes it."""
        return WorksheetWriter(self, name, columns)

    def close(self) -> None:
        self._book.close()

    def add(self, name: str) -> Worksheet:
        """XlsxWriter's own worksheet: for what is not a plain table. Its name is made one that Excel takes, with a
        number where another sheet has it, be it in capitals or not."""
        safe = "".join("_" if letter in "[]:*?/\\" else letter for letter in name).strip("'")
        unique = safe = safe[:_LONGEST_NAME].rstrip("'") or "Sheet"
        number = 1
        while unique.lower() in self._names:
            number += 1
            suffix = f" {number}"
            unique = safe[: _LONGEST_NAME - len(suffix)] + suffix
        self._names.add(unique.lower())
        return self._book.add_worksheet(unique)

    def format(self, number_format: str = "", **more: Any) -> Format:
        """A cell format, made once."""
        given = {"num_format": number_format, **more} if number_format else more
        key = repr(sorted(given.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(given)
        return self._formats[key]


class WorksheetWriter:
    def __init__(self, book: Workbook, name: str, columns: Sequence[Column]) -> None:
        self._book, self._name, self._columns = book, name, columns
        self._begin()

    def write(self, rows: Sequence[Row]) -> None:
        """Rows of ``column.typed`` values."""
        for row in rows:
            if self._row == MAX_ROWS:
                self.close()
                self._begin()
            at = self._row
            for place, (value, put, style) in enumerate(zip(row, self._put, self._styles, strict=True)):
                if value is not None:
                    put(at, place, value, style)
            self._row += 1

    @property
    def name(self) -> str:
        name: str = self._sheet.get_name()
        return name

    def close(self) -> None:
        """Sets the filters; the workbook is still open."""
        self._sheet.autofilter(0, 0, max(self._row - 1, 1), len(self._columns) - 1)

    def _begin(self) -> None:
        self._sheet = sheet = self._book.add(self._name)
        self._styles = [self._book.format(number_format(column)) for column in self._columns]
        puts = {
            Kind.TEXT: self._text,
            Kind.DATE: sheet.write_datetime,
            Kind.DATETIME: self._instant,
            Kind.BOOLEAN: sheet.write_boolean,
        }
        self._put = [puts.get(column.kind, sheet.write_number) for column in self._columns]
        header = self._book.format(bold=True, bottom=1, text_wrap=True, valign="top")
        for at, column in enumerate(self._columns):
            title = column.title or column.name
            width = column.width or max(_WIDTHS.get(column.kind, 12), min(len(title) + 2, 24))
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, title, header)
        sheet.freeze_panes(1, 0)
        self._row = 1

    def _text(self, row: int, place: int, value: str, style: Format) -> None:
        if len(value) > MAX_CHARACTERS // 2 and len(value.encode("utf-16-le")) // 2 > MAX_CHARACTERS:
            value = value.encode("utf-16-le")[: 2 * (MAX_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"
        self._sheet.write_string(row, place, value, style)

    def _instant(self, row: int, place: int, value: datetime, style: Format) -> None:
        self._sheet.write_datetime(row, place, value.replace(tzinfo=None), style)


class XLSX:
    """A workbook of one table, as ``write`` makes it."""

    def __init__(self, path: Path, columns: Sequence[Column], title: str) -> None:
        self._book = Workbook(path)
        self._sheet = self._book.sheet(title or "Table", columns)
        self.write = self._sheet.write

    def close(self) -> None:
        self._sheet.close()
        self._book.close()


def number_format(column: Column) -> str:
    """As spreadsheets write it."""
    decimals = f".{'0' * column.places}" if column.places else ""
    return {
        Kind.TEXT: "@",
        Kind.INTEGER: "#,##0",
        Kind.YEAR: "0",
        Kind.NUMBER: f"#,##0{decimals}",
        Kind.MONEY: f"$#,##0{decimals};-$#,##0{decimals}",
        Kind.PERCENT: f"0{decimals}%",
        Kind.DATE: "yyyy-mm-dd",
        Kind.DATETIME: "yyyy-mm-dd hh:mm:ss",
        Kind.BOOLEAN: "General",
    }[column.kind]
