"""ESRI Shapefile (ESRI white paper, 1998), zipped with a crosswalk of its field names."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats.base import Reader, Written
from gis_export.formats.native import NativeFormat, count
from gis_export.plan import Column, LayerPlan, Loss
from gis_export.writer.errors import FormatLimitExceeded

if TYPE_CHECKING:
    import pyarrow as pa

NAME_LENGTH = 10
TEXT_BYTES = 254
FILE_BYTES = 2**31 - 1
_NUMBER_BYTES = 24  # the widest column that GDAL gives a number
_WIDTH = b"GDAL:OGR:width"
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


class Shapefile(NativeFormat):
    name = "Shapefile"
    label = "ESRI Shapefile"
    extension = "shp"
    media_type = "application/zip"
    description = "A zip with .shp, .shx, .dbf, .prj and .cpg for each layer, for older software."
    notes = (
        f"Field names have at most {NAME_LENGTH} characters; a layer's _fields.csv in the zip tells the full ones.",
        f"Text is UTF-8 and cut at {TEXT_BYTES} bytes, never inside a character; cuts are counted in the loss report.",
        "A date-time becomes a date, and a text with the whole of it.",
        "A layer whose .shp or .dbf would pass 2 GB is refused before the work starts.",
    )
    always_zip = True
    driver = "ESRI Shapefile"
    layer_options = {"ENCODING": "UTF-8", "SPATIAL_INDEX": "NO"}
    bytes_per_record = 250

    def write(self, reader: Reader, path: Path) -> Written:
        layer = reader.layer
        path = path.with_suffix(".shp")
        texts = {i: column for i, column in enumerate(layer.columns) if column.type == "text"}
        measured = reader.row(
            "SELECT count(*) AS records, coalesce(sum(ST_MemSize(g)), 0)::bigint AS geometry_bytes"
            + "".join(
                f", coalesce(max(octet_length(c{i})), 0) AS w{i}, "
                f"count(*) FILTER (WHERE octet_length(c{i}) > {TEXT_BYTES}) AS n{i}"
                for i in texts
            )
        )
        widths = {i: min(max(int(measured[f"w{i}"]), 1), TEXT_BYTES) for i in texts}
        self._refuse_too_large(layer, measured, widths)
        export = _Export(layer, widths)
        export.write_arrow(reader, path)
        path.with_suffix(".cpg").write_text("UTF-8")  # GDAL writes none for an empty layer
        cut = [
            Loss(
                layer.name, "truncated", f"Cut at {TEXT_BYTES} bytes.", field=column.name, count=int(measured[f"n{i}"])
            )
            for i, column in texts.items()
            if measured[f"n{i}"]
        ]
        crosswalk = path.with_name(f"{path.stem}_fields.csv")
        _write_crosswalk(crosswalk, layer, export.names)
        parts = [path.with_suffix(suffix) for suffix in _PARTS]
        return Written([*parts, crosswalk], count(path, None), [*export.losses(), *cut])

    @staticmethod
    def _refuse_too_large(layer: LayerPlan, measured: dict[str, int], widths: dict[int, int]) -> None:
        record = 1 + sum(widths.get(i, _NUMBER_BYTES) for i in range(len(layer.columns)))
        for suffix, size in ((".dbf", measured["records"] * record), (".shp", measured["geometry_bytes"])):
            if size > FILE_BYTES:
                raise FormatLimitExceeded(
                    f"The {suffix} of layer {layer.name} would have about {size / 1e9:.1f} GB, and a Shapefile can "
                    "hold 2 GB: choose a smaller area, fewer fields, or GeoPackage."
                )


class _Export(Shapefile):
    """One layer's columns: short names, exact text widths, date-times split in two."""

    def __init__(self, layer: LayerPlan, widths: dict[int, int]) -> None:
        self.layer = layer
        self.widths = widths
        self.names = short_names(layer.columns)

    def columns(self, layer: LayerPlan) -> list[tuple[str, str]]:
        found = []
        for i, (column, names) in enumerate(zip(layer.columns, self.names, strict=True)):
            if column.type == "datetime":
                found += [(names[0], f"c{i}::date"), (names[1], f"to_json(c{i}) #>> '{{}}'")]
            else:
                found.append((names[0], f"c{i}"))
        return found

    def schema(self, schema: pa.Schema) -> pa.Schema:
        for i, width in self.widths.items():
            at = schema.get_field_index(self.names[i][0])
            schema = schema.set(at, schema.field(at).with_metadata({_WIDTH: str(width).encode()}))
        return schema

    def convert(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        for i, width in self.widths.items():
            if width == TEXT_BYTES:
                at = schema.get_field_index(self.names[i][0])
                batch = batch.set_column(at, schema.field(at), _cut(batch.column(at)))
        return batch

    def losses(self) -> list[Loss]:
        found = []
        for column, names in zip(self.layer.columns, self.names, strict=True):
            if names[0] != column.name:
                found.append(Loss(self.layer.name, "renamed", f"Named {names[0]}.", field=column.name))
            if column.type == "datetime":
                detail = f"The date is in {names[0]}, the whole as text in {names[1]}."
                found.append(Loss(self.layer.name, "retyped", detail, field=column.name))
            if column.type == "real":
                detail = "Written with at most 15 significant digits."
                found.append(Loss(self.layer.name, "retyped", detail, field=column.name))
        return found


def short_names(columns: tuple[Column, ...]) -> list[tuple[str, ...]]:
    """Unique names of at most ``NAME_LENGTH`` bytes for each column; a date-time has two.

    The registry's own short name comes first; otherwise the name is cut, and numbered where two would be alike.
    """
    taken: set[str] = set()

    def claim(wanted: str) -> str:
        plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in wanted)
        name, number = plain[:NAME_LENGTH], 1
        while name.upper() in taken:  # dBASE tells no case
            number += 1
            name = f"{plain[: NAME_LENGTH - len(str(number)) - 1]}_{number}"
        taken.add(name.upper())
        return name

    return [
        (claim(column.short_name or column.name), claim((column.short_name or column.name)[:8] + "_T"))
        if column.type == "datetime"
        else (claim(column.short_name or column.name),)
        for column in columns
    ]


def _cut(texts: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= TEXT_BYTES:
        return texts
    return pa.array([cut(text) if text is not None else None for text in texts.to_pylist()], texts.type)


def cut(text: str) -> str:
    """At most ``TEXT_BYTES`` bytes of UTF-8, whole characters only."""
    return text.encode()[:TEXT_BYTES].decode(errors="ignore")


def _write_crosswalk(path: Path, layer: LayerPlan, names: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["shapefile_field", "field", "type"])
        for column, short in zip(layer.columns, names, strict=True):
            rows.writerows([name, column.name, column.type] for name in short)


FORMAT = Shapefile()
