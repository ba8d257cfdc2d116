"""One pass over the rows into any number of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from terrafusion.tables.column import Column, Row, typed
from terrafusion.tables.csv import CSV
from terrafusion.tables.parquet import Parquet
from terrafusion.tables.xlsx import XLSX

_BATCH = 1_000


class Target(Protocol):
    def write(self, rows: Sequence[Row]) -> None: ...

    def close(self) -> None: ...


_TARGETS: dict[str, Callable[[Path, Sequence[Column], str], Target]] = {
    ".csv": CSV,
    ".xlsx": XLSX,
    ".parquet": Parquet,
}
ENDINGS = tuple(_TARGETS)


def write(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    paths: Sequence[Path],
    *,
    title: str = "",
    progress: Callable[[int], Any] = lambda written: None,
) -> int:
    """Write the rows to each path, as its ending says; how many there were. ``title`` names the sheet of a workbook.

    ``progress`` gets the rows written so far, now and then; what it raises ends the writing and leaves unfinished
    files. Raises ValueError for a value that is not of its column's kind.
    """
    written = 0
    checked = typed(columns, rows)
    with ExitStack() as open_targets:
        targets = []
        for path in paths:
            target = _TARGETS[path.suffix](path, columns, title)
            open_targets.callback(target.close)
            targets.append(target)
        while batch := list(islice(checked, _BATCH)):
            for target in targets:
                target.write(batch)
            written += len(batch)
            progress(written)
    return written
