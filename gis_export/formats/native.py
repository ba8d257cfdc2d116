"""Formats that GDAL writes: Arrow batches with WKB go straight into its ``WriteArrowBatch``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from gis_export.formats import moments
from gis_export.formats.base import Format, Reader, Written, free_name
from gis_export.formats.boxes import SQL as BOX
from gis_export.formats.boxes import Boxes
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa

    from gis_export.content import Content, Recorded


NAMES_AND_TIMES = {
    "renamed": "A field whose name differs from another's in case only gets a number.",
    "altered": moments.ROUNDED,
}


class NativeFormat(Format):
    driver: ClassVar[str]
    layer_options: ClassVar[dict[str, str]] = {}
    geometry: ClassVar[str] = "ST_AsBinary(g)"
    """SQL of the geometry as the file is to have it."""

    def write(self, reader: Reader, path: Path) -> Written:
        layer = reader.layer
        self.write_arrow(reader, path)
        return self.written([path], path, self.layer_name(layer), self.losses(layer))

    def columns(self, layer: LayerPlan) -> list[tuple[str, str]]:
        """Name and SQL of each attribute as the file is to have them. GDAL finds fields by names without their case."""
        names: list[str] = []
        for column in layer.columns:
            names.append(free_name(column.name, names))
        return [(name, f"c{i}") for i, name in enumerate(names)]

    def losses(self, layer: LayerPlan) -> list[Loss]:
        """What the fields lost, once the layer is written."""
        names = [name for name, _ in self.columns(layer)]
        renamed = [
            Loss(layer.name, "renamed", f"Named {name}.", field=column.name, becomes=name)
            for column, name in zip(layer.columns, names, strict=True)
            if name != column.name
        ]
        return [*renamed, *moments.losses(layer, names, self._rounded)]

    def layer_name(self, layer: LayerPlan) -> str:
        """As the file is to have it."""
        return layer.name

    def creation_options(self, layer: LayerPlan) -> dict[str, str]:
        """The driver's layer creation options."""
        return self.layer_options

    def write_arrow(
        self, reader: Reader, path: Path, where: str = "TRUE", order: str = "k", boxes: Boxes | None = None
    ) -> None:
        """Stream the rows that fulfill ``where`` into the layer of the file, creating either as needed; ``boxes`` get
        those of their geometries."""
        import pyarrow as pa
        import pyogrio.raw

        failure: list[BaseException] = []
        self._rounded: Counter[str] = Counter()  # a process writes one layer at a time
        columns = self.columns(reader.layer)
        names = [name for name, _ in columns]
        geometry = free_name("geometry", names)
        # The names are given only now: PostgreSQL would cut long ones, and a field may be named as a column of ours.
        selected = [f"{self.geometry} AS geometry", *(f"{sql} AS a{i}" for i, (_, sql) in enumerate(columns))]
        if boxes is not None:
            selected.append(f"{BOX} AS box")
        with reader.stream(selected, order=order, where=where) as (streamed, batches):
            named = [streamed.field(i).with_name(name) for i, name in enumerate([geometry, *names])]
            schema = self.schema(pa.schema(named))

            def passing() -> Iterator[pa.RecordBatch]:
                try:
                    for batch in batches:
                        if boxes is not None:
                            boxes.add(batch.column(len(schema)))
                        kept = pa.RecordBatch.from_arrays(batch.columns[: len(schema)], schema=schema)
                        yield self.convert(moments.rounded(kept, self._rounded), schema)
                except BaseException as error:
                    failure.append(error)  # GDAL reports only that a batch was not available
                    raise

            try:
                pyogrio.raw.write_arrow(
                    pa.RecordBatchReader.from_batches(schema, passing()),
                    path,
                    layer=self.layer_name(reader.layer),
                    driver=self.driver,
                    geometry_name=geometry,
                    geometry_type=reader.layer.geometry_type,
                    crs=f"EPSG:{reader.layer.srid}",
                    append=self.multi_layer and path.exists(),
                    **self.creation_options(reader.layer),
                )
            except Exception:
                if failure:
                    raise failure[0] from None
                raise

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """The schema that GDAL is to see."""
        return schema

    def convert(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        """A batch as ``schema`` wants it."""
        return batch

    @staticmethod
    def written(files: list[Path], path: Path, layer: str | None, losses: list[Loss]) -> Written:
        """What the header of ``path`` says about its records."""
        import pyogrio

        info = pyogrio.read_info(path, layer=layer)
        if info["features"] < 0:  # an empty FlatGeobuf has none
            info = pyogrio.read_info(path, layer=layer, force_feature_count=True)
        extent = info["total_bounds"] if info["features"] else None
        return Written(files, int(info["features"]), losses, extent)

    def verify(self, path: Path, recorded: Recorded) -> Content:
        from gis_export.content import by_gdal

        return by_gdal(path, recorded, recorded.layer if self.multi_layer else None)
