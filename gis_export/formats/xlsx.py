"""Excel workbooks (ISO/IEC 29500): XlsxWriter makes the frame, and the rows go into its sheets as a stream of text."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gis_export.formats.base import Limit, Reader, free_name
from gis_export.formats.sizes import Size
from gis_export.formats.tables import GEOMETRY, geometry_columns, geometry_loss
from gis_export.formats.text import Piece, Sink, TextFormat, Value, contains, replaced
from gis_export.formats.xlsx_frame import FIRST, SHEET, Heading, Worksheet, frame
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa

    from gis_export.content import Content, Recorded


ROWS = 1_048_576
"""Of a sheet, its head included."""
TEXT_UNITS = 32_767
"""UTF-16 code units of a cell."""
NAME_LENGTH = 31
DIGITS = 15
_DAYS_TO_1970 = 25_569  # the serial number of 1970-01-01
# Programs disagree about days before this one, for Excel believes that there was a 1900-02-29.
_FIRST_DAY, _LAST_DAY = 61, 2_958_465  # 1900-03-01 and 9999-12-31
_MICROSECONDS = 86_400e6  # of a day
# Characters that XML cannot hold or changes, as ISO/IEC 29500-1 section 22.9.2.19 writes them.
_ESCAPED = {
    chr(code): f"_x{code:04X}_" for code in (*(code for code in range(1, 32) if code not in (9, 10)), 0xFFFE, 0xFFFF)
}
_LIKE_ESCAPED = "_x[0-9A-Fa-f]{4}_"
_TEXT = (' t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>")
_NUMBER = ("><v>", "</v></c>")


@dataclass(frozen=True)
class Cell(Value):
    """A value that is no text, though some of its kind may have to be: ``kind`` is the type of ``field``."""

    kind: str = ""
    field: str = ""


class XLSX(TextFormat):
    name = "XLSX"
    label = "Excel workbook"
    extension = "xlsx"
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    description = "A workbook with a sheet for each layer, its cells typed, for Excel and other spreadsheets."
    notes = (
        "Text stays text, so that parcel numbers keep their zeros and nothing is ever run as a formula.",
        "Numbers have all their digits; date-times are in UTC, to the microsecond.",
        f"A sheet has at most {ROWS:,} rows, the first of which is its head; a longer layer goes on in further sheets.",
        "The geometry is well-known text in the last column, unless the option asks for something else.",
    )
    options = (GEOMETRY,)
    limits = (
        Limit("rows of a sheet", ROWS, "More go on in further sheets."),
        Limit("UTF-16 units of a text", TEXT_UNITS, "A longer one is cut, and counted; a longer geometry is left out."),
        Limit("digits of a whole number", DIGITS, "One with more is written as text, and counted."),
        Limit("characters of a sheet's name", NAME_LENGTH, "A longer one is shortened."),
        Limit("bytes of a sheet before it is packed", 2**32 - 1, "More are refused: not every program reads them."),
    )
    may_lose = {
        "renamed": "The sheet has another name than its layer.",
        "retyped": f"Whole numbers of more than {DIGITS} digits and dates before 1900-03-01 are text, for spreadsheets "
        "have no exact ones.",
        "truncated": f"A text is cut at {TEXT_UNITS:,} UTF-16 units.",
        "split": "A layer goes on in further sheets.",
        "dropped": "Numbers that are none, such as NaN; a geometry whose text is too long for a cell; geometries, or "
        "all of them but a point, where the option geometry asks for it.",
    }
    multi_layer = True
    size = Size(file=8000, field=0, packed_file=8000, packed_field=14)
    deflated = True
    marker = b"<row "
    not_finite = {}

    def open(self, path: Path, layers: tuple[LayerPlan, ...]) -> Sink:
        from gis_export.writer.package import ZippedFile, changed_at

        title = ", ".join(layer.title for layer in layers)
        self._frame = partial(frame, title=title, changed_at=changed_at(layers).replace(tzinfo=None))
        self._sheets: list[Worksheet] = []
        self._zip = ZippedFile(path, changed_at(layers))
        return self._zip

    def header(self, layer: LayerPlan) -> str:
        return self._begin_sheet(layer)

    def feature(self, layer: LayerPlan) -> list[Piece]:
        from xlsxwriter.utility import xl_col_to_name

        styles = [f' s="{style}"' if style else "" for style in self._made.styles]
        return _row(layer, [(xl_col_to_name(i), style) for i, style in enumerate(styles)])

    def sampled_feature(self, layer: LayerPlan) -> list[Piece]:
        return _row(layer, [("AB", ' s="1"')] * len(_headings(layer)))

    def portions(self, layer: LayerPlan, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        while batch.num_rows > (room := ROWS - self._rows):
            yield batch.slice(0, room)
            batch = batch.slice(room)
            self.put(self._made.after)
            self.put(self._begin_sheet(layer))
        self._rows += batch.num_rows
        yield batch

    def footer(self, reader: Reader) -> str:
        return self._made.after

    def finish(self, path: Path) -> str:
        for name, content in self._made.parts.items():
            if name not in FIRST and not name.startswith("xl/worksheets/"):
                self._zip.begin(name)
                self._zip.write(memoryview(content))
        return super().finish(path)

    def escape(self, texts: pa.StringArray, counts: Counter[str]) -> pa.StringArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        if (pc.max(pc.binary_length(texts)).as_py() or 0) > TEXT_UNITS:
            cut = pa.array([text and _cut(text) for text in texts.to_pylist()], texts.type)
            counts["cut"] += pc.sum(pc.not_equal(cut, texts)).as_py() or 0
            texts = cut
        if contains(texts, b"_"):
            like = pc.match_substring_regex(texts, _LIKE_ESCAPED)
            if pc.any(like).as_py():
                texts = pc.if_else(like, pc.replace_substring(texts, "_x", "_x005F_x"), texts)
        return replaced(texts, {"&": "&amp;", "<": "&lt;", ">": "&gt;", **_ESCAPED})

    def parts(self, values: pa.Array, piece: Value, counts: Counter[str]) -> list[Any]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if not isinstance(piece, Cell):
            return super().parts(values, piece, counts)
        if piece.kind == "geometry":
            fits = pc.less_equal(pc.binary_length(values), TEXT_UNITS)
            counts["geometries"] += pc.sum(pc.invert(fits)).as_py() or 0
            return super().parts(pc.if_else(fits, values, None), piece, counts)
        numbers, texts, fits = _serial(values, piece.kind)
        if pc.all(fits).as_py() is not False:
            return super().parts(pc.cast(numbers, pa.string()), piece, counts)
        counts[f"text {piece.field}"] += pc.sum(pc.invert(fits)).as_py()
        whole = [
            pc.binary_join_element_wise(prefix, pc.cast(cells, pa.string()), suffix, "", null_handling="emit_null")
            for cells, (prefix, suffix) in ((numbers, _NUMBER), (texts, _TEXT))
        ]
        return [pc.fill_null(pc.if_else(fits, *whole), piece.absent)]

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        losses = []
        names = [sheet.name for sheet in self._sheets if sheet.layer == layer.name]
        if names[0] != layer.name:
            losses.append(Loss(layer.name, "renamed", f"The sheet is named {names[0]}.", becomes=names[0]))
        if len(names) > 1:
            losses.append(Loss(layer.name, "split", f"It goes on in {', '.join(names[1:])}.", count=len(names) - 1))
        for column in layer.columns:
            if number := counts[f"text {column.name}"]:
                losses.append(Loss(layer.name, "retyped", _AS_TEXT[column.type], field=column.name, count=number))
        for key, kind, detail in (
            ("cut", "truncated", f"Cut at {TEXT_UNITS:,} UTF-16 units."),
            ("not_finite", "dropped", "Numbers that are none, such as NaN, were left out."),
            ("geometries", "dropped", f"Geometries of more than {TEXT_UNITS:,} characters were left out."),
        ):
            if counts[key]:
                losses.append(Loss(layer.name, kind, detail, count=counts[key]))
        return [*losses, *geometry_loss(layer)]

    def _begin_sheet(self, layer: LayerPlan) -> str:
        """Begin the next sheet of the layer; what stands before its rows."""
        again = sum(sheet.layer == layer.name for sheet in self._sheets) + 1
        wanted = layer.name if again == 1 else f"{layer.name[: NAME_LENGTH - 4]} ({again})"
        taken = [*(sheet.name for sheet in self._sheets), "history"]
        name = free_name(wanted[:NAME_LENGTH], taken, NAME_LENGTH)
        self._sheets.append(Worksheet(name, layer.name, _headings(layer)))
        self._made = self._frame(self._sheets)
        if len(self._sheets) == 1:
            for part in FIRST:
                self._zip.begin(part)
                self._zip.write(memoryview(self._made.parts[part]))
        self._zip.begin(SHEET.format(len(self._sheets)))
        self._rows = 1
        return self._made.before

    def verify(self, path: Path, recorded: Recorded) -> Content:
        """The layer's sheet, and those in which it goes on, which are named like it with a number."""
        import pyarrow as pa
        import pyogrio
        import pyogrio.raw
        import shapely

        from gis_export.content import Content

        content = Content()
        with warnings.catch_warnings(action="ignore"):
            names = [str(name) for name, _ in pyogrio.list_layers(path)]
            further = re.compile(rf"{re.escape(recorded.layer[: NAME_LENGTH - 4])} \(\d+\)")
            for name in [name for name in names if name == recorded.layer or further.fullmatch(name)]:
                meta, _, _, columns = pyogrio.raw.read(path, layer=name, read_geometry=False)
                if len(columns[0]) == 1 and list(meta["fields"]) == [f"Field{i + 1}" for i in range(len(columns))]:
                    continue  # GDAL takes the head of a sheet without records for one
                values = dict(zip(meta["fields"], columns, strict=True))
                texts = values[meta["fields"][-1]] if recorded.options.get("geometry", "wkt") == "wkt" else None
                content.records += len(columns[0])
                sums = {total: pa.array(values[there], from_pandas=True) for total, there in recorded.sums.items()}
                content.add(None if texts is None else shapely.from_wkt([text or None for text in texts]), sums)
        return content


_AS_TEXT = {
    "integer": f"Whole numbers of more than {DIGITS} digits are text.",
    "date": "Dates before 1900-03-01 are text.",
    "datetime": "Date-times before 1900-03-01 are text.",
}


def _row(layer: LayerPlan, places: list[tuple[str, str]]) -> list[Piece]:
    """``places`` are the letters of each column, and its style."""
    row = Value(f"(row_number() OVER () - 1) % {ROWS - 1} + 2", type="integer")
    pieces: list[Piece] = ['<row r="', row, '">']
    for (letters, style), sql, heading in zip(places, _sql(layer), _headings(layer), strict=True):
        pieces += [f'<c r="{letters}', row, '"' + style, _cell(sql, heading)]
    return [*pieces, "</row>\n"]


def _headings(layer: LayerPlan) -> tuple[Heading, ...]:
    fields = [Heading(column.name, column.type, column.width) for column in layer.columns]
    shapes = [
        Heading(name, "geometry" if sql.startswith("ST_AsText") else "real") for name, sql in geometry_columns(layer)
    ]
    return (*fields, *shapes)


def _sql(layer: LayerPlan) -> list[str]:
    fields = [f"c{i}::int" if column.type == "boolean" else f"c{i}" for i, column in enumerate(layer.columns)]
    return [*fields, *(sql for _, sql in geometry_columns(layer))]


def _cell(sql: str, heading: Heading) -> Value:
    """From after the style on."""
    if heading.type == "text":
        return Value(sql, *_TEXT, "/>", type="text")
    if heading.type == "boolean":
        return Value(sql, ' t="b"><v>', "</v></c>", "/>", type="boolean")
    if heading.type == "real":
        return Value(sql, *_NUMBER, "/>", type="real")
    around = _TEXT if heading.type == "geometry" else _NUMBER
    return Cell(sql, *around, "/>", kind=heading.type, field=heading.name)


def _serial(values: pa.Array, kind: str) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Whole numbers, dates or date-times as numbers of a cell, as texts, and whether a number can be exact."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind == "integer":
        largest = 10**DIGITS - 1
        return values, values, pc.and_(pc.greater_equal(values, -largest), pc.less_equal(values, largest))
    if kind == "date":
        numbers = pc.add(pc.cast(values, pa.int32()), _DAYS_TO_1970)
        texts = pc.cast(values, pa.string())
    else:
        passed = pc.cast(pc.cast(values, pa.int64()), pa.float64(), safe=False)
        numbers = pc.add(pc.divide(passed, _MICROSECONDS), float(_DAYS_TO_1970))
        texts = pc.strftime(values, "%Y-%m-%dT%H:%M:%SZ")
    return numbers, texts, pc.and_(pc.greater_equal(numbers, _FIRST_DAY), pc.less(numbers, _LAST_DAY + 1))


def _cut(text: str) -> str:
    """Its first ``TEXT_UNITS`` UTF-16 units, whole characters only."""
    return text.encode("utf-16-le")[: 2 * TEXT_UNITS].decode("utf-16-le", "ignore")


FORMAT = XLSX()
