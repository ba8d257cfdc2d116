"""CSV, RFC 4180, safe to open in a spreadsheet."""

from __future__ import annotations

from collections import Counter
from csv import reader
from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats.sizes import Size
from gis_export.formats.tables import GEOMETRY, geometry_columns, geometry_loss
from gis_export.formats.text import Piece, TextFormat, Value, contains, value
from gis_export.plan import LayerPlan, Loss
from terrafusion import formulas

if TYPE_CHECKING:
    import pyarrow as pa

    from gis_export.content import Content, Recorded


class CSV(TextFormat):
    name = "CSV"
    label = "CSV with WKT geometry"
    extension = "csv"
    media_type = "text/csv"
    description = "A table with the geometry as well-known text in its last column, for spreadsheets and scripts."
    notes = (
        "UTF-8, comma-separated, CRLF line ends; text is always quoted, so that parcel numbers keep their zeros.",
        "Text that begins with = + - @, also behind spaces, gets an apostrophe in front, so that no spreadsheet runs "
        "it; numbers do not.",
        "An unquoted empty cell is an absent value, a quoted one is an empty text.",
    )
    options = (GEOMETRY,)
    may_lose = {
        "altered": "Text that a spreadsheet would run as a formula gets an apostrophe in front.",
        "dropped": "Geometries, or all of them but a point, where the option geometry asks for it.",
    }
    in_parts = "merged"
    size = Size(file=20, field=14, packed_file=180, packed_field=8)

    def header(self, layer: LayerPlan) -> str:
        names = [*(column.name for column in layer.columns), *(name for name, _ in geometry_columns(layer))]
        return ",".join('"' + formulas.safe(name).replace('"', '""') + '"' for name in names) + "\r\n"

    def feature(self, layer: LayerPlan) -> list[Piece]:
        cells = []
        for i, column in enumerate(layer.columns):
            quote = '"' if column.type == "text" else ""
            cells.append(value(i, column, quote, quote))
        for _, sql in geometry_columns(layer):
            cells.append(Value(sql, '"', '"') if sql.startswith("ST_AsText") else Value(sql, type="real"))
        parts: list[Piece] = [part for cell in cells for part in (cell, ",")]
        return [*parts[:-1], "\r\n"]

    def escape(self, texts: pa.StringArray, counts: Counter[str]) -> pa.StringArray:
        import pyarrow.compute as pc

        if contains(texts, b'"'):
            texts = pc.replace_substring(texts, '"', '""')
        if contains(texts, formulas.SIGNS.encode()):
            formula = pc.match_substring_regex(texts, formulas.PATTERN)
            if escaped := pc.sum(formula).as_py():
                counts["neutralised"] += escaped
                texts = pc.if_else(formula, pc.binary_join_element_wise("'", texts, ""), texts)
        return texts

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        count = counts["neutralised"]
        detail = "Text that a spreadsheet would run as a formula has an apostrophe in front."
        altered = [Loss(layer.name, "altered", detail, count=count)] if count else []
        return [*altered, *geometry_loss(layer)]

    def verify(self, path: Path, recorded: Recorded) -> Content:
        import numpy as np
        import pyarrow as pa
        import shapely
        from pyarrow import csv

        from gis_export.content import Content, columns_to_sum

        with path.open(encoding="utf-8", newline="") as file:
            heads = next(reader(file))
        # The geometry is the last column, if its name begins so; a field of that name has another behind it.
        geometry = heads[-1] if recorded.options.get("geometry", "wkt") == "wkt" else None
        content = Content(area=None if geometry is None else 0.0)
        types = {name: pa.float64() for name in recorded.sums.values()}
        with csv.open_csv(
            path,
            read_options=csv.ReadOptions(use_threads=False, block_size=16 << 20),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types={name: types.get(name, pa.string()) for name in heads}),
        ) as batches:
            for batch in batches:
                content.records += batch.num_rows
                shapes = None
                if geometry is not None:
                    texts = [text or None for text in batch.column(geometry).to_pylist()]
                    shapes = shapely.from_wkt(np.array(texts, dtype=object))
                content.add(shapes, columns_to_sum(batch, recorded))
        return content


FORMAT = CSV()
