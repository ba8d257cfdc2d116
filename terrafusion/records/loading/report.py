"""What a load did, in figures, and the CSV of what it did not take."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from terrafusion.records.loading.errors import LoadError


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
    refused: Counter[str] = field(default_factory=Counter)
    nulled: Counter[str] = field(default_factory=Counter)
    truncated: Counter[str] = field(default_factory=Counter)
    values_recorded: int = 0
    values_certified: int = 0
    sales_linked: int = 0
    sales_without_parcel: int = 0
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def refused_total(self) -> int:
        return self.refused.total()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {name: dict(getattr(self, name)) for name in ("refused", "nulled", "truncated")}

    def lines(self) -> Iterable[str]:
        """The report for people."""
        head = "Dry run, nothing was changed: " if self.dry_run else ""
        yield (
            f"{head}{self.county} {self.layer} from {self.file}: {self.read:,} read, {self.inserted:,} inserted, "
            f"{self.updated:,} updated, {self.unchanged:,} unchanged, {self.refused_total:,} refused "
            f"({self.seconds:.1f} s)"
        )
        for label, counts in (
            ("Refused", self.refused),
            ("Values left out", self.nulled),
            ("Texts cut", self.truncated),
        ):
            if counts:
                yield f"  {label}: " + ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
        for count, text in (
            (self.repaired, "geometries were repaired"),
            (self.merged, "rows were merged into the parcel of their number"),
            (self.removed, "features that the file no longer has were removed"),
            (self.values_recorded, "entries of the value history were written"),
            (self.values_certified, "parcels keep their certified values, not the file's"),
            (self.sales_linked, "sales were linked to their parcel"),
            (self.sales_without_parcel, "sales have no parcel on the roll"),
        ):
            if count:
                yield f"  {count:,} {text}"
        yield from (f"  Note: {note}" for note in self.notes)


class Rejects:
    """Writes the rejects CSV (``path`` may be None) and counts into the report.

    Columns: row (1 is the file's first), key, outcome (refused, nulled, truncated, repaired, merged), reason, detail.
    """

    def __init__(self, path: Path | None, report: LoadReport) -> None:
        self._report = report
        self._path = path
        self._stream = None
        if path is not None:
            try:
                self._stream = path.open("w", newline="", encoding="utf-8")
            except OSError as error:
                raise LoadError(f"The rejects file {path} cannot be written: {error.strerror}.") from None
            self._writer = csv.writer(self._stream)
            self._writer.writerow(["row", "key", "outcome", "reason", "detail"])

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def write(self, row: int, key: str, outcome: str, reason: str, detail: str) -> None:
        if self._stream is not None:
            self._writer.writerow([row, key, outcome, reason, detail])
