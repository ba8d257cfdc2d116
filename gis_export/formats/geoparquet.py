"""GeoParquet 1.1.0 with a bbox covering column, ordered along a Hilbert curve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gis_export.formats.base import METRIC, Format, Reader, Written, free_name
from gis_export.formats.sizes import Expected, Sample, Size
from gis_export.plan import LayerPlan

if TYPE_CHECKING:
    import pyarrow as pa

    from gis_export.content import Content, Recorded

_ROW_GROUP = 65_536
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


class GeoParquet(Format):
    name = "GeoParquet"
    label = "GeoParquet 1.1"
    extension = "parquet"
    media_type = "application/vnd.apache.parquet"
    description = "A column store for analysis in GeoPandas, DuckDB, QGIS and cloud warehouses."
    notes = (
        "Geometry as WKB, rows ordered along a Hilbert curve, a bbox column for quick areas, zstd-compressed.",
        "The CRS is in the file as PROJJSON; coordinates are in x, y order.",
    )
    has_bbox = True
    in_parts = "dataset"
    size = Size(file=3000, field=220, packed_file=3000, packed_field=220, packed_record=30)

    def write(self, reader: Reader, path: Path) -> Written:
        import pyarrow.parquet as pq

        # The names are given only in the file: a field may be named as a column of the stream.
        columns = ["ST_AsBinary(g) AS geometry", *(f"c{i} AS a{i}" for i in range(len(reader.layer.columns)))]
        names = _Names.of(reader.layer)
        with reader.stream(columns, order="g, k", box=True) as (streamed, batches):
            schema = _schema(streamed, names)
            with pq.ParquetWriter(path, schema, compression="zstd", version="2.6") as file:
                for table in _row_groups(batches, streamed):
                    file.write_table(_with_bbox(table, schema), row_group_size=_ROW_GROUP)
                file.add_key_value_metadata({"geo": json.dumps(_metadata(reader, names))})
        return Written([path], pq.read_metadata(path).num_rows)

    def expected(self, sample: Sample, packed: bool) -> Expected:
        """Its columns are packed in any case."""
        return super().expected(sample, packed=True)

    def verify(self, path: Path, recorded: Recorded) -> Content:
        import pyarrow.parquet as pq
        import shapely

        from gis_export.content import ROWS, Content, columns_to_sum

        content = Content()
        with pq.ParquetFile(path) as file:
            geometry = json.loads(file.metadata.metadata[b"geo"])["primary_column"]
            for batch in file.iter_batches(ROWS, columns=[geometry, *recorded.sums.values()]):
                content.records += batch.num_rows
                wkb = batch.column(geometry).to_numpy(zero_copy_only=False)
                content.add(shapely.from_wkb(wkb), columns_to_sum(batch, recorded))
        return content


@dataclass(frozen=True)
class _Names:
    """Of the columns: those of the fields, and two that none of them has."""

    fields: list[str]
    bbox: str
    geometry: str

    @classmethod
    def of(cls, layer: LayerPlan) -> _Names:
        fields = [column.name for column in layer.columns]
        return cls(fields, free_name("bbox", fields), free_name("geometry", fields))


def _schema(streamed: pa.Schema, names: _Names) -> pa.Schema:
    import pyarrow as pa

    attributes = [streamed.field(i).with_name(name) for i, name in enumerate(names.fields, start=1)]
    bbox = pa.field(names.bbox, pa.struct([pa.field(corner, pa.float64()) for corner in _CORNERS]))
    return pa.schema([*attributes, bbox, pa.field(names.geometry, pa.binary())])


def _row_groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= _ROW_GROUP:
            yield pa.Table.from_batches(waiting, schema)
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting, schema)


def _with_bbox(table: pa.Table, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    corners = [table.column(METRIC + corner).combine_chunks() for corner in _CORNERS]
    # As the standard has it: present where the geometry is, though that of an empty one has no corners.
    missing = pc.is_null(table.column(0).combine_chunks())
    bbox = pa.StructArray.from_arrays(corners, list(_CORNERS), mask=missing)
    attributes = [table.column(i) for i in range(1, len(schema) - 1)]
    return pa.Table.from_arrays([*attributes, bbox, table.column(0)], schema=schema)


def _metadata(reader: Reader, names: _Names) -> dict[str, Any]:
    """The "geo" metadata of GeoParquet 1.1.0."""
    from pyproj import CRS

    layer = reader.layer
    source = reader.source()
    geometry: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [layer.geometry_type] if source.extent else [],
        "crs": CRS.from_epsg(layer.srid).to_json_dict(),
        "covering": {"bbox": {corner: [names.bbox, corner] for corner in _CORNERS}},
    }
    if source.extent:
        geometry["bbox"] = list(source.extent)
    return {"version": "1.1.0", "primary_column": names.geometry, "columns": {names.geometry: geometry}}


FORMAT = GeoParquet()
