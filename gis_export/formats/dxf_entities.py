"""Geometries and labels as the entities of a drawing: text in Arrow arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis_export.formats.dxf_frame import APPLICATION
from gis_export.formats.text import contains, replaced

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LABEL_LENGTH = 255
_LETTER = 0.9  # the width of a letter, as a part of its height
_TALLEST = 5.0  # a label in an area, as times the height of others
_MINIMUM = 1e-9
# Programs read these as codes; so written, as the characters themselves.
_CODES = {"%%": "%%%%%%", "^": "^ "}
_CONTROL = bytes(range(1, 32)) + b"\x7f"
_CONTROL_PATTERN = r"[\x01-\x1f\x7f]+"


@dataclass(frozen=True)
class Style:
    """Of a layer's entities: its name and that of its labels, its geometry type, the handle of the space they are in,
    and how tall a label is that stands in no area."""

    layer: str
    labels: str
    geometry_type: str
    owner: str
    height: float


@dataclass(frozen=True)
class Entities:
    """Those of some records, as one text a entity. Of the records: how many are written, and how many of them by
    several entities; ``cleaned`` labels had to be cut, or had control characters."""

    texts: pa.StringArray
    written: int
    split: int
    cleaned: int
    extent: tuple[float, float, float, float]


def entities(
    geometries: np.ndarray[Any, Any], labels: pa.StringArray, records: np.ndarray[Any, Any], style: Style, handle: int
) -> Entities:
    """``geometries``, none of them empty, with the label and the number of each record; ``handle`` is the first that is
    free. The entities of a record follow each other, its label last."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import shapely

    kind, shapes, owners = _shapes(geometries, style)
    labels, cleaned = _cleaned(labels)
    labelled = np.flatnonzero(np.asarray(pc.greater(pc.binary_length(labels), 0)))
    of = np.concatenate([owners, labelled])
    order = np.argsort(of, kind="stable")
    handles = np.empty(len(of), np.int64)
    handles[order] = np.arange(handle, handle + len(of))
    hexadecimal = pa.array([f"{number:X}" for number in handles.tolist()], pa.string())
    numbers = pc.cast(pa.array(records[of]), pa.string())

    def texts(start: int, end: int, kind: str, layer: str, body: pa.StringArray) -> pa.StringArray:
        return pc.binary_join_element_wise(
            f"  0\n{kind}\n  5\n",
            hexadecimal[start:end],
            f"\n330\n{style.owner}\n100\nAcDbEntity\n  8\n{layer}\n",
            body,
            f"1001\n{APPLICATION}\n1071\n",
            numbers[start:end],
            "\n",
            "",
        )

    outlines = texts(0, len(owners), kind, style.layer, _bodies(kind, shapes, style))
    captions = texts(len(owners), len(of), "TEXT", style.labels, _label_bodies(geometries, labels, labelled, style))
    in_order = pa.concat_arrays([outlines, captions]).take(pa.array(order))
    several = np.bincount(owners, minlength=len(geometries)) > 1
    return Entities(
        in_order,
        len(np.unique(owners)),
        int(several.sum()),
        cleaned,
        tuple(shapely.total_bounds(geometries).tolist()),
    )


def _shapes(geometries: np.ndarray[Any, Any], style: Style) -> tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The kind of entity, what each one draws, and the place of its record."""
    import shapely

    parts, owners = shapely.get_parts(geometries, return_index=True)
    if style.geometry_type == "MultiPolygon":
        rings, of_part = shapely.get_rings(parts, return_index=True)
        return "LWPOLYLINE", rings, owners[of_part]
    return "POINT" if style.geometry_type.endswith("Point") else "LWPOLYLINE", parts, owners


def _bodies(kind: str, shapes: np.ndarray[Any, Any], style: Style) -> pa.StringArray:
    """What stands in each entity beside its owner and its number."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import shapely

    positions, of = shapely.get_coordinates(shapes, return_index=True)
    if kind == "POINT":
        return pc.binary_join_element_wise("100\nAcDbPoint\n 10\n", *_xy(positions), "\n 30\n0.0\n", "")
    closed = style.geometry_type == "MultiPolygon"
    if closed:  # the first position is not repeated
        last = np.append(of[1:] != of[:-1], True)
        positions, of = positions[~last], of[~last]
    counts = np.bincount(of, minlength=len(shapes))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    vertices = pc.binary_join_element_wise(" 10\n", *_xy(positions), "\n", "")
    return pc.binary_join_element_wise(
        "100\nAcDbPolyline\n 90\n",
        pc.cast(pa.array(counts), pa.string()),
        f"\n 70\n{int(closed)}\n",
        pc.binary_join(pa.ListArray.from_arrays(offsets, vertices), ""),
        "",
    )


def _label_bodies(
    geometries: np.ndarray[Any, Any], labels: pa.StringArray, labelled: np.ndarray[Any, Any], style: Style
) -> pa.StringArray:
    """Centered on a point of the geometry; in an area as tall as fits into it."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import shapely

    geometries, labels = geometries[labelled], labels.take(pa.array(labelled))
    heights = np.full(len(geometries), style.height)
    if style.geometry_type == "MultiPolygon":
        xmin, ymin, xmax, ymax = shapely.bounds(geometries).T
        letters = np.asarray(pc.utf8_length(labels))
        fitting = np.minimum((xmax - xmin) / (_LETTER * np.maximum(letters, 1)), ymax - ymin) / 2
        heights = np.clip(fitting, _MINIMUM, _TALLEST * style.height)
    x, between, y = _xy(shapely.get_coordinates(shapely.point_on_surface(geometries)))
    return pc.binary_join_element_wise(
        *("100\nAcDbText\n 10\n", x, between, y, "\n 30\n0.0\n 40\n", _numbers(heights)),
        *("\n  1\n", replaced(labels, _CODES), "\n 72\n1\n 11\n", x, "\n 21\n", y),
        *("\n 31\n0.0\n100\nAcDbText\n 73\n2\n", ""),
    )


def _cleaned(labels: pa.StringArray) -> tuple[pa.StringArray, int]:
    """Without control characters, which end a value, and cut to ``LABEL_LENGTH``; how many were changed so."""
    import pyarrow.compute as pc

    labels = pc.fill_null(labels, "")
    clean = pc.utf8_slice_codeunits(labels, 0, LABEL_LENGTH)
    if contains(labels, _CONTROL):
        clean = pc.replace_substring_regex(clean, _CONTROL_PATTERN, " ")
    changed = pc.sum(pc.not_equal(clean, labels)).as_py() or 0
    return pc.utf8_trim_whitespace(clean), int(changed)


def _xy(positions: np.ndarray[Any, Any]) -> tuple[Any, str, Any]:
    """x and y with what stands between them."""
    return _numbers(positions[:, 0]), "\n 20\n", _numbers(positions[:, 1])


def _numbers(values: np.ndarray[Any, Any]) -> pa.StringArray:
    """The shortest text that reads back the same; a real number has a point."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.cast(pa.array(values), pa.string())
    whole = (values == np.floor(values)) & (np.abs(values) < 1e15)
    if whole.any():
        texts = pc.if_else(pa.array(whole), pc.binary_join_element_wise(texts, ".0", ""), texts)
    return texts
