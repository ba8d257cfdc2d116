"""ESRI Shapefile (ESRI white paper, 1998), zipped with a crosswalk of its field names."""

from __future__ import annotations

import csv
import struct
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gis_export.formats import fixed_width
from gis_export.formats.base import EMPTY_GEOMETRY, Limit, Reader, Written, free_name
from gis_export.formats.fixed_width import TEXT_BYTES
from gis_export.formats.native import NativeFormat
from gis_export.formats.sizes import Size
from gis_export.plan import ColumnPlan, LayerPlan, Loss
from gis_export.writer.errors import FormatLimitReached
from terrafusion.words import counted

if TYPE_CHECKING:
    import pyarrow as pa

NAME_LENGTH = 10
FILE_BYTES = 2**31 - 1
MAX_FIELDS = 255
_NUMBER_BYTES = 24  # of the columns that GDAL gives real numbers, with 15 decimals
_REAL_LIMIT = "1e22"  # GDAL cuts the digits of a greater one without a word
_INTEGER_DIGITS = 18
_DBF_FIELDS_AT = _DBF_FIELD = 32
"""Where a .dbf describes its fields, and the bytes of a description: its type is in the 12th, its width in the 17th."""
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


class Shapefile(NativeFormat):
    name = "Shapefile"
    label = "ESRI Shapefile"
    extension = "shp"
    media_type = "application/zip"
    description = "A zip with .shp, .shx, .dbf, .prj and .cpg for each layer, for older software."
    notes = (
        f"Field names have at most {NAME_LENGTH} characters; a layer's _fields.csv in the zip lists the full ones.",
        f"Text is UTF-8 and cut at {TEXT_BYTES} bytes, never inside a character; cuts are counted in the loss report.",
        "A date-time becomes a date, and a text with the whole of it.",
        "A layer whose .shp or .dbf would pass 2 GB is refused before the work starts.",
    )
    limits = (
        Limit("bytes of a field's name", NAME_LENGTH, "A longer one is shortened; the crosswalk lists both."),
        Limit("bytes of a text", TEXT_BYTES, "A longer one is cut, and counted."),
        Limit(
            "digits of a whole number", _INTEGER_DIGITS, "A field with longer ones is read as real by most programs."
        ),
        Limit("fields of a layer", MAX_FIELDS, "More are refused."),
        Limit("bytes of the .shp, and of the .dbf", FILE_BYTES, "More are refused."),
    )
    may_lose = {
        "renamed": "A field's name is longer than the format allows, or not ASCII.",
        "retyped": "A date-time is a date and a text; real numbers have 15 decimals.",
        "truncated": fixed_width.TOO_LONG,
        "altered": f"An empty text is read as absent, and blanks at a text's end are not read. {EMPTY_GEOMETRY}",
        "dropped": f"Numbers of {_REAL_LIMIT} and more are left out.",
    }
    always_zip = True
    driver = "ESRI Shapefile"
    layer_options = {"ENCODING": "UTF-8", "SPATIAL_INDEX": "NO"}
    size = Size(file=0, field=0, packed_file=1500, packed_field=30, packed_record=24)

    def write(self, reader: Reader, path: Path) -> Written:
        layer = reader.layer
        path = path.with_suffix(".shp")
        measured = reader.row(f"SELECT {', '.join(_measures(layer))}")
        widths = _widths(layer, measured)
        self._refuse_too_large(layer, measured, widths)
        export = _Export(layer, widths)
        export.write_arrow(reader, path)
        if any(early for name, early in measured.items() if name.startswith("early")):
            _fill_years(path.with_suffix(".dbf"))
        path.with_suffix(".cpg").write_text("UTF-8")  # GDAL writes none for an empty layer
        crosswalk = path.with_name(f"{path.stem}_fields.csv")
        _write_crosswalk(crosswalk, layer, export.names)
        parts = [path.with_suffix(suffix) for suffix in _PARTS]
        counted = fixed_width.counted(
            layer,
            measured | export.blanks,
            ("altered", "blank", "Empty texts are read as absent, and blanks at the end are not read."),
            ("dropped", "beyond", f"Numbers of {_REAL_LIMIT} and more do not fit."),
        )
        losses = [*export.losses(layer), *counted]
        return self.written([*parts, crosswalk], path, None, losses)

    @staticmethod
    def _refuse_too_large(layer: LayerPlan, measured: dict[str, Any], widths: dict[int, int]) -> None:
        if len(layer.columns) > MAX_FIELDS:
            raise FormatLimitReached(
                f"Layer {layer.name} has {counted(len(layer.columns), 'field')}, and a Shapefile can hold "
                f"{MAX_FIELDS}: choose fewer, or GeoPackage."
            )
        record = 1 + sum(widths.get(i, _NUMBER_BYTES) for i in range(len(layer.columns)))
        for suffix, size in ((".dbf", measured["records"] * record), (".shp", measured["geometry_bytes"])):
            if size > FILE_BYTES:
                raise FormatLimitReached(
                    f"The {suffix} of layer {layer.name} would have about {size / 1e9:.1f} GB, and a Shapefile can "
                    "hold 2 GB: choose a smaller area, fewer fields, or GeoPackage."
                )


def _measures(layer: LayerPlan) -> list[str]:
    """SQL of what must be known of the values before the file is begun."""
    expressions = [
        "count(*) AS records",
        "coalesce(sum(ST_MemSize(g)), 0)::bigint AS geometry_bytes",
        *fixed_width.measures(layer),
    ]
    for i, column in enumerate(layer.columns):
        if column.type == "integer":
            expressions += [f"min(c{i})::text AS min{i}", f"max(c{i})::text AS max{i}"]
        elif column.type in ("date", "datetime"):
            expressions.append(f"coalesce(bool_or(c{i} < '1000-01-01'), FALSE) AS early{i}")
        elif column.type == "real":
            expressions.append(f"count(*) FILTER (WHERE NOT {_fits(i)}) AS beyond{i}")
    return expressions


def _fits(index: int) -> str:
    return f"abs(c{index}) < {_REAL_LIMIT}"  # NaN is greater than any number


def _widths(layer: LayerPlan, measured: dict[str, Any]) -> dict[int, int]:
    """Bytes of each text and whole number. A whole number that is declared with more than 18 digits is read as a real
    one."""
    widths = {}
    for i, column in enumerate(layer.columns):
        if column.type == "text":
            widths[i] = fixed_width.text_width(measured, i)
        elif column.type == "integer":
            widths[i] = max(len(measured[f"min{i}"] or "0"), len(measured[f"max{i}"] or "0"))
    return widths


class _Export(Shapefile):
    """One layer's columns: short names, exact widths, date-times split in two."""

    def __init__(self, layer: LayerPlan, widths: dict[int, int]) -> None:
        self.widths = widths
        self.names = short_names(layer.columns)
        self.texts = [i for i, column in enumerate(layer.columns) if column.type == "text"]
        self.blanks: Counter[str] = Counter()

    def columns(self, layer: LayerPlan) -> list[tuple[str, str]]:
        expressions = []
        for i, (column, names) in enumerate(zip(layer.columns, self.names, strict=True)):
            if column.type == "datetime":
                expressions += [(names[0], f"c{i}::date"), (names[1], f"to_json(c{i}) #>> '{{}}'")]
            else:
                expressions.append(
                    (names[0], f"CASE WHEN {_fits(i)} THEN c{i} END" if column.type == "real" else f"c{i}")
                )
        return expressions

    def schema(self, schema: pa.Schema) -> pa.Schema:
        return fixed_width.with_widths(schema, {self.names[i][0]: width for i, width in self.widths.items()})

    def convert(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        for i in self.texts:
            at = schema.get_field_index(self.names[i][0])
            # Counted here, for it costs PostgreSQL ten times as much.
            self.blanks[f"blank{i}"] += _blanks(batch.column(at))
            if self.widths[i] == TEXT_BYTES:
                batch = batch.set_column(at, schema.field(at), fixed_width.cut_texts(batch.column(at)))
        return batch

    def losses(self, layer: LayerPlan) -> list[Loss]:
        losses = []
        for i, (column, names) in enumerate(zip(layer.columns, self.names, strict=True)):
            if names[0] != column.name:
                losses.append(Loss(layer.name, "renamed", f"Named {names[0]}.", field=column.name, becomes=names[0]))
            if column.type == "datetime":
                detail = f"The date is in {names[0]}, the whole as text in {names[1]}."
                losses.append(Loss(layer.name, "retyped", detail, field=column.name, becomes=names[1]))
            if column.type == "real":
                detail = "Written with 15 decimals."
                losses.append(Loss(layer.name, "retyped", detail, field=column.name))
            if column.type == "integer" and self.widths[i] > _INTEGER_DIGITS:
                detail = f"Whole numbers of more than {_INTEGER_DIGITS} digits are read as real by most programs."
                losses.append(Loss(layer.name, "retyped", detail, field=column.name))
        return losses


def short_names(columns: tuple[ColumnPlan, ...]) -> list[tuple[str, ...]]:
    """Unique names of at most ``NAME_LENGTH`` bytes for each column; a date-time has two.

    The registry's own short name comes first; otherwise the name is cut, and numbered where two would be alike.
    """
    taken: list[str] = []

    def claim(wanted: str) -> str:
        plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in wanted)
        taken.append(free_name(plain[:NAME_LENGTH], taken, NAME_LENGTH))
        return taken[-1]

    return [
        (claim(column.short_name or column.name), claim((column.short_name or column.name)[:8] + "_T"))
        if column.type == "datetime"
        else (claim(column.short_name or column.name),)
        for column in columns
    ]


def _blanks(texts: pa.Array) -> int:
    """How many are empty or end with a blank."""
    import pyarrow.compute as pc

    return int(pc.sum(pc.or_(pc.equal(texts, ""), pc.ends_with(texts, " "))).as_py() or 0)


def _fill_years(table: Path) -> None:
    """Put zeros before years that have fewer than four digits, where GDAL writes blanks."""
    import numpy as np

    with table.open("rb") as file:
        records, start, length = struct.unpack_from("<IHH", file.read(_DBF_FIELDS_AT), 4)
        described = file.read(start - _DBF_FIELDS_AT - 1)
    rows = np.memmap(table, np.uint8, "r+", start, (records, length))
    at = 1
    for first in range(0, len(described), _DBF_FIELD):
        kind, width = described[first + 11], described[first + 16]
        if kind == ord("D"):
            dates = rows[:, at : at + width]
            blank = dates == ord(" ")
            dates[blank & ~blank.all(axis=1)[:, None]] = ord("0")
        at += width
    rows.flush()


def _write_crosswalk(path: Path, layer: LayerPlan, names: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["shapefile_field", "field", "type"])
        for column, short in zip(layer.columns, names, strict=True):
            rows.writerows([name, column.name, column.type] for name in short)


FORMAT = Shapefile()
