"""What a load did, in figures, and the CSV of what it did not take."""

from __future__ import annotations

import contextlib
import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

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
    examples: dict[str, str] = field(default_factory=dict)  # of each reason of a refusal the first row
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

    def refusals(self) -> str:
        """The reasons with their counts, and of each the first row."""
        return ", ".join(
            f"{reason} {count:,} ({self.examples[reason]})" for reason, count in sorted(self.refused.items())
        )

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
        if self.refused:
            yield f"  Refused: {self.refusals()}"
        for label, counts in (("Values left out", self.nulled), ("Texts cut", self.truncated)):
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
    """Writes the rejects CSV (``path`` may be None) and keeps the report's examples.

    Columns: row (1 is the file's first), key, outcome (refused, nulled, truncated, repaired, merged), reason, detail.
    Raises ``LoadError`` when it cannot be written: ``complete`` is called before the load is.
    """

    def __init__(self, path: Path | None, report: LoadReport) -> None:
        self._report = report
        self._path = path
        self._stream: TextIO | None = None
        if path is not None:
            with self._writing():
                self._stream = path.open("w", newline="", encoding="utf-8")
                self._writer = csv.writer(self._stream)
                self._writer.writerow(["row", "key", "outcome", "reason", "detail"])

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):  # what matters was said by complete()
                self._stream.close()

    def write(self, row: int, key: str, outcome: str, reason: str, detail: str) -> None:
        if outcome == "refused":
            self._report.examples.setdefault(reason, f"row {row}: {detail}")
        if self._stream is not None:
            with self._writing():
                self._writer.writerow([row, key, outcome, reason, detail])

    def complete(self) -> None:
        if self._stream is not None:
            with self._writing():
                self._stream.flush()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LoadError(f"The rejects file {self._path} cannot be written: {error.strerror}.") from None
