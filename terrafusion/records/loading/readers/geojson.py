"""GeoJSON, as a collection or one feature to a line: types by all values of a column, none guessed from a text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from terrafusion.records.loading import encodings
from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.problems import Problem
from terrafusion.records.loading.readers import json_text
from terrafusion.records.loading.readers.base import BATCH_ROWS, Rows, Source, record_batch
from terrafusion.records.loading.readers.json_text import Feature
from terrafusion.records.loading.readers.shapes_in_text import UNREADABLE, unclosed
from terrafusion.records.loading.targets import Kind

SUFFIXES = (".geojson", ".json", ".geojsonl", ".geojsons", ".geojsonseq", ".ndjson", ".ndgeojson", ".jsonl")
_WHOLE, _EXACT = 2**63, 2**53  # below: int64, and whole numbers that a double holds
_ALIKE = 1000  # kinds of features that are remembered
_ARROW = {Kind.INTEGER: pa.int64(), Kind.REAL: pa.float64(), Kind.BOOLEAN: pa.bool_()}


@dataclass
class GeoJsonSource(Source):
    file: Path = Path()
    lines: bool = False
    with_id: bool = False

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        features = self.features()
        while batch := list(islice(features, BATCH_ROWS)):
            rows = [_properties(feature, self.with_id) for feature in batch]
            cells = {name: self._array(name, [row.get(name) for row in rows]) for name in columns}
            shapes = [feature.get("geometry") for feature in batch] if geometry and self.geometry_type else None
            wkb, problems = self.shapes(shapes) if shapes else (None, [])
            yield Rows(record_batch(cells, len(batch)), wkb, tuple(problems))

    def features(self) -> Iterator[Feature]:
        return (feature for _, feature in json_text.features(self.file, self.path.name, self.lines, {}))

    def shapes(self, geometries: list[Feature | None]) -> tuple[pa.Array, list[Problem]]:
        """As WKB, and what is reported of the rings that had to be closed."""
        return _wkb(geometries)

    def _array(self, name: str, values: list[Any]) -> pa.Array:
        kind = _ARROW.get(self.types[name] or Kind.TEXT)
        if kind is not None:
            return pa.array(values, kind)
        return encodings.array([_text(value) for value in values], self.undecoded)


@dataclass
class Seen:
    """What a first reading finds out. ``kinds`` has the types of each column's values; ``longest`` the largest of the
    integers that no double holds; ``alike`` the names of integers of features by all names and types."""

    kinds: dict[str, set[type]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)
    alike: dict[tuple[str | type, ...], list[str]] = field(default_factory=dict)
    shapes: set[str] = field(default_factory=set)
    rows: int = 0
    with_id: bool = False  # whether a feature's own id is a text, which is then a column

    def add(self, feature: Feature) -> None:
        self.rows += 1
        self.with_id = self.with_id or isinstance(feature.get("id"), str)
        properties = _properties(feature, False)
        types = tuple(map(type, properties.values()))
        if (alike := self.alike.get((*properties, *types))) is None:
            alike = self._new(properties, types)
        for name in alike:
            if abs(properties[name]) > self.longest.get(name, _EXACT):
                self.longest[name] = abs(properties[name])
        if (geometry := feature.get("geometry")) is not None:
            self.shapes.add(str(geometry.get("type")).removeprefix("Multi"))

    def _new(self, properties: Feature, types: tuple[type, ...]) -> list[str]:
        """What is to be remembered of a feature with other names or types than those before; its names of integers."""
        for (name, value), kind in zip(properties.items(), types, strict=True):
            kinds = self.kinds.setdefault(name, set())
            if value is not None:
                kinds.add(kind)
        integers = [name for name, kind in zip(properties, types, strict=True) if kind is int]
        if len(self.alike) < _ALIKE:
            self.alike[*properties, *types] = integers
        return integers

    def kind(self, name: str) -> Kind:
        kinds, longest = self.kinds.get(name, set()), self.longest.get(name, 0)
        if kinds == {bool}:
            return Kind.BOOLEAN
        if kinds == {int} and longest < _WHOLE:
            return Kind.INTEGER
        if kinds in ({float}, {int, float}) and longest <= _EXACT:
            return Kind.REAL
        return Kind.TEXT


def open_geojson(path: Path, file: Path, layer: str, lines: bool) -> GeoJsonSource:
    """Reads the file once, so that a broken one is refused before a row is."""
    members: Feature = {}
    seen = Seen()
    for _, feature in json_text.features(file, path.name, lines, members):
        seen.add(feature)
    columns = tuple(["id", *seen.kinds] if seen.with_id and "id" not in seen.kinds else seen.kinds)
    properties = members.get("properties")
    partial = json_text.is_partial(members) or (isinstance(properties, dict) and json_text.is_partial(properties))
    return GeoJsonSource(
        path=path,
        layer=layer,
        columns=columns,
        types={name: seen.kind(name) for name in columns},
        crs=_crs(path, members),
        geometry_type=None if not seen.shapes else seen.shapes.pop() if len(seen.shapes) == 1 else "Unknown",
        rows=seen.rows,
        notes=[json_text.PARTIAL] if partial else [],
        file=file,
        lines=lines,
        with_id=seen.with_id,
    )


def _properties(feature: Feature, with_id: bool) -> Feature:
    properties: Feature = feature.get("properties") or {}
    return {"id": feature.get("id"), **properties} if with_id else properties


def _text(value: object) -> str | None:
    """As the file has it: texts bare, all else as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _wkb(geometries: list[Feature | None]) -> tuple[pa.Array, list[Problem]]:
    given = np.array([geometry is not None for geometry in geometries], dtype=bool)
    shapes = _shapes(geometries)
    missing = np.flatnonzero(given & shapely.is_missing(shapes))
    closed = np.zeros(len(geometries), dtype=bool)
    if len(missing):
        shapes[missing] = _shapes([_with_closed_rings(geometries[index] or {}) for index in missing])
        closed[missing] = ~shapely.is_missing(shapes[missing])
    pairs = zip(given, shapely.to_wkb(shapes), strict=True)
    return pa.array([UNREADABLE if there and not wkb else wkb for there, wkb in pairs], pa.binary()), unclosed(closed)


def _shapes(geometries: Sequence[Feature | None]) -> np.ndarray:
    texts = [None if geometry is None else json.dumps(geometry) for geometry in geometries]
    return np.asarray(shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore"), dtype=object)


def _with_closed_rings(geometry: Feature) -> Feature:
    """Of a Polygon or MultiPolygon; what is none stays as it is."""
    depth = {"Polygon": 1, "MultiPolygon": 2}.get(str(geometry.get("type")), 0)
    return geometry | {"coordinates": _closed(geometry.get("coordinates"), depth)} if depth else geometry


def _closed(rings: object, depth: int) -> object:
    if not isinstance(rings, list) or not rings:
        return rings
    if depth:
        return [_closed(ring, depth - 1) for ring in rings]
    return rings if rings[0] == rings[-1] else [*rings, rings[0]]


def _crs(path: Path, members: Feature) -> CRS | None:
    """RFC 7946's, or what the ``crs`` of the edition before says."""
    if "crs" not in members:
        return CRS.from_epsg(4326)
    named = members["crs"]
    if named is None:
        return None
    try:
        crs = CRS.from_user_input(named["properties"]["name"])
    except (CRSError, KeyError, TypeError):
        raise LoadError(
            f"{path.name} names a coordinate system that is not known: {json.dumps(named)[:80]}. "
            "Give its EPSG code with --crs."
        ) from None
    return CRS.from_epsg(4326) if crs.to_authority() == ("OGC", "CRS84") else crs
