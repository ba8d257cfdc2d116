"""Tables whose texts have a width in bytes, as Shapefile and MapInfo have them: measured before, cut where too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis_export.formats.base import EMPTY_GEOMETRY
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa

TEXT_BYTES = 254
TOO_LONG = f"A text is cut at {TEXT_BYTES} bytes."
_WIDTH = b"GDAL:OGR:width"


def measures(layer: LayerPlan) -> list[str]:
    """SQL of the widest text and of the number of those to be cut, by column, and of the geometries that are empty:
    ``width0``, ``cut0``, ``empty``."""
    columns = ["count(*) FILTER (WHERE ST_IsEmpty(g)) AS empty"]
    for i, column in enumerate(layer.columns):
        if column.type == "text":
            columns += [
                f"max(octet_length(c{i})) AS width{i}",
                f"count(*) FILTER (WHERE octet_length(c{i}) > {TEXT_BYTES}) AS cut{i}",
            ]
    return columns


def text_width(measured: dict[str, Any], index: int) -> int:
    """Bytes that the column needs. What is wider than its values costs space."""
    return min(max(measured[f"width{index}"] or 0, 1), TEXT_BYTES)


def with_widths(schema: pa.Schema, widths: dict[str, int]) -> pa.Schema:
    """The schema that gives GDAL the width of the fields."""
    for name, width in widths.items():
        at = schema.get_field_index(name)
        schema = schema.set(at, schema.field(at).with_metadata({_WIDTH: str(width).encode()}))
    return schema


def cut_texts(texts: pa.Array) -> pa.Array:
    """At most ``TEXT_BYTES`` of each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= TEXT_BYTES:
        return texts
    return pa.array([cut(text) if text is not None else None for text in texts.to_pylist()], texts.type)


def cut(text: str) -> str:
    """At most ``TEXT_BYTES`` bytes of UTF-8, whole characters only."""
    return text.encode()[:TEXT_BYTES].decode(errors="ignore")


def counted(layer: LayerPlan, counts: dict[str, Any], *kinds: tuple[str, str, str]) -> list[Loss]:
    """A loss for each column of which something was counted, and for empty geometries. Each of ``kinds`` is a kind of
    loss, the begin of the counts' names, and a detail."""
    losses = []
    for kind, key, detail in (("truncated", "cut", f"Cut at {TEXT_BYTES} bytes."), *kinds):
        for i, column in enumerate(layer.columns):
            if number := counts.get(f"{key}{i}"):
                losses.append(Loss(layer.name, kind, detail, field=column.name, count=number))
    if number := counts["empty"]:
        losses.append(Loss(layer.name, "altered", EMPTY_GEOMETRY, count=number))
    return losses
