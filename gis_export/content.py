"""What a file holds of a layer when it is read again, and where the manifest says that it is. Pure.

A format reads its files by another program than wrote them, where there is one: text formats, which PostGIS and Arrow
write, are read by GDAL, CSV by Arrow's own reader, GML by Python's; GeoPackage, which GDAL writes, by SQLite; PMTiles,
which PostGIS and Protomaps' library write, by GDAL. The other formats of GDAL, and GeoParquet, have no second
implementation among our libraries: the same library reads them, with other code than writes.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

ROWS = 20_000
"""Of a batch."""
_FIELD = re.compile(r"Named (.+)\.", re.DOTALL)
_LAYER = re.compile(r"The (?:layer|sheet) is named (.+)\.", re.DOTALL)


Extent = tuple[float, float, float, float]


@dataclass
class Content:
    """What a file holds of a layer. ``area`` is None where it has no shapes; ``perimeter`` is the length of all their
    edges, by which rounded coordinates may change the area; ``extent`` is None where there is none to compare."""

    records: int = 0
    without_geometry: int = 0
    area: float | None = 0.0
    perimeter: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    extent: Extent | None = None

    def add(self, shapes: NDArray[np.object_] | None, values: dict[str, Any]) -> None:
        """A batch: its shapes, None for a file without, and the numbers of the columns to sum."""
        for name, column in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(
                pc.sum(pc.cast(column, pa.float64(), safe=False)).as_py() or 0
            )
        if shapes is None:
            self.area = None
            return
        self.without_geometry += int(np.sum(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
        self.area = (self.area or 0.0) + float(np.nansum(shapely.area(shapes)))
        self.perimeter += float(np.nansum(shapely.length(shapes)))
        if len(shapes) and not np.isnan(bounds := shapely.total_bounds(shapes)).any():
            self.extent = united(self.extent, tuple(bounds.tolist()))

    def __add__(self, other: Content) -> Content:
        """Of two files of one layer."""
        return Content(
            self.records + other.records,
            self.without_geometry + other.without_geometry,
            None if self.area is None or other.area is None else self.area + other.area,
            self.perimeter + other.perimeter,
            {name: self.sums.get(name, 0.0) + other.sums.get(name, 0.0) for name in self.sums | other.sums},
            united(self.extent, other.extent),
        )


def united(one: Extent | None, other: Extent | None) -> Extent | None:
    """The extent of both, (xmin, ymin, xmax, ymax)."""
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


@dataclass(frozen=True)
class Recorded:
    """A layer's part of the manifest: its name in the file, and of each field to sum its name there."""

    layer: str
    sums: dict[str, str]
    options: dict[str, Any]

    @classmethod
    def of(cls, layer: dict[str, Any], options: dict[str, Any]) -> Recorded:
        renamed = [loss for loss in layer["losses"] if loss["kind"] == "renamed"]
        names = {loss["field"]: match[1] for loss in renamed if (match := _FIELD.fullmatch(loss["detail"]))}
        named = [match[1] for loss in renamed if not loss["field"] and (match := _LAYER.fullmatch(loss["detail"]))]
        sums = {name: names.get(name, name) for name in layer["reconciliation"]["source"]["sums"]}
        if any(loss["kind"] == "dropped" and loss["detail"].startswith("Geometries") for loss in layer["losses"]):
            options = {**options, "geometry": "none"}  # those that are there do not give the area of all
        return cls(named[0] if named else layer["layer"], sums, options)


def by_gdal(path: Path, recorded: Recorded, layer: str | None = None) -> Content:
    """What GDAL reads of ``layer``, or of the only one in the file."""
    import pyogrio
    import pyogrio.raw

    content = Content()
    with warnings.catch_warnings(action="ignore"):  # of numbers at the end of their range, which are tested
        # A field without any value has no column in some formats.
        fields = set(pyogrio.read_info(path, layer=layer)["fields"])
        columns = [name for name in recorded.sums.values() if name in fields]
        options = {"layer": layer, "columns": columns, "batch_size": ROWS, "use_pyarrow": True}
        with pyogrio.raw.open_arrow(path, **options) as (meta, rows):
            geometry = meta["geometry_name"] or "wkb_geometry"
            for batch in rows:
                content.records += batch.num_rows
                shapes = shapely.from_wkb(batch.column(geometry).to_numpy(zero_copy_only=False))
                content.add(shapes, columns_to_sum(batch, recorded))
    return content


def columns_to_sum(batch: pa.RecordBatch, recorded: Recorded) -> dict[str, Any]:
    """Those that the batch has, by the names of the fields."""
    there = set(batch.schema.names)
    return {name: _numbers(batch.column(column)) for name, column in recorded.sums.items() if column in there}


def _numbers(column: pa.Array) -> pa.Array:
    """Of a field that is text in the file, where nothing is an empty one."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return column
    return pc.if_else(pc.equal(column, ""), None, column)
