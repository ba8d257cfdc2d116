"""AutoCAD DXF R2007: ezdxf makes the frame, and the entities go into it as a stream of text."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats.base import Format, Limit, Reader, Written, free_name
from gis_export.formats.csv import CSV
from gis_export.formats.dxf_entities import LABEL_LENGTH, Style, entities
from gis_export.formats.dxf_frame import APPLICATION, frame, labels_of, padded
from gis_export.formats.sizes import Size
from gis_export.formats.text import Piece, Value, joined, selected
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa
    from pyproj import CRS

    from gis_export.content import Content, Recorded

_MAX_RECORDS = 2**31 - 1
_ROOM = 512  # of the frame, for numbers that are known only when all else is written
_LABEL_METERS = 3.0
_METERS_OF_A_DEGREE = 111_000
_RECORD = Value("row_number() OVER ()", type="integer")


class DXF(Format):
    name = "DXF"
    label = "AutoCAD DXF"
    extension = "dxf"
    media_type = "application/zip"
    description = "A zip with one drawing, a .csv of attributes for each layer, a .prj and a readme: for CAD programs."
    notes = (
        "In the county's State Plane, unless another CRS is asked for: drawings have no use for degrees.",
        "Lines and points without fills: areas are closed polylines, each hole too. AutoCAD 2007 and later.",
        "Each layer has one of the drawing, and one of labels, which show its first field: of parcels the number.",
        "Every entity has the number of its record as extended data, by which the .csv lists the attributes.",
    )
    limits = (
        Limit("records of a layer", _MAX_RECORDS, "Further records could have no number of their own."),
        Limit("characters of a label", LABEL_LENGTH, "A longer one is cut, and counted; the .csv has all of it."),
    )
    may_lose = {
        "moved": "Attributes, and records without a geometry, are in the .csv beside the drawing.",
        "retyped": "Areas are outlines: closed polylines.",
        "split": "A record of several parts or with holes is several entities, which have its number.",
        "altered": "Labels that are too long, or have control characters, are cut and cleaned in the drawing. "
        + CSV.may_lose["altered"],
    }
    multi_layer = True
    always_zip = True
    planar = True
    size = Size(file=0, field=0, packed_file=9000, packed_field=14, packed_record=60, packed_vertex=20)

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        import pyproj

        self._layers = tuple(layer.name for layer in layers)
        crs = pyproj.CRS.from_epsg(layers[0].srid)
        unit = crs.axis_info[0].unit_conversion_factor
        self._meters = unit if crs.is_projected else None
        self._height = _LABEL_METERS / (self._meters or _METERS_OF_A_DEGREE)
        made = frame(self._layers, self._meters)
        self._room = len(made.before) + _ROOM
        self._owner, self._handle = made.owner, made.first_handle
        self._extent: tuple[float, float, float, float] | None = None
        self._file = path.open("wb")
        self._file.write(bytes(self._room))
        self._beside = [path.with_suffix(".prj"), path.with_name(f"{path.stem}_readme.txt")]
        self._beside[0].write_text(crs.to_wkt("WKT1_ESRI"), encoding="utf-8")
        self._beside[1].write_text(_readme(path, layers, crs), encoding="utf-8")

    def write(self, reader: Reader, path: Path) -> Written:
        layer = reader.layer
        plain = replace(layer, options={"geometry": "none"})
        table = CSV()
        beside = path.with_name(f"{layer.name}.csv")
        table.begin(beside, (layer,))
        names = [column.name for column in layer.columns]
        table.put(f'"{free_name("record", names)}"{"," if names else ""}{table.header(plain)}')
        row: list[Piece] = [_RECORD, ",", *table.feature(plain)] if names else [_RECORD, "\r\n"]
        _, texts = selected(row)
        label = "c0::text" if names else "NULL::text"
        columns = ["ST_AsBinary(g) AS shape", f"{label} AS label"]
        style = Style(layer.name, labels_of(layer.name, self._layers), layer.geometry_type, self._owner, self._height)
        counts: Counter[str] = Counter()
        with reader.stream(columns, texts=texts) as (_, batches):
            for batch in batches:
                table.put(joined(table.encoded(row, batch, counts)))
                self._draw(batch, style, counts)
        table.finish(beside)
        missing = reader.source().without_geometry
        files = [path, beside, *self._beside]
        return Written(files, counts["written"] + missing, self._losses(plain, missing, counts))

    def finish(self, path: Path) -> str:
        made = frame(self._layers, self._meters, self._extent, self._handle - 1)
        self._file.write(made.after)
        self._file.seek(0)
        self._file.write(padded(made.before, self._room))
        self._file.close()
        return ""

    def _draw(self, batch: pa.RecordBatch, style: Style, counts: Counter[str]) -> None:
        """Write the entities of a batch, whose first value is the record's number."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc
        import shapely

        geometries = shapely.from_wkb(batch.column("shape").to_numpy(zero_copy_only=False))
        present = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
        if not len(present):
            return
        labels = batch.column("label").take(present)
        numbers = pc.cast(batch.column("v0"), pa.int64()).to_numpy()
        made = entities(geometries[present], labels, numbers[present], style, self._handle)
        self._file.write(joined(made.texts))
        self._handle += len(made.texts)
        counts.update(written=made.written, split=made.split, cleaned=made.cleaned)
        corners = np.array([made.extent, self._extent or made.extent])
        (xmin, ymin), (xmax, ymax) = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
        self._extent = (float(xmin), float(ymin), float(xmax), float(ymax))

    def _losses(self, layer: LayerPlan, missing: int, counts: Counter[str]) -> list[Loss]:
        losses = [Loss(layer.name, "moved", f"The attributes are in {layer.name}.csv.")]
        if missing:
            losses.append(Loss(layer.name, "moved", f"Without a geometry, only in {layer.name}.csv.", count=missing))
        if layer.geometry_type == "MultiPolygon":
            losses.append(Loss(layer.name, "retyped", "Areas are outlines: closed polylines."))
        for key, kind, detail in (
            ("split", "split", "Of several parts or with holes, and so several entities."),
            ("cleaned", "altered", "Labels are cut, or without their control characters."),
        ):
            if counts[key]:
                losses.append(Loss(layer.name, kind, detail, count=counts[key]))
        return [*losses, *(loss for loss in CSV().losses(layer, counts) if loss.kind == "altered")]

    def verify(self, path: Path, recorded: Recorded) -> Content:
        """The table beside the drawing: its lines are not put together to shapes again."""
        table = path.with_name(f"{recorded.layer}.csv")
        return CSV().verify(table, replace(recorded, options={"geometry": "none"}))


def _readme(path: Path, layers: tuple[LayerPlan, ...], crs: CRS) -> str:
    """For people: what CAD programs do not show."""
    names = [layer.name for layer in layers]
    listed = "\n".join(
        f"- {layer.name}: {layer.title}. Labels, of {layer.columns[0].name if layer.columns else 'nothing'}, on "
        f"{labels_of(layer.name, names)}; attributes in {layer.name}.csv."
        for layer in layers
    )
    return (
        f"{path.name}\n\n"
        f"Coordinates: EPSG:{layers[0].srid}, {crs.name}, in {crs.axis_info[0].unit_name}; also in {path.stem}.prj.\n\n"
        f"Layers:\n{listed}\n\n"
        "The first column of each .csv is the record's number. Each entity has it as extended data of the application "
        f"{APPLICATION}, group 1071.\n"
    )


FORMAT = DXF()
