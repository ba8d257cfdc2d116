"""FlatGeobuf 3, with its packed Hilbert R-tree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats import csv, moments
from gis_export.formats.base import Reader, Written
from gis_export.formats.boxes import Boxes
from gis_export.formats.flatgeobuf_index import add_index
from gis_export.formats.native import NAMES_AND_TIMES, NativeFormat
from gis_export.formats.sizes import Sample, Size
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    from gis_export.content import Content, Recorded


class FlatGeobuf(NativeFormat):
    name = "FlatGeobuf"
    label = "FlatGeobuf"
    extension = "fgb"
    media_type = "application/flatgeobuf"
    description = "A compact, spatially indexed file that web maps can read in parts."
    notes = (
        "Indexed and therefore ordered along a Hilbert curve.",
        "The index cannot hold records without a geometry: they go into a CSV beside the file and are counted.",
    )
    may_lose = {
        "renamed": NAMES_AND_TIMES["renamed"],
        "retyped": "A date without a time gets midnight.",
        "moved": "Records without a geometry are in a CSV beside the file.",
        "altered": f"{moments.ROUNDED} {csv.CSV.may_lose['altered']}",
    }
    driver = "FlatGeobuf"
    layer_options = {"SPATIAL_INDEX": "NO"}  # it is added here
    in_parts = "dataset"
    size = Size(
        file=700,
        field=60,
        record=150,
        values={"text": 6, "integer": 10, "real": 10, "boolean": 3, "date": 16, "datetime": 26},
        packed_file=700,
        packed_field=20,
        packed_record=60,
    )

    def write(self, reader: Reader, path: Path) -> Written:
        layer = reader.layer
        with Boxes(path.parent) as boxes:
            # PostGIS orders geometries along a Hilbert curve.
            self.write_arrow(reader, path, where=_HAS_GEOMETRY, order="g, k", boxes=boxes)
            if boxes.count:
                add_index(path, boxes)
        written = self.written([path], path, None, self.losses(layer))
        missing = reader.source().without_geometry
        if not missing:
            return written
        beside = path.with_name(f"{path.stem}_without_geometry.csv")
        csv.FORMAT.begin(beside, (layer,))
        table = csv.FORMAT.write_rows(reader, beside, where=f"NOT ({_HAS_GEOMETRY})")
        csv.FORMAT.finish(beside)
        moved = Loss(layer.name, "moved", f"Records without a geometry are in {beside.name}.", count=missing)
        losses = [*written.losses, moved, *table.losses]
        return Written([path, beside], written.records + table.records, losses, written.extent)

    def losses(self, layer: LayerPlan) -> list[Loss]:
        detail = "FlatGeobuf has no date without a time: midnight was added."
        dates = [column.name for column in layer.columns if column.type == "date"]
        return [*super().losses(layer), *(Loss(layer.name, "retyped", detail, field=name) for name in dates)]

    def is_several_files(self, sample: Sample) -> bool:
        return sample.shapes < 1

    def verify(self, path: Path, recorded: Recorded) -> Content:
        content = super().verify(path, recorded)
        beside = path.with_name(f"{path.stem}_without_geometry.csv")
        return content + csv.FORMAT.verify(beside, recorded) if beside.exists() else content


_HAS_GEOMETRY = "g IS NOT NULL AND NOT ST_IsEmpty(g)"

FORMAT = FlatGeobuf()
