"""What a load did, in figures, and the CSV of what it did not take."""

from __future__ import annotations

import contextlib
import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.geometry import CURVE_TOLERANCE
from terrafusion.records.transformations import transformed
from terrafusion.words import counted

_COUNTERS = ("refused", "nulled", "truncated", "left_out", "altered")
_MOST = 30  # columns that are named
_ALTERED = {
    "curve": f"with arcs, which became lines that leave them by at most {100 * CURVE_TOLERANCE:g} cm",
    "unclosed_ring": "with a ring that was not closed, and is now",
    "z_or_m": "with Z or M, which was left out",
    "antimeridian": "across 180 degrees, split there",
    "outside_area": "outside the area of the file's or the county's coordinate system, let in by the mapping",
}


@dataclass
class LoadReport:
    """Counts of rows, but ``nulled`` and ``truncated``, which count values by field and reason."""

    county: str
    layer: str
    file: str
    dry_run: bool = False
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    merged: int = 0
    repaired: int = 0
    without_geometry: int = 0
    transformation: dict[str, Any] | None = None  # of the coordinates: name, accuracy in meters, missing_grids
    altered: Counter[str] = field(default_factory=Counter)  # shapes, by what was done to them: the keys of _ALTERED
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)  # of each reason of a refusal the first row
    nulled: Counter[str] = field(default_factory=Counter)
    truncated: Counter[str] = field(default_factory=Counter)
    amounts: dict[str, int] = field(default_factory=dict)  # dollars in the file, by field
    left_out: Counter[str] = field(default_factory=Counter)  # of these, in rows that are refused or merged
    unused: list[str] = field(default_factory=list)  # columns that nothing takes
    values_recorded: int = 0
    values_certified: int = 0
    sales_linked: int = 0
    sales_without_parcel: int = 0
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def leave_out(self, amounts: Mapping[str, int]) -> None:
        self.left_out.update(amounts)

    @property
    def refused_total(self) -> int:
        return self.refused.total()

    def refusals(self) -> str:
        """The reasons with their counts, and of each the first row."""
        return ", ".join(
            f"{reason} {count:,} ({self.examples[reason]})" for reason, count in sorted(self.refused.items())
        )

    def as_dict(self) -> dict[str, Any]:
        return (
            asdict(self)
            | {name: dict(getattr(self, name)) for name in _COUNTERS}
            | {"curve_tolerance": CURVE_TOLERANCE}
        )

    def lines(self) -> Iterable[str]:
        """The report for people."""
        head = "Dry run, nothing was changed: " if self.dry_run else ""
        yield (
            f"{head}{self.county} {self.layer} from {self.file}: {self.read:,} read, {self.inserted:,} inserted, "
            f"{self.updated:,} updated, {self.unchanged:,} unchanged, {self.refused_total:,} refused "
            f"({self.seconds:.1f} s)"
        )
        if self.refused:
            yield f"  Refused: {self.refusals()}"
        for name, amount in sorted((+self.left_out).items()):
            whole = self.amounts[name]
            yield f"  In rows that were not loaded: {name} ${amount:,} of ${whole:,} ({amount / whole:.1%})"
        for label, counts in (("Values left out", self.nulled), ("Texts cut", self.truncated)):
            if counts:
                yield f"  {label}: " + ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
        for count, one, many, what in (
            (self.repaired, "geometry", "geometries", "repaired"),
            (self.without_geometry, "row", "rows", "without a geometry"),
            (self.merged, "row", "rows", "merged into the parcel of the same number"),
            (self.removed, "feature", "features", "removed, which the file no longer has"),
            (self.values_recorded, "entry", "entries", "of the value history written"),
            (self.values_certified, "parcel", "parcels", "with certified values, which stay, not the file's"),
            (self.sales_linked, "sale", "sales", "linked to a parcel"),
            (self.sales_without_parcel, "sale", "sales", "without a parcel on the roll"),
        ):
            if count:
                yield f"  {counted(count, one, many)} {what}"
        if self.unused:
            more = f", and {len(self.unused) - _MOST:,} more" if len(self.unused) > _MOST else ""
            yield f"  Columns that nothing takes: {', '.join(self.unused[:_MOST])}{more}"
        for reason, count in sorted(self.altered.items()):
            yield f"  {counted(count, 'geometry', 'geometries')} {_ALTERED[reason]}"
        if self.transformation:
            yield f"  {transformed(self.transformation)}"
        yield from (f"  Note: {note}" for note in self.notes)


class Rejects:
    """Writes the rejects CSV (``path`` may be None) and keeps the report's examples; ``refused`` has the number and the
    key of each refused row.

    Columns: row (1 is the file's first), key, outcome (refused, nulled, truncated, repaired, merged), reason, detail.
    Raises ``LoadError`` when it cannot be written (``complete`` is called before the load is), and when ``path`` is a
    file that is no rejects file: an earlier one is replaced, anything else is not.
    """

    COLUMNS = ("row", "key", "outcome", "reason", "detail")

    def __init__(self, path: Path | None, report: LoadReport) -> None:
        self._report = report
        self._path = path
        self.refused: list[tuple[int, str]] = []
        self._stream: TextIO | None = None
        if path is not None:
            self._refuse_other_files(path)
            with self._writing():
                self._stream = path.open("w", newline="", encoding="utf-8")
                self._writer = csv.writer(self._stream)
                self._writer.writerow(self.COLUMNS)

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):  # what matters was said by complete()
                self._stream.close()

    def write(self, row: int, key: str, outcome: str, reason: str, detail: str) -> None:
        if outcome == "refused":
            self.refused.append((row, key))
            self._report.examples.setdefault(reason, f"row {row}: {detail}")
        if self._stream is not None:
            with self._writing():
                self._writer.writerow([row, key, outcome, reason, detail])

    def complete(self) -> None:
        if self._stream is not None:
            with self._writing():
                self._stream.flush()

    def _refuse_other_files(self, path: Path) -> None:
        heading = ",".join(self.COLUMNS).encode()
        with self._writing():
            if not path.is_file() or path.stat().st_size == 0:
                return
            with path.open("rb") as stream:
                if stream.read(len(heading)) == heading:
                    return
        raise LoadError(f"The rejects would be written over {path}, which is no rejects file: name another file.")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LoadError(f"The rejects file {self._path} cannot be written: {error.strerror}.") from None
