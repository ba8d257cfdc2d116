"""Esri File Geodatabase, as GDAL's OpenFileGDB driver writes it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gis_export.formats import moments
from gis_export.formats.base import Limit, Option, Reader, Written, free_name
from gis_export.formats.native import NativeFormat
from gis_export.formats.sizes import Size
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa

NAME_LENGTH = 64
_TARGETS = {"pro_3.2": "ARCGIS_PRO_3_2_OR_LATER", "10.0": "ALL"}
_OURS = ("OBJECTID", "SHAPE")
"""The columns that every table has."""
# What a file geodatabase takes for no name of a field or a table; GDAL has the same list.
_RESERVED = {
    *("ADD", "ALTER", "AND", "BETWEEN", "BY", "COLUMN", "CREATE", "DELETE", "DROP", "EXISTS", "FOR", "FROM", "GROUP"),
    *("IN", "INSERT", "INTO", "IS", "LIKE", "NOT", "NULL", "OR", "ORDER", "SELECT", "SET", "TABLE", "UPDATE"),
    *("VALUES", "WHERE"),
}
_SYSTEM = ("gdb_", "sde_", "delta_")
"""Begin the names of the tables that the geodatabase itself has."""
# Of degrees, and of the units of a projected CRS.
_GRIDS = (1e-9, 1e-4)


class FileGDB(NativeFormat):
    name = "FileGDB"
    label = "Esri File Geodatabase"
    extension = "gdb"
    media_type = "application/zip"
    description = "A zip with one .gdb folder, which holds every layer: for ArcGIS and QGIS."
    notes = (
        "All layers in one geodatabase, each with a spatial index.",
        "64-bit integers and dates have types of their own, which ArcGIS Pro knows since 3.2, QGIS with GDAL 3.9 or "
        "later. Older programs show such a layer without any field or record, among them GDAL 3.6 and QGIS 3.22: for "
        "them, and for ArcGIS 10 and Pro before 3.2, set the option arcgis to 10.0.",
        "Date-times are in UTC. The format has them as days with a fraction, so that programs read them to about a "
        "millisecond, and those before 1970 one late.",
    )
    options = (
        Option(
            "arcgis",
            "The oldest ArcGIS that must open it. pro_3.2: every value as it is; 10.0: whole numbers are real, and "
            "dates get midnight.",
            "pro_3.2",
            choices=tuple(_TARGETS),
        ),
    )
    limits = (Limit("characters of a field's name", NAME_LENGTH, "A longer one is shortened."),)
    may_lose = {
        "renamed": "A field whose name is too long, reserved, not made of letters, digits and underscores, or differs "
        "from another's in case only. A layer whose name is reserved.",
        "retyped": "True and false are 1 and 0. For ArcGIS 10.0, whole numbers are real, and a date gets midnight.",
        "altered": "Coordinates lie on the grid that every file geodatabase has: 1e-9 degrees, or 0.0001 units of a "
        f"projected CRS. {moments.ROUNDED} For ArcGIS 10.0, whole numbers beyond 2**53 lose their last digits.",
    }
    multi_layer = True
    boundary_layer = True
    always_zip = True
    driver = "OpenFileGDB"
    size = Size(file=0, field=0, packed_file=9000, packed_field=40, packed_record=24, packed_vertex=6)

    def write(self, reader: Reader, path: Path) -> Written:
        import pyogrio

        self._inexact: Counter[str] = Counter()  # a process writes one layer at a time
        self._old = _is_old(reader.layer)
        # Otherwise the identifiers of tables are random.
        pyogrio.set_gdal_config_options(
            {"OPENFILEGDB_REPRODUCIBLE_UUID": "YES", "OGR_OPENFILEGDB_WRITE_EMPTY_GEOMETRY": "YES"}
        )
        return super().write(reader, path)

    def layer_name(self, layer: LayerPlan) -> str:
        taken = layer.name.upper() in _RESERVED or layer.name.startswith(_SYSTEM)
        return f"layer_{layer.name}" if taken else layer.name

    def columns(self, layer: LayerPlan) -> list[tuple[str, str]]:
        names: list[str] = []
        for column in layer.columns:
            legal = "".join(c if c.isalnum() or c == "_" else "_" for c in column.name)
            if not legal[:1].isalpha() or legal.upper() in _RESERVED:
                legal = f"f_{legal}"
            names.append(free_name(legal[:NAME_LENGTH], [*_OURS, *names], NAME_LENGTH))
        return [(name, f"c{i}") for i, name in enumerate(names)]

    def creation_options(self, layer: LayerPlan) -> dict[str, str]:
        # The boundary has no options.
        return {"TARGET_ARCGIS_VERSION": _TARGETS[layer.options.get("arcgis", self.options[0].default)]}

    def convert(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        import pyarrow as pa

        if self._old:
            for field, values in zip(schema, batch.columns, strict=True):
                if pa.types.is_int64(field.type):
                    self._inexact[field.name] += _inexact(values)
        return batch

    def losses(self, layer: LayerPlan) -> list[Loss]:
        losses = super().losses(layer)
        if self.layer_name(layer) != layer.name:
            name = self.layer_name(layer)
            losses.append(Loss(layer.name, "renamed", f"The layer is named {name}.", becomes=name))
        for column, (name, _) in zip(layer.columns, self.columns(layer), strict=True):
            if column.type == "boolean":
                losses.append(Loss(layer.name, "retyped", "True is 1, false is 0.", field=column.name))
            if self._old and column.type in _OLD:
                losses.append(Loss(layer.name, "retyped", _OLD[column.type], field=column.name))
            if count := self._inexact[name]:
                losses.append(Loss(layer.name, "altered", "Its last digits are lost.", field=column.name, count=count))
        losses.append(Loss(layer.name, "altered", "Coordinates lie on the geodatabase's grid."))
        return losses

    def coordinate_error(self, layer: dict[str, Any], resolved: dict[str, Any]) -> float:
        import pyproj

        return _GRIDS[pyproj.CRS(layer["crs"]).is_projected] / 2


_OLD = {"integer": "It is a real number.", "date": "Midnight was added."}
"""What becomes of a field for ArcGIS before Pro 3.2."""


def _is_old(layer: LayerPlan) -> bool:
    """Whether it must open in ArcGIS before Pro 3.2."""
    return FORMAT.creation_options(layer)["TARGET_ARCGIS_VERSION"] == "ALL"


def _inexact(numbers: pa.Array) -> int:
    """How many whole numbers no double holds."""
    import numpy as np
    import pyarrow.compute as pc

    filled = pc.fill_null(numbers, 0).to_numpy()
    large = filled[np.abs(filled.astype(np.float64)) >= 2.0**53]
    return sum(int(float(number)) != number for number in large.tolist())


FORMAT = FileGDB()
