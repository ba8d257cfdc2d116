"""What the worker asks of the writer process, and what it gets back: plain data, no Django.

The worker turns a request into a ``ExportPlan`` of finished SQL; the writer needs nothing else to make the files. Both
cross the pipe between them as JSON.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

_MAX_NAMED = 150  # characters of layers' names in the name of the file


@dataclass(frozen=True)
class ColumnPlan:
    """An attribute of a layer. ``type`` is a ``FieldType`` value of the layer registry; ``total`` asks for its sum."""

    name: str
    type: str
    width: int | None = None
    short_name: str = ""
    total: bool = False


@dataclass(frozen=True)
class Notice:
    """What a parameter does to a layer, for its losses: as ``Loss``, with ``count`` as the SQL of an aggregate over the
    layer's columns. What counts nothing is not reported; with no ``count`` it is always."""

    kind: str
    detail: str
    count: str = ""


@dataclass(frozen=True)
class LayerPlan:
    """One layer as SQL with every literal in place. It gives the columns ``k`` (a unique, stable integer key), ``g``
    (the geometry in ``srid``, of the Multi type ``geometry_type``, NULL where there is none) and ``c0, c1...``, one for
    each of ``columns``; ``notices`` may count columns beside these. ``changed_at`` is when the data last changed, as
    ISO 8601 in UTC. ``options`` are those of the format, each with a value. ``precision``: the decimals of the
    coordinates, where the request asks for some; ``transformation``: the operation by which they come into ``srid``,
    where the layer was loaded from there."""

    name: str
    title: str
    description: str
    sql: str
    geometry_type: str
    srid: int
    changed_at: str
    columns: tuple[ColumnPlan, ...]
    options: dict[str, Any] = field(default_factory=dict)
    precision: int | None = None
    transformation: dict[str, Any] | None = None
    notices: tuple[Notice, ...] = ()

    def decimals(self, usual: int) -> int:
        """Those of coordinates as text: what the request asks for, else what is usual for the format."""
        return usual if self.precision is None else self.precision


@dataclass(frozen=True)
class ExportPlan:
    """Everything that the writer needs. ``boundary`` is the area of interest as a layer, for a package; None for a
    whole county. ``database`` is a libpq connection string and may hold a password, and ``signing_key`` signs the
    manifest: both go through the pipe only. ``job`` is the id of the export's job. ``stem`` is the file name without
    extension; files are written to ``folder``. ``snapshot`` is that of another session, which holds it; without one,
    the writer takes its own."""

    format: str
    layers: tuple[LayerPlan, ...]
    database: str
    folder: str
    stem: str
    always_zip: bool
    request: dict[str, Any]
    withheld: dict[str, list[str]] = field(default_factory=dict)
    boundary: LayerPlan | None = None
    snapshot: str = ""
    job: str = ""
    signing_key: str = ""

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ExportPlan:
        data = json.loads(text)
        layers = tuple(map(_layer, data.pop("layers")))
        boundary = data.pop("boundary")
        return cls(layers=layers, boundary=boundary and _layer(boundary), **data)


def _layer(data: dict[str, Any]) -> LayerPlan:
    columns = tuple(ColumnPlan(**column) for column in data.pop("columns"))
    notices = tuple(Notice(**notice) for notice in data.pop("notices"))
    return LayerPlan(columns=columns, notices=notices, **data)


@dataclass(frozen=True)
class Loss:
    """Something that the format could not keep as it was: ``kind`` is renamed, retyped, truncated, altered, split,
    dropped or moved; ``count`` is the number of values or records it touched, None where it is the whole field.
    ``becomes`` is the name in the file of what is renamed, or of the field that has the whole value."""

    layer: str
    kind: str
    detail: str
    field: str = ""
    count: int | None = None
    becomes: str = ""


@dataclass
class Totals:
    """Counts, extent and sums of one layer, from the source or from what was written.

    ``area`` is planar, in the squared units of the output CRS; ``extent`` is (xmin, ymin, xmax, ymax) in that CRS,
    None where it was not taken or nothing has a geometry; ``sums`` are of the columns that ask for a total.
    """

    records: int = 0
    without_geometry: int = 0
    area: float = 0.0
    extent: tuple[float, float, float, float] | None = None
    sums: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportResult:
    """The finished file, and the manifest that describes it."""

    file: str
    size: int
    sha256: str
    records: int
    manifest: dict[str, Any]


def joined_names(layers: list[str]) -> str:
    """The layers' names for a file name, of which systems allow 255 bytes."""
    named = list(layers)
    while len("_".join(named)) > _MAX_NAMED:
        named.pop()
    rest = len(layers) - len(named)
    return "_".join([*named, f"and_{rest}_more"] if rest else named)
