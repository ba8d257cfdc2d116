"""CSV and other delimited text: its own lines, every cell as text, and no row whose fields do not match the header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.problems import Problem
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows
from terrafusion.records.loading.readers.text_table import INVISIBLE, TextTable, about, header_below_titles
from terrafusion.records.loading.text_form import TextForm
from terrafusion.words import counted

SUFFIXES = (".csv", ".txt", ".dsv", ".tsv", ".tab", ".psv")
_FIRST = {".tsv": "\t", ".tab": "\t", ".psv": "|"}
DELIMITERS = (",", "\t", ";", "|")
_HEAD, _SAMPLE_ROWS = 1 << 16, 20
_MAX_FIELD = 1 << 26  # characters: more is a quotation mark that is never closed, and must not fill the memory
_NO_ROW = re.compile(
    rf"[\s{INVISIBLE}]*$|\(?\d[\d,]* (rows?|records?)(\(s\))?( \w+)*\)?\.?$|Completion time: |SQL>|Query OK|"
    r"PL/SQL procedure |Commands completed|Warning: Null value is eliminated",
    re.IGNORECASE,
)
_NO_TEXT = (b"\x89PNG", b"%PDF", b"PK\x03\x04", b"SQLite format 3", b"\xd0\xcf\x11\xe0", b"GIF8", b"\xff\xd8\xff")
_RULE = re.compile(r"-{3,}$")

csv.field_size_limit(max(_MAX_FIELD, csv.field_size_limit()))


@dataclass
class DelimitedSource(TextTable):
    encoding: str = ""
    delimiter: str = ","

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        with _text(self.file, self.encoding) as stream:
            reader = _Reader(self, stream)
            while rows := reader.some():
                yield self._checked(rows, columns, geometry, reader.faults)

    def _checked(
        self, rows: Sequence[Sequence[str]], columns: Sequence[str], geometry: bool, faults: dict[int, str]
    ) -> Rows:
        width = len(self.header)
        problems = []
        counts = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        broken = np.zeros(len(rows), dtype=bool)
        broken[list(faults)] = True
        wrong = (counts != width) & ~broken
        if broken.any():
            problems.append(Problem(broken, "bad_quotes", faults.__getitem__))
        if wrong.any():
            detail = "it has {}, the header has {}".format
            problems.append(
                Problem(wrong, "field_count", lambda row: detail(counted(int(counts[row]), "field"), f"{width:,}"))
            )
        if problems:
            rows = [row if len(row) == width else [*row, *[""] * width][:width] for row in rows]
        return self.rows_of(rows, columns, geometry, problems)


class _Reader:
    """The rows below the header, without lines that are no rows, which are noted."""

    def __init__(self, source: DelimitedSource, stream: TextIO) -> None:
        self._source = source
        self._width = len(source.header)
        self._rows = csv.reader(stream, delimiter=source.delimiter, strict=True)
        self._number = 0
        for _ in range(source.skipped):
            next(self._rows)
        self.faults: dict[int, str] = {}  # in the rows that came last: index -> what is wrong with quotation marks

    def some(self) -> list[list[str]]:
        rows: list[list[str]] = []
        self.faults = {}
        while len(rows) < BATCH_ROWS:
            try:
                for row in self._rows:
                    if (len(row) != self._width or self._width == 1 or row[0][:3] == "---") and self._is_no_row(row):
                        continue
                    rows.append(row)
                    if len(rows) == BATCH_ROWS:
                        break
                else:
                    break
            except csv.Error as error:
                rows.append(self._broken(str(error), len(rows)))
        self._number += len(rows)
        return rows

    def _broken(self, error: str, index: int) -> list[str]:
        """A row that is refused. Raises ``LoadError`` where the quotation mark is never closed."""
        if "unexpected end" in error or "field limit" in error:
            lost = counted(self._rows.line_num - _last_line(self._source), "line")
            raise LoadError(
                f"{self._source.path.name} is damaged: after row {self._number + index:,} a quotation mark is not "
                f"closed ({lost})."
            )
        self.faults[index] = f"in line {self._rows.line_num} a quotation mark within a field is not doubled"
        return []

    def _is_no_row(self, row: list[str]) -> bool:
        if all(map(_RULE.match, row)) if len(row) == self._width else len(row) < 2 and _NO_ROW.match("".join(row)):
            pass
        elif self._width > 1 or not _NO_ROW.match(row[0]) or row == [""]:
            return False
        text = "".join(row).strip()
        if text:
            self._source.note(f"Line {self._rows.line_num} is left out, which is no row: {text[:40]!r}.")
        return True


def _last_line(source: DelimitedSource) -> int:
    """That of the last row before a quotation mark that is not closed."""
    last = 0
    with _text(source.file, source.encoding) as stream:
        rows = csv.reader(stream, delimiter=source.delimiter, strict=True)
        while True:
            try:
                for _ in rows:
                    last = rows.line_num
                return last
            except csv.Error as error:
                if "expected after" not in str(error):
                    return last


def open_text(path: Path, file: Path, layer: str, form: TextForm) -> DelimitedSource:
    """What ``form`` does not say is by the byte order mark, else UTF-8, and by the first lines."""
    encoding = form.encoding or _encoding(path, file)
    with _text(file, encoding) as stream:
        sample = stream.read(_HEAD)
        delimiter = form.delimiter or _delimiter(sample, file.suffix.lower())
        first = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _SAMPLE_ROWS))
        filled = [number for number, row in enumerate(first) if any(row)]
        rows = [first[number] for number in filled]
        place = header_below_titles(rows)
        if rows:  # the sample may end within the header
            stream.seek(0)
            rows[place] = next(islice(csv.reader(stream, delimiter=delimiter), filled[place], None))
    return DelimitedSource(
        **about(path, rows, place),
        layer=layer,
        file=file,
        skipped=filled[place] + 1,
        encoding=encoding,
        delimiter=delimiter,
        guarded=form.guarded,
    )


def _text(file: Path, encoding: str) -> TextIO:
    utf8 = encoding in {"utf-8", "utf-8-sig"}
    return file.open(encoding="utf-8-sig" if utf8 else encoding, errors="surrogateescape" if utf8 else None, newline="")


def _encoding(path: Path, file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in head.split(b"\n")[0] or 2 * head.count(b"\x00") > len(head) or head.startswith(_NO_TEXT):
        raise LoadError(
            f"{path.name} is not delimited text: it holds bytes that no text has (name UTF-16 as the mapping's "
            "encoding)."
        )
    return "utf-8"


def _delimiter(sample: str, suffix: str) -> str:
    """The one that most of the first lines agree on; of equals the one with most fields, then the usual one."""
    order = sorted(DELIMITERS, key=lambda one: one != _FIRST.get(suffix, ","))

    def fitness(delimiter: str) -> tuple[bool, float, int]:
        rows = [row for row in islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), 20) if row]
        rows = rows[header_below_titles(rows) :]
        width = len(rows[0]) if rows else 0
        return width > 1, sum(len(row) == width for row in rows) / max(len(rows), 1), width

    return max(order, key=fitness)
