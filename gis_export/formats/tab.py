"""MapInfo TAB, as GDAL writes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gis_export.formats import fixed_width, moments
from gis_export.formats.base import EMPTY_GEOMETRY, Limit, Reader, Written, free_name
from gis_export.formats.fixed_width import TEXT_BYTES
from gis_export.formats.native import NativeFormat
from gis_export.formats.sizes import Size
from gis_export.plan import LayerPlan, Loss
from gis_export.writer.errors import FormatLimitReached
from terrafusion.words import counted

if TYPE_CHECKING:
    import pyarrow as pa
    from pyproj import CRS

NAME_LENGTH = 31
MAX_FIELDS = 250
_PARTS = (".tab", ".dat", ".map", ".id")
_INT32, _EXACT = 2**31 - 1, 2**53  # of whole numbers: as such, and as a double
_DIGITS = 20  # of a 64-bit integer with its sign
_MARGIN = 0.01  # round the layer's extent, as a part of it
_ABSENT = {"text": "empty", "integer": "0, or as empty where the field is text", "real": "0", "boolean": "false"}
# Of the grid, along the extent, at least.
_CELLS = 1e9


class TAB(NativeFormat):
    name = "TAB"
    label = "MapInfo TAB"
    extension = "tab"
    media_type = "application/zip"
    description = "A zip with .tab, .dat, .map, .id and .prj for each layer, for MapInfo Pro."
    notes = (
        "Text is UTF-8, which MapInfo Pro reads since 15.2.",
        "A field of whole numbers beyond 2**31 is real, and beyond 2**53 text: the 64-bit type that MapInfo Pro knows "
        "since 15.2 leaves the whole file unreadable for GDAL before 3.8, and QGIS with it.",
        "The format has no absent texts and numbers: they are read as empty, 0 and false, and counted.",
        "It knows few datums: the .prj beside it names the CRS exactly.",
    )
    limits = (
        Limit("characters of a field's name", NAME_LENGTH, "A longer one is shortened."),
        Limit("bytes of a text", TEXT_BYTES, "A longer one is cut, and counted."),
        Limit("fields of a layer", MAX_FIELDS, "More are refused."),
    )
    may_lose = {
        "renamed": "A field's name is longer than the format allows, is not made of ASCII letters, digits and "
        "underscores, or differs from another's in case only.",
        "retyped": "Whole numbers beyond 2**31 are real, and beyond 2**53 text.",
        "truncated": fixed_width.TOO_LONG,
        "altered": "Absent texts, numbers, true and false are read as empty, 0 and false. Coordinates lie on a grid of "
        f"a two-thousand-millionth of the layer's extent. Programs may take another datum for that of the CRS. "
        f"{EMPTY_GEOMETRY} {moments.ROUNDED}",
        "split": "A record of several points becomes one of each, for GDAL writes no others.",
        "dropped": "Numbers that are none, such as NaN, are read as 0.",
    }
    always_zip = True
    parts_as_records = True
    driver = "MapInfo File"
    geometry = "CASE WHEN NOT ST_IsEmpty(g) THEN ST_AsBinary(g) END"
    size = Size(file=0, field=0, packed_file=3000, packed_field=20, packed_record=20, packed_vertex=6)

    def write(self, reader: Reader, path: Path) -> Written:
        import pyproj

        layer = reader.layer
        if len(layer.columns) > MAX_FIELDS:
            raise FormatLimitReached(
                f"Layer {layer.name} has {counted(len(layer.columns), 'field')}, and a TAB can hold {MAX_FIELDS}: "
                "choose fewer, or GeoPackage."
            )
        measured = reader.row(f"SELECT {', '.join(_measures(layer))}")
        export = _Export(layer, measured)
        export.write_arrow(reader, path)
        crs = pyproj.CRS.from_epsg(layer.srid)
        beside = path.with_suffix(".prj")
        beside.write_text(crs.to_wkt("WKT1_ESRI"), encoding="utf-8")
        files = [*(path.with_suffix(suffix) for suffix in _PARTS), beside]
        absent = [
            ("altered", f"absent_{kind}", f"What is absent is read as {instead}.") for kind, instead in _ABSENT.items()
        ]
        none = ("dropped", "none", "Numbers that are none are read as 0.")
        losses = [
            *export.losses(layer),
            *_wide(layer, measured),
            *fixed_width.counted(layer, measured, *absent, none),
            Loss(layer.name, "altered", "Coordinates lie on the file's grid."),
            *_datum(layer, path, crs),
        ]
        written = self.written(files, path, None, losses)
        further = measured["further"]
        if further:
            losses.append(Loss(layer.name, "split", "Each point is a record of its own.", count=further))
        return replace(written, records=written.records - further)

    def coordinate_error(self, layer: dict[str, Any], resolved: dict[str, Any]) -> float:
        if not layer["extent"]:
            return 0.0
        xmin, ymin, xmax, ymax = layer["extent"]
        return float(max(xmax - xmin, ymax - ymin) / _CELLS)


_CORNERS = ("XMin", "YMin", "XMax", "YMax")


def _measures(layer: LayerPlan) -> list[str]:
    """SQL of what must be known of the values before the file is begun."""
    expressions = [*fixed_width.measures(layer), *(f"ST_{corner}(ST_3DExtent(g)) AS {corner}" for corner in _CORNERS)]
    further = "ST_NumGeometries(g) - 1" if layer.geometry_type == "MultiPoint" else "0"
    expressions.append(f"coalesce(sum(greatest({further}, 0)), 0)::bigint AS further")
    for i, column in enumerate(layer.columns):
        if column.type in _ABSENT:
            expressions.append(f"count(*) FILTER (WHERE c{i} IS NULL) AS absent_{column.type}{i}")
        if column.type == "integer":
            reach = f"greatest(max(c{i}), -(min(c{i}) + 1))"  # of 2**63 there is no positive
            expressions.append(
                f"CASE WHEN {reach} > {_EXACT} THEN 'text' WHEN {reach} > {_INT32} THEN 'real' END AS wide{i}"
            )
        elif column.type == "real":
            expressions.append(f"count(*) FILTER (WHERE NOT {_is_number(i)}) AS none{i}")
    return expressions


_SQL = {None: "int", "real": "float8", "text": "text"}
"""Types by what ``_measures`` finds of whole numbers."""


def _wide(layer: LayerPlan, measured: dict[str, Any]) -> list[Loss]:
    """The fields of whole numbers that the file has as something else."""
    return [
        Loss(layer.name, "retyped", f"Some of its numbers need more than 32 bits: it is {kind}.", field=column.name)
        for i, column in enumerate(layer.columns)
        if (kind := measured.get(f"wide{i}"))
    ]


def _is_number(index: int) -> str:
    return f"abs(c{index}) < 'Infinity'"  # NaN is greater than any number


class _Export(TAB):
    """One layer: its names, the widths of its fields, and the bounds of the grid."""

    def __init__(self, layer: LayerPlan, measured: dict[str, Any]) -> None:
        self._measured = measured
        self._names: list[str] = []
        for column in layer.columns:
            legal = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in column.name)
            if legal[0].isdigit():
                legal = f"f_{legal}"
            self._names.append(free_name(legal[:NAME_LENGTH], self._names, NAME_LENGTH))
        self._texts = {self._names[i]: i for i, column in enumerate(layer.columns) if column.type == "text"}

    def columns(self, layer: LayerPlan) -> list[tuple[str, str]]:
        expressions = []
        for i, (column, name) in enumerate(zip(layer.columns, self._names, strict=True)):
            sql = f"c{i}"
            if column.type == "real":
                sql = f"CASE WHEN {_is_number(i)} THEN {sql} END"
            elif column.type == "integer":
                sql = f"{sql}::{_SQL[self._measured[f'wide{i}']]}"
            expressions.append((name, sql))
        return expressions

    def schema(self, schema: pa.Schema) -> pa.Schema:
        widths = {name: fixed_width.text_width(self._measured, i) for name, i in self._texts.items()}
        widths |= {name: _DIGITS for i, name in enumerate(self._names) if self._measured.get(f"wide{i}") == "text"}
        return fixed_width.with_widths(schema, widths)

    def convert(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        for name, i in self._texts.items():
            if self._measured[f"cut{i}"]:
                at = schema.get_field_index(name)
                batch = batch.set_column(at, schema.field(at), fixed_width.cut_texts(batch.column(at)))
        return batch

    def creation_options(self, layer: LayerPlan) -> dict[str, str]:
        options = {"ENCODING": "UTF-8"}
        xmin, ymin, xmax, ymax = (self._measured[corner.lower()] for corner in _CORNERS)
        if xmin is not None:
            margin = _MARGIN * max(xmax - xmin, ymax - ymin, 1e-3)
            corners = (xmin - margin, ymin - margin, xmax + margin, ymax + margin)
            options["BOUNDS"] = ",".join(map(repr, corners))
        return options


def _datum(layer: LayerPlan, path: Path, crs: CRS) -> list[Loss]:
    """What became of the CRS, as the file itself states it."""
    import pyogrio
    import pyproj

    definition = pyogrio.read_info(path)["crs"]
    if definition is None:
        return [Loss(layer.name, "altered", "Without any geometry, only the .prj states the CRS.")]
    written = pyproj.CRS.from_user_input(definition)
    if written.equals(crs, ignore_axis_order=True):
        return []
    datum, ours = (known.datum.name if known.datum else known.name for known in (written, crs))
    detail = f"The file's own CRS has the datum {datum}; EPSG:{layer.srid} has {ours}, as the .prj states."
    return [Loss(layer.name, "altered", detail)]


FORMAT = TAB()
