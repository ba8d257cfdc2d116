"""What a format is. A new format is one module of this package that sets ``FORMAT``; the registry finds it.

The web process reads the descriptions, the writer process calls ``write``. Modules here import neither Django nor, at
their top, a native library: those load in the writer process only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from gis_export.formats.sizes import Expected, Sample, Size
from gis_export.plan import LayerPlan, Loss, Notice, Totals
from terrafusion import words
from terrafusion.words import counted

if TYPE_CHECKING:
    import pyarrow as pa

    from gis_export.content import Content, Recorded

EMPTY_GEOMETRY = "A geometry that is empty is read as absent."
"""A loss that several formats have."""

SPOILED = "Shapes so narrow that rounding makes them invalid were left so."
"""A loss of formats that round coordinates."""

BOUNDARY_FORMAT = "GeoJSON"
"""Of the area of interest beside the layers, where it is not one of the file."""

METRIC = "m_"
"""Begins the names of the columns that follow in every stream, from which the totals of what is written are taken."""


class Reader(Protocol):
    """One layer of the export, as the format sees it (``gis_export.writer.reader``)."""

    layer: LayerPlan

    def source(self) -> Totals:
        """The totals by SQL, in the same snapshot; waits for them."""

    def row(self, sql: str, each: str = "") -> dict[str, Any]:
        """The one row of a query over the layer's rows; ``each``, SQL behind FROM, makes rows of each of them (f)."""

    def stream(
        self,
        columns: Iterable[str],
        order: str = "k",
        where: str = "TRUE",
        box: bool = False,
        texts: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        """The rows that fulfill ``where`` with ``columns`` (both SQL over k, g, c0, c1...). ``box`` adds the corners of
        each geometry, named as ``CORNERS``. ``texts`` are further columns by their names, strings as PostgreSQL writes
        the values, which are had at a fraction of the cost; these are not in the schema. Progress and the totals
        of what is written are counted as the batches pass."""

    def groups(self, sql: str) -> AbstractContextManager[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        """The rows of ``sql``, a whole query, each of which stands for some of the layer's. It also gives the columns
        that ``group_metrics`` makes; what passes is counted by them."""


def group_metrics(layer: LayerPlan, counted: str) -> list[str]:
    """SQL of the columns by which groups of rows are counted. Each of the layer's rows must fulfill ``counted`` in one
    group only; ``missing`` (a boolean), ``area`` and c0, c1... are to be known of each."""
    sums = {
        "records": "count(*)",
        "missing": "sum(missing::int)",
        "area": "sum(area)",
        **{f"sum_c{i}": f"sum(c{i}::float8)" for i, column in enumerate(layer.columns) if column.total},
    }
    return [f"{sql} FILTER (WHERE {counted}) AS {METRIC}{name}" for name, sql in sums.items()]


@dataclass(frozen=True)
class Option:
    """What a request may choose in ``parameters.options``. ``default`` applies where it chooses nothing."""

    name: str
    help: str
    default: Any
    choices: tuple[str, ...] = ()
    """The texts that are allowed; empty for a whole number."""
    minimum: int = 0
    maximum: int = 0

    def fault(self, given: object) -> str | None:
        """What is wrong with a value, None where nothing is."""
        if self.choices:
            return None if given in self.choices else words.unknown("value", given, available=self.choices)
        if isinstance(given, int) and not isinstance(given, bool) and self.minimum <= given <= self.maximum:
            return None
        return f"Give a whole number from {self.minimum} to {self.maximum}."


@dataclass(frozen=True)
class Limit:
    """How much of something the format holds, and what is done with more."""

    of: str
    maximum: int
    beyond: str


CORNERS = tuple(METRIC + name for name in ("xmin", "ymin", "xmax", "ymax"))


@dataclass(frozen=True)
class Written:
    """The files of one layer, the losses, and how many records the file itself says that it holds; also their extent,
    where its header has one."""

    files: list[Path]
    records: int
    losses: list[Loss] = field(default_factory=list)
    extent: tuple[float, float, float, float] | None = None


class Format(ABC):
    """A file format. The class attributes are what ``GET formats`` lists."""

    name: ClassVar[str]
    label: ClassVar[str]
    extension: ClassVar[str]
    media_type: ClassVar[str]
    description: ClassVar[str]
    notes: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[tuple[Option, ...]] = ()
    limits: ClassVar[tuple[Limit, ...]] = ()
    may_lose: ClassVar[dict[str, str]] = {}
    """By the kind of a ``Loss``: what can be lost that way. A loss of any other kind is a programming error."""
    reproducible: ClassVar[bool] = True
    """The same request on the same data gives the same bytes, but for the manifest in a zip. Where not, ``notes`` say
    why."""
    multi_layer: ClassVar[bool] = False
    """All layers go into one file; otherwise each has its own, and several are zipped."""
    fixed_srid: ClassVar[int | None] = None
    """The only CRS that the format's standard allows."""
    decimals: ClassVar[int | None] = None
    """Of coordinates, where the request asks for no other number of them; None for all that there are."""
    planar: ClassVar[bool] = False
    """Degrees are of no use in it: where no CRS is asked for, it is in the county's State Plane."""
    boundary_layer: ClassVar[bool] = False
    """A package has the area of interest as a layer of the file itself; otherwise as GeoJSON beside it."""
    always_zip: ClassVar[bool] = False
    """A layer is more than one file."""
    in_parts: ClassVar[str] = ""
    """How a large layer that several workers write is put together: "merged" into the file that one would have written,
    a "dataset" of a file for each part, or, empty, not at all."""
    has_bbox: ClassVar[bool] = False
    """The file states the extent of its features, so it must be known: by SQL, which takes a while on a large layer."""
    shapes_only: ClassVar[bool] = False
    """Records without a geometry are left out."""
    parts_as_records: ClassVar[bool] = False
    """A record that is ``split`` becomes several in the file."""
    size: ClassVar[Size]
    """By which an estimate goes before any export of the kind has been made."""

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:  # noqa: B027 - most need nothing here
        """Called before the first layer of the file ``path``."""

    @abstractmethod
    def write(self, reader: Reader, path: Path) -> Written:
        """Write one layer to ``path``; where ``multi_layer``, add it to what is there."""

    def finish(self, path: Path) -> str:
        """Called after the last layer of the file ``path``: its SHA-256, empty where the writing did not compute it."""
        return ""

    @abstractmethod
    def verify(self, path: Path, recorded: Recorded) -> Content:
        """What the file at ``path`` holds of a layer, read again in full, and by another program than wrote it where
        there is one (``gis_export.content``)."""

    def record_text(self, layer: LayerPlan) -> tuple[str, str]:
        """SQL over k, g, c0, c1... of the text that the format writes of a record's attributes, and of its shape; empty
        texts where it writes none."""
        return "''", "''"

    def notices(self, layer: LayerPlan) -> tuple[Notice, ...]:
        """What is to be counted of the layer beside what its own notices say."""
        if self.decimals is None or layer.precision is not None or layer.geometry_type != "MultiPolygon":
            return ()
        grid = f"ST_SnapToGrid(g, 1e-{self.decimals})"
        spoiled = f"(NOT ST_IsValid({grid}) OR ST_NRings({grid}) < ST_NRings(g)) AND ST_IsValid(g)"
        return (Notice("altered", SPOILED, f"count(*) FILTER (WHERE {spoiled})"),)

    def is_several_files(self, sample: Sample) -> bool:
        """Whether a layer becomes more than one file, and so a zip."""
        return self.always_zip

    def expected(self, sample: Sample, packed: bool) -> Expected:
        """What a layer adds to the file, which is ``packed`` into a zip or not."""
        return self.size.expected(sample, packed)

    def coordinate_error(self, layer: dict[str, Any], resolved: dict[str, Any]) -> float:
        """How far a coordinate of the file may be from the database's, in units of the layer's CRS. ``layer`` is that
        of the manifest, ``resolved`` are the effective parameters of its request."""
        if self.decimals is None:
            return 0.0
        precision: int | None = resolved.get("precision")
        return float(0.5 * 10.0 ** -(self.decimals if precision is None else precision))


def rounded(layer: LayerPlan, decimals: int) -> list[Loss]:
    """What the usual decimals of a format cost; those that the request asks for are in the layer's notices."""
    if layer.precision is not None:
        return []
    return [Loss(layer.name, "altered", f"Coordinates are rounded to {counted(decimals, 'decimal')}.")]


def literal(text: str) -> str:
    """``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def free_name(wanted: str, taken: Iterable[str], longest: int = 10**6) -> str:
    """``wanted``, or with a number where ``taken`` has it already, in whatever case; of at most ``longest`` characters,
    which ``wanted`` has."""
    used = {name.lower() for name in taken}
    name, number = wanted, 1
    while name.lower() in used:
        number += 1
        end = f"_{number}"
        name = wanted[: longest - len(end)] + end
    return name
