"""Esri File Geodatabase, as GDAL's OpenFileGDB driver writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gis_export.formats import moments
from gis_export.formats.base import Limit, Reader, Written, free_name
from gis_export.formats.native import NativeFormat
from gis_export.plan import LayerPlan, Loss

NAME_LENGTH = 64
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
    description = "A zip with one .gdb folder, which holds every layer: for ArcGIS Pro 3.2 and later, and QGIS."
    notes = (
        "All layers in one geodatabase, each with a spatial index; 64-bit integers and dates have types of their own, "
        "which ArcGIS knows since Pro 3.2.",
        "Date-times are in UTC. The format has them as days with a fraction, so that programs read them to about a "
        "millisecond, and those before 1970 one late.",
    )
    limits = (Limit("characters of a field's name", NAME_LENGTH, "A longer one is shortened."),)
    may_lose = {
        "renamed": "A field whose name is too long, reserved, not made of letters, digits and underscores, or differs "
        "from another's in case only. A layer whose name is reserved.",
        "retyped": "True and false are 1 and 0.",
        "altered": "Coordinates lie on the grid that every file geodatabase has: 1e-9 degrees, or 0.0001 units of a "
        f"projected CRS. {moments.ROUNDED}",
    }
    multi_layer = True
    boundary_layer = True
    always_zip = True
    driver = "OpenFileGDB"
    layer_options = {"TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}
    bytes_per_record = 250

    def write(self, reader: Reader, path: Path) -> Written:
        import pyogrio

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

    def losses(self, layer: LayerPlan) -> list[Loss]:
        found = super().losses(layer)
        if self.layer_name(layer) != layer.name:
            found.append(Loss(layer.name, "renamed", f"The layer is named {self.layer_name(layer)}."))
        for column in layer.columns:
            if column.type == "boolean":
                found.append(Loss(layer.name, "retyped", "True is 1, false is 0.", field=column.name))
        found.append(Loss(layer.name, "altered", "Coordinates lie on the geodatabase's grid."))
        return found

    def coordinate_error(self, layer: dict[str, Any], resolved: dict[str, Any]) -> float:
        import pyproj

        return _GRIDS[pyproj.CRS(layer["crs"]).is_projected] / 2


FORMAT = FileGDB()
