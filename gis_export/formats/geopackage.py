"""GeoPackage 1.4 (OGC 12-128r19)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats.base import Reader, Written, free_name
from gis_export.formats.boxes import Boxes
from gis_export.formats.geopackage_index import add_index
from gis_export.formats.native import NAMES_AND_TIMES, NativeFormat
from gis_export.formats.sizes import Size
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa

    from gis_export.content import Content, Recorded

# Bytes of the envelope in the header of a geometry, by its kind (OGC 12-128r19, 2.1.3).
_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


class GeoPackage(NativeFormat):
    name = "GeoPackage"
    label = "GeoPackage"
    extension = "gpkg"
    media_type = "application/geopackage+sqlite3"
    description = "One file with every layer, typed and spatially indexed: the best choice for QGIS and ArcGIS."
    notes = (
        "All layers in one file, each with an R-tree index; names, types, widths, titles and descriptions are kept.",
        "Date-times are in UTC. The same data gives the same bytes: the file's dates are those of the newest data.",
    )
    may_lose = {**NAMES_AND_TIMES, "dropped": "NaN, which SQLite does not have, is absent."}
    multi_layer = True
    boundary_layer = True
    driver = "GPKG"
    layer_options = {
        "SPATIAL_INDEX": "NO",  # it is added here
        "DATETIME_PRECISION": "MILLISECOND",  # programs complain of any other since GeoPackage 1.0
    }
    size = Size(
        file=102_400,
        field=150,
        record=66,
        shape=42,
        values={"text": 1, "integer": 5, "real": 9, "boolean": 1, "date": 11, "datetime": 25},
        absent=1,
        packed_file=7000,
        packed_field=30,
        packed_record=45,
    )

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        self._titles: dict[str, str] = {}
        for layer in layers:  # the standard wants each to be another
            self._titles[layer.name] = free_name(layer.title or layer.name, self._titles.values())

    def write(self, reader: Reader, path: Path) -> Written:
        import pyogrio

        layer = reader.layer
        self._absent: Counter[str] = Counter()  # a process writes one layer at a time
        changed_at = datetime.fromisoformat(layer.changed_at).isoformat(timespec="milliseconds")
        # The file is private until it is published, so a crash needs no journal.
        pyogrio.set_gdal_config_options(
            {
                "OGR_SQLITE_SYNCHRONOUS": "OFF",
                "OGR_SQLITE_JOURNAL": "OFF",
                "OGR_CURRENT_DATE": changed_at.replace("+00:00", "Z"),
            }
        )
        with Boxes(path.parent) as boxes:
            self.write_arrow(reader, path, boxes=boxes)
            names = self.creation_options(layer)
            add_index(path, layer.name, names["GEOMETRY_NAME"], names["FID"], boxes)
        return self.written([path], path, layer.name, self.losses(layer))

    def creation_options(self, layer: LayerPlan) -> dict[str, str]:
        names = [name for name, _ in self.columns(layer)]
        fid = free_name("fid", names)
        described = {"IDENTIFIER": self._titles[layer.name], "DESCRIPTION": layer.description}
        return {**self.layer_options, **described, "FID": fid, "GEOMETRY_NAME": free_name("geom", [*names, fid])}

    def convert(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        import pyarrow as pa
        import pyarrow.compute as pc

        for field, values in zip(schema, batch.columns, strict=True):
            if pa.types.is_floating(field.type):
                self._absent[field.name] += pc.sum(pc.is_nan(values)).as_py() or 0
        return batch

    def losses(self, layer: LayerPlan) -> list[Loss]:
        losses = super().losses(layer)
        for column, (name, _) in zip(layer.columns, self.columns(layer), strict=True):
            if count := self._absent[name]:
                losses.append(Loss(layer.name, "dropped", "NaN is absent.", field=column.name, count=count))
        return losses

    def verify(self, path: Path, recorded: Recorded) -> Content:
        import numpy as np
        import pyarrow as pa
        import shapely

        from gis_export.content import ROWS, Content

        content = Content()
        with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as file:
            query = "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?"
            (geometry,) = file.execute(query, [recorded.layer]).fetchone()
            names = ", ".join(f'"{name}"' for name in [geometry, *recorded.sums.values()])
            rows = file.execute(f'SELECT {names} FROM "{recorded.layer}"')
            while batch := rows.fetchmany(ROWS):
                blobs, *columns = zip(*batch, strict=True)
                content.records += len(batch)
                shapes = shapely.from_wkb(np.array([blob and _wkb(blob) for blob in blobs], dtype=object))
                named = zip(recorded.sums, columns, strict=True)
                content.add(shapes, {name: pa.array(column) for name, column in named})
        file.close()
        return content


def _wkb(blob: bytes) -> bytes:
    return blob[8 + _ENVELOPES[blob[3] >> 1 & 7] :]


FORMAT = GeoPackage()
