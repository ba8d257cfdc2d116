"""What each reader of a format offers: one layer of a file, as a stream of batches in the file's order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pyproj import CRS

from terrafusion.records.loading.encodings import Undecoded
from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.problems import Problem
from terrafusion.records.loading.targets import Kind

BATCH_ROWS = 10_000
_MAX_NOTES = 10


@dataclass(frozen=True)
class Rows:
    """A batch: the columns that were asked for, geometries as WKB (bytes that are none where one cannot be read), and
    what the reader itself refuses."""

    batch: pa.RecordBatch
    wkb: pa.Array | None = None
    problems: tuple[Problem, ...] = ()


@dataclass
class Source(ABC):
    """One layer of a file. ``geometry_type`` is a simple or Multi type, ``Unknown``, or None for a plain table; ``crs``
    is None where the file names none that is known (``crs_name`` is what it says). ``types`` has None for columns whose
    values no attribute can hold. ``rows`` is None where only reading shows how many there are. ``operation`` is the
    name of the one by which our own database made the coordinates, empty where it chose by itself, None of other files.
    """

    path: Path  # as the user named it
    layer: str
    columns: tuple[str, ...]
    types: dict[str, Kind | None]
    crs: CRS | None = None
    crs_name: str = ""
    geometry_type: str | None = None
    rows: int | None = None
    notes: list[str] = field(default_factory=list)
    operation: str | None = None
    undecoded: Undecoded = field(default_factory=Undecoded)

    @abstractmethod
    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Rows]:
        """The rows, checked to the file's end. Raises ``LoadError``, or what ``faults.explained`` puts into words,
        when the file breaks off, which may be after any number of batches."""

    def note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < _MAX_NOTES:
            self.notes.append(text)


def record_batch(columns: Mapping[str, pa.Array], length: int) -> pa.RecordBatch:
    """Of ``length`` rows, also where there are no columns."""
    if columns:
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    return pa.RecordBatch.from_struct_array(pa.array([{}] * length, pa.struct([])))


def require_unlike(path: Path, names: Sequence[str], exact: bool = False) -> None:
    """Raises ``LoadError`` where two columns have one name; names that differ in case only count as one, unless
    ``exact``."""
    times = Counter(name if exact else name.casefold() for name in names)
    if twice := [name for name in names if times[name if exact else name.casefold()] > 1]:
        raise LoadError(
            f"{path.name} has columns of the same name: {', '.join(twice)}. Rename them, or leave out all but one."
        )
