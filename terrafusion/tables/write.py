"""One pass over the rows into any number of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

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


class TableFiles:
    """Files of one table, as their endings say, to which rows are written as they come.

    ``title`` names the sheet of a workbook. What ends the block leaves unfinished files.
    """

    def __init__(self, columns: Sequence[Column], paths: Sequence[Path], *, title: str = "") -> None:
        self._columns = columns
        self._targets: list[Target] = []
        with ExitStack() as opened:  # a file that cannot be opened closes those before it
            for path in paths:
                target = _TARGETS[path.suffix](path, columns, title)
                opened.callback(target.close)
                self._targets.append(target)
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add the rows, a batch at a time. Raises ValueError for a value that is not of its column's kind."""
        checked = typed(self._columns, rows)
        while batch := list(islice(checked, _BATCH)):
            for target in self._targets:
                target.write(batch)


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
    written, remaining = 0, iter(rows)
    with TableFiles(columns, paths, title=title) as files:
        while batch := list(islice(remaining, _BATCH)):
            files.write(batch)
            written += len(batch)
            progress(written)
    return written
