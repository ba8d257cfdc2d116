"""What a workbook holds besides its rows, as XlsxWriter makes it: parts, styles, heads of the sheets."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime

SHEET = "xl/worksheets/sheet{}.xml"
FIRST = ("_rels/.rels", "docProps/core.xml", "xl/theme/theme1.xml")
"""Parts that do not depend on the sheets. Programs recognize a workbook by the first members of its zip."""

_NUMBER_FORMATS = {"text": "@", "integer": "0", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss"}
_WIDTHS = {"integer": 12, "real": 14, "boolean": 8, "date": 12, "datetime": 24}
_NARROWEST, _WIDEST = 8, 40


@dataclass(frozen=True)
class Heading:
    """A column of a sheet. ``type`` is that of a plan's column; ``width`` is in characters, None where unknown."""

    name: str
    type: str
    width: int | None = None

    @property
    def characters(self) -> int:
        wanted = max(len(self.name) + 2, _WIDTHS.get(self.type, self.width or _WIDEST))
        return min(max(wanted, _NARROWEST), _WIDEST)


@dataclass(frozen=True)
class Worksheet:
    """``layer`` is the name of the layer whose rows it holds."""

    name: str
    layer: str
    headings: tuple[Heading, ...]


@dataclass(frozen=True)
class Frame:
    """``parts`` by their names in the zip; of the last sheet what stands before and after its rows, and the style of
    each of its columns."""

    parts: dict[str, bytes]
    before: str
    after: str
    styles: list[int]


def frame(sheets: list[Worksheet], title: str, changed_at: datetime) -> Frame:
    """The same sheets give the same frame, and further ones leave the parts of the first as they are."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": title, "created": changed_at})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in _NUMBER_FORMATS.items()}
    bold = book.add_format({"bold": True, "num_format": "@"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 0)
        page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        for i, heading in enumerate(sheet.headings):
            page.set_column(i, i, heading.characters, formats.get(heading.type))
            page.write_string(0, i, heading.name, bold)
    book.close()
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    # The range of the cells is not known yet, and need not be stated.
    last = re.sub(r'<dimension ref="[^"]*"/>', "", parts[SHEET.format(len(sheets))].decode())
    before, closing, after = last.partition("</sheetData>")
    return Frame(parts, before, closing + after, _styles(before, len(sheets[-1].headings)))


def _styles(before: str, columns: int) -> list[int]:
    """The index of each column's style, as the sheet declares it."""
    styles = [0] * columns
    for first, last, style in re.findall(r'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"', before):
        for i in range(int(first) - 1, int(last)):
            styles[i] = int(style)
    return styles
