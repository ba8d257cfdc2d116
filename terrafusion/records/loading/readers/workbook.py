"""Excel workbooks: each cell as the text that it shows when nothing is rounded, dates by the format of their cells."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows
from terrafusion.records.loading.readers.text_table import TextTable, about, header_at

_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))  # formats that Excel has built in
_DATE_CODE = re.compile(r"[ymdhs]", re.IGNORECASE)
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # a character that XML cannot hold
_MICROSECOND = 11  # decimals of a day that hold one
_WHOLE = 2.0**53
_NO_DAY = 60  # February 29, 1900
_SAMPLE = 30  # rows in which the header is looked for
Cells = list[str | None]


@dataclass
class WorkbookSource(TextTable):
    own: bool = False

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        with _Workbook(self.file) as book:
            rows = islice(book.rows(self.layer, self.own), self.skipped, None)
            width = len(self.header)
            while batch := [(row + [None] * width)[:width] for row in islice(rows, BATCH_ROWS)]:
                yield self.rows_of(batch, columns, geometry, [])


def layers(file: Path) -> list[str]:
    with _Workbook(file) as book:
        return list(book.sheets)


def open_workbook(path: Path, file: Path, layer: str, own: bool = False) -> WorkbookSource:
    """In our ``own`` a row may have no value, and names of columns may differ in case only."""
    with _Workbook(file) as book:
        sample = list(islice(book.rows(layer), _SAMPLE))
    above = header_at(sample)
    if above is None:
        raise LoadError(f"{path.name} has no row with the names of the columns in its sheet {layer!r}.")
    while sample[above] and not sample[above][-1]:
        sample[above].pop()
    return WorkbookSource(**about(path, sample, above, own), layer=layer, file=file, skipped=above + 1, own=own)


class _Workbook:
    def __init__(self, file: Path) -> None:
        self._archive = zipfile.ZipFile(file)
        targets = {one.get("Id"): one.get("Target", "") for one in self._root("xl/_rels/workbook.xml.rels")}
        book = self._root("xl/workbook.xml")
        properties = next((one for one in book if _tag(one) == "workbookPr"), None)
        self._early = properties is not None and properties.get("date1904") in {"1", "true"}
        self.sheets = {
            str(sheet.get("name")): "xl/" + targets[_id(sheet)].removeprefix("/").removeprefix("xl/")
            for part in book
            if _tag(part) == "sheets"
            for sheet in part
        }
        self._texts: list[str] = []
        self._dates: list[bool] = []

    def __enter__(self) -> _Workbook:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def rows(self, sheet: str, all_of_them: bool = False) -> Iterator[Cells]:
        """Rows that have a value, or all, with None for empty cells."""
        names = self._archive.namelist()
        if "xl/sharedStrings.xml" in names:
            with self._archive.open("xl/sharedStrings.xml") as stream:
                self._texts = [_text(one) for one in _elements(stream, "si")]
        if "xl/styles.xml" in names:
            self._dates = _styles(self._root("xl/styles.xml"))
        with self._archive.open(self.sheets[sheet]) as stream:
            for row in _elements(stream, "row"):
                cells: Cells = []
                for cell in row:
                    place = _column(cell.get("r")) if cell.get("r") else len(cells)
                    cells += [None] * (place - len(cells))
                    cells.append(self._value(cell))
                if all_of_them or any(cells):
                    yield cells

    def _value(self, cell: ElementTree.Element) -> str | None:
        kind = cell.get("t", "n")
        parts = {_tag(part): part for part in cell}
        if kind == "inlineStr":
            return _text(parts["is"]) if "is" in parts else None
        raw = parts["v"].text if "v" in parts else None
        if raw is None:
            return "#FORMULA" if "f" in parts else None  # never computed: no number, and no date
        if kind == "s":
            return self._texts[int(raw)]
        if kind == "b":
            return "true" if raw == "1" else "false"
        if kind != "n":
            return raw
        style = int(cell.get("s", "0"))
        number = float(raw)
        if style < len(self._dates) and self._dates[style]:
            return _date(number, self._early, len(raw.partition(".")[2]))
        return str(int(number)) if number.is_integer() and abs(number) < _WHOLE else repr(number)

    def _root(self, name: str) -> ElementTree.Element:
        with self._archive.open(name) as stream:
            return ElementTree.parse(stream).getroot()  # noqa: S314 - expat bounds what entities become


def _elements(stream: IO[bytes], tag: str) -> Iterator[ElementTree.Element]:
    """Each element of this name, which is forgotten afterwards."""
    root = None
    for event, element in ElementTree.iterparse(stream, ("start", "end")):  # noqa: S314 - as above
        if root is None:
            root = element
        elif event == "end" and _tag(element) == tag:
            yield element
            element.clear()
            if tag == "row":
                _forget(root)


def _forget(root: ElementTree.Element) -> None:
    for part in root:
        if _tag(part) == "sheetData":
            part.clear()


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _id(sheet: ElementTree.Element) -> str:
    return next(value for name, value in sheet.attrib.items() if name.endswith("}id"))


def _text(element: ElementTree.Element) -> str:
    """Runs of differently set text in one, without what says how to pronounce them."""
    if _tag(element) == "t":
        return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), element.text or "")
    return "".join(_text(part) for part in element if _tag(part) in {"t", "r"})


def _column(reference: str | None) -> int:
    place = 0
    for letter in re.sub(r"\d", "", reference or ""):
        place = 26 * place + ord(letter) - 64
    return place - 1


def _styles(root: ElementTree.Element) -> list[bool]:
    """Of each style of cells, whether it shows dates."""
    parts = {_tag(part): part for part in root}
    codes = {int(one.get("numFmtId", "0")): one.get("formatCode", "") for one in parts.get("numFmts", ())}
    flags = []
    for style in parts.get("cellXfs", ()):
        number = int(style.get("numFmtId", "0"))
        code = codes.get(number)
        flags.append(number in _DATES if code is None else bool(_DATE_CODE.search(_LITERAL.sub("", code))))
    return flags


def _date(serial: float, early: bool, decimals: int) -> str:
    """Days since the end of 1899, in which Excel counts a February 29, 1900; or since 1904. To the millisecond, or to
    the microsecond where the cell has so many decimals."""
    if int(serial) == _NO_DAY and not early:
        return repr(serial)
    start = datetime.datetime(1904, 1, 1) if early else datetime.datetime(1899, 12, 31 if serial < 60 else 30)
    seconds = round(serial * 86_400, 6 if decimals >= _MICROSECOND else 3)
    moment = start + datetime.timedelta(seconds=seconds)
    if 0 < serial < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if serial == int(serial) else moment.isoformat(sep=" ")
