"""CSV after RFC 4180: UTF-8, CRLF, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from terrafusion.formulas import safe
from terrafusion.tables.column import Column, Kind, Row


class CSV:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front; absent values are empty cells; dates
    are ISO 8601, booleans true and false, percentages fractions."""

    def __init__(self, path: Path, columns: Sequence[Column], title: str) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._changes = [(at, _CHANGES[column.kind]) for at, column in enumerate(columns) if column.kind in _CHANGES]
        self._writer.writerow([safe(column.name) for column in columns])

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            cells = list(row)
            for at, change in self._changes:
                if cells[at] is not None:
                    cells[at] = change(cells[at])
            self._writer.writerow(cells)

    def close(self) -> None:
        self._file.close()


def _instant(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _boolean(value: bool) -> str:
    return "true" if value else "false"


_CHANGES: dict[Kind, Callable[[Any], str]] = {Kind.TEXT: safe, Kind.DATETIME: _instant, Kind.BOOLEAN: _boolean}
