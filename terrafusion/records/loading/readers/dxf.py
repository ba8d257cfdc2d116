"""AutoCAD drawings: closed polylines are areas, open ones and lines are lines. In our own, what has one number is one
record, whose attributes are in the CSV beside the drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from ezdxf.addons import iterdxf
from ezdxf.entities import DXFGraphic
from ezdxf.lldxf.const import DXFError
from ezdxf.path import make_path

from terrafusion.operations import meters
from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.geometry import CURVE_TOLERANCE
from terrafusion.records.loading.problems import ALTERED, Problem
from terrafusion.records.loading.readers import rings
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows, Source, record_batch
from terrafusion.records.loading.readers.exported import ExportedLayer
from terrafusion.records.loading.readers.gdal import crs_of
from terrafusion.records.loading.readers.own_csv import OwnCsvSource, open_own_csv
from terrafusion.records.loading.readers.shapes_in_text import UNREADABLE
from terrafusion.records.loading.targets import Kind
from terrafusion.words import counted

_APPLICATION, _NUMBER = "TERRAFUSION", 1071  # by which our own drawings number their records
_LINES = ("LWPOLYLINE", "POLYLINE", "LINE")
_READ = (*_LINES, "POINT")
_NOT_READ = tuple(sorted(iterdxf.SUPPORTED_TYPES - {*_READ, "TEXT", "MTEXT", "VERTEX", "SEQEND", "ATTRIB", "ATTDEF"}))
_BINARY = b"AutoCAD Binary DXF"
_HANDLE = "handle"


@dataclass
class DxfSource(Source):
    file: Path = Path()
    table: OwnCsvSource | None = None
    tolerance: float = CURVE_TOLERANCE

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        if self.table is not None:
            yield from self._own(self.table, columns, geometry)
            return
        entities = _entities(self.path, self.file, self.layer)
        while batch := list(islice(entities, BATCH_ROWS)):
            handles = pa.array([entity.dxf.handle for entity in batch], pa.string())
            curved = np.array([_is_curved(entity) for entity in batch], dtype=bool)
            wkb = pa.array([_wkb(_shape(entity, self.tolerance)) for entity in batch], pa.binary())
            problems = [Problem(curved, "curve", lambda _: "an arc became lines", ALTERED)] if curved.any() else []
            yield Rows(record_batch(dict.fromkeys(columns, handles), len(batch)), wkb, tuple(problems))

    def _own(self, table: OwnCsvSource, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        records = groupby(_entities(self.path, self.file, self.layer), key=_record)
        number, parts = next(records, (0, iter(())))
        for rows in table.batches([table.header[0], *columns], False):
            shapes: list[bytes | None] = []
            for record in map(int, rows.batch.column(0).to_pylist()):
                shapes.append(_wkb(_joined(list(parts))) if number == record else None)
                if number == record:
                    number, parts = next(records, (0, iter(())))
            wkb = pa.array(shapes, pa.binary()) if geometry else None
            yield Rows(rows.batch.select(list(columns)), wkb)
        if number:
            raise LoadError(f"{self.path.name} is damaged: it has shapes of records that its table does not have.")


def layers(path: Path, file: Path) -> list[str]:
    """Those that have anything that can be read."""
    return list(_scan(path, file))


def open_dxf(path: Path, file: Path, layer: str, exported: ExportedLayer | None) -> DxfSource:
    """Reads the drawing once. Raises ``LoadError`` where it breaks off."""
    types = _scan(path, file).get(layer, Counter())
    kinds = {kind for kind in types if kind in _KINDS}
    described = file.with_suffix(".prj")
    crs = crs_of(described.read_text(encoding="utf-8", errors="replace")) if described.is_file() else None
    source = DxfSource(
        path=path,
        layer=layer,
        columns=(_HANDLE,),
        types={_HANDLE: Kind.TEXT},
        crs=crs,
        geometry_type=kinds.pop() if len(kinds) == 1 else "Unknown",
        rows=sum(types[kind] for kind in _KINDS),
        file=file,
        tolerance=CURVE_TOLERANCE / meters(crs) if crs else CURVE_TOLERANCE,
    )
    if exported is not None:
        source.table = open_own_csv(path, file.with_name(f"{exported.name}.csv"), exported)
        source.columns, source.types, source.rows = source.table.columns[1:], source.table.types, None
    elif left := {kind: count for kind, count in types.items() if kind not in _KINDS}:
        named = ", ".join(counted(count, kind) for kind, count in sorted(left.items()))
        source.note(f"Left out, as neither lines nor points: {named}.")
    return source


_KINDS = ("Polygon", "LineString", "Point")


def _scan(path: Path, file: Path) -> dict[str, Counter[str]]:
    """By layer, how many of what: what is read by its kind, all else by the name that drawings have for it."""
    seen: dict[str, Counter[str]] = {}
    for entity in _all(path, file, (*_READ, *_NOT_READ)):
        seen.setdefault(entity.dxf.layer, Counter())[_kind(entity)] += 1
    return {layer: types for layer, types in seen.items() if any(kind in types for kind in _KINDS)}


def _entities(path: Path, file: Path, layer: str) -> Iterator[DXFGraphic]:
    return (entity for entity in _all(path, file, _READ) if entity.dxf.layer == layer)


def _all(path: Path, file: Path, types: Sequence[str]) -> Iterator[DXFGraphic]:
    """Of the model space. Raises ``LoadError`` for what is no whole drawing."""
    with file.open("rb") as stream:
        if stream.read(len(_BINARY)) == _BINARY:
            raise LoadError(f"{path.name} is a binary DXF: save the drawing again as an ASCII DXF.")
        size = stream.seek(0, 2)
        stream.seek(max(size - 64, 0))
        if stream.read().split()[-2:] != [b"0", b"EOF"]:
            raise LoadError(f"{path.name} is damaged: it breaks off before its end. Ask for the file again.")
    try:
        yield from iterdxf.modelspace(str(file), types)
    except DXFError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise LoadError(f"{path.name} is damaged: {reason}. Ask for the file again.") from None


def _kind(entity: DXFGraphic) -> str:
    if entity.dxftype() == "POINT":
        return "Point"
    if entity.dxftype() not in _LINES:
        return str(entity.dxftype())
    return "Polygon" if _is_closed(entity) else "LineString"


def _is_closed(entity: DXFGraphic) -> bool:
    return bool(getattr(entity, "closed", False) or getattr(entity, "is_closed", False))


def _is_curved(entity: DXFGraphic) -> bool:
    return bool(getattr(entity, "has_arc", False))


def _record(entity: DXFGraphic) -> int:
    return int(next((value for code, value in entity.get_xdata(_APPLICATION) if code == _NUMBER), 0))


def _positions(entity: DXFGraphic, tolerance: float) -> np.ndarray:
    """x and y; arcs as lines."""
    if entity.dxftype() == "LINE":
        return np.array([entity.dxf.start.vec2, entity.dxf.end.vec2], dtype=float)
    if entity.dxftype() == "LWPOLYLINE" and not _is_curved(entity):
        return np.asarray(entity.get_points("xy"), dtype=float).reshape(-1, 2)
    return np.array([(place.x, place.y) for place in make_path(entity).flattening(tolerance)]).reshape(-1, 2)


def _shape(entity: DXFGraphic, tolerance: float) -> shapely.Geometry | None:
    if entity.dxftype() == "POINT":
        return shapely.Point(entity.dxf.location.x, entity.dxf.location.y)
    positions = _positions(entity, tolerance)
    if _is_closed(entity):
        return rings.areas([positions])
    return shapely.LineString(positions) if len(positions) > 1 else None


def _joined(entities: list[DXFGraphic]) -> shapely.Geometry | None:
    """One record of several entities, as we draw them."""
    if all(map(_is_closed, entities)):
        return rings.areas([_positions(entity, CURVE_TOLERANCE) for entity in entities])
    shapes = [_shape(entity, CURVE_TOLERANCE) for entity in entities]
    if entities[0].dxftype() == "POINT":
        return shapely.MultiPoint(shapes) if len(shapes) > 1 else shapes[0]
    return shapely.MultiLineString(shapes)


def _wkb(shape: shapely.Geometry | None) -> bytes:
    return UNREADABLE if shape is None else bytes(shapely.to_wkb(shape))
