"""Tables whose cells are all texts, one of which may be the geometry: what delimited text and workbooks share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrafusion import formulas
from terrafusion.records.loading import encodings
from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.problems import Problem
from terrafusion.records.loading.readers import shapes_in_text
from terrafusion.records.loading.readers.base import Rows, Source, record_batch, require_unlike
from terrafusion.records.loading.targets import Kind

INVISIBLE = "\x00-\x1f\x7f\u200b-\u200f\u2028\u2029\u2060\ufeff"
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?|\d{4}-\d\d-\d\d.*")
_TITLE = 2  # cells of a title at most, as of its name and date; the header has three times as many
Cells = Sequence[str | None]


@dataclass
class TextTable(Source):
    """``guarded``: texts have the apostrophe of our own CSVs in front where a spreadsheet would run them."""

    file: Path = Path()
    header: tuple[str, ...] = ()
    geometry_column: str = ""
    skipped: int = 0  # rows before the first one of data
    guarded: bool = False

    def rows_of(self, rows: Sequence[Cells], columns: Sequence[str], geometry: bool, problems: list[Problem]) -> Rows:
        """Rows as long as the header. ``problems`` are the reader's own."""
        cells = dict(zip(self.header, zip(*rows, strict=True), strict=True))
        texts = {name: _bare(cells[name]) if self.guarded else cells[name] for name in columns}
        batch = record_batch({name: encodings.array(texts[name], self.undecoded) for name in columns}, len(rows))
        if not geometry or not self.geometry_column:
            return Rows(batch, None, tuple(problems))
        wkb, shape_problems = shapes_in_text.read(cells[self.geometry_column], self.crs)
        return Rows(batch, wkb, (*problems, *shape_problems))


def about(path: Path, sample: Sequence[Cells], place: int, exact: bool = False) -> dict[str, Any]:
    """What a ``TextTable`` is made with, by its first rows and by which of them is the header."""
    header = column_names(path, [cell or "" for cell in sample[place]] if sample else [], exact)
    column, shapes = shapes_in_text.find(header, [[cell or "" for cell in row] for row in sample[place + 1 :]])
    columns = tuple(name for name in header if name != column)
    return {
        "path": path,
        "header": header,
        "columns": columns,
        "types": dict.fromkeys(columns, Kind.TEXT),
        "crs": shapes.crs if shapes else None,
        "geometry_type": shapes.geometry_type if shapes else None,
        "geometry_column": column,
        "notes": _titles(sample[:place]),
    }


def header_at(sample: Sequence[Cells]) -> int | None:
    """The first row of texts, mostly, that has about as many cells as the fullest one."""
    fullest = max(map(_filled, sample), default=0)
    fitting = (n for n, row in enumerate(sample) if _filled(row) >= 0.7 * fullest and _is_mostly_text(row))
    return next(fitting, None)


def header_below_titles(sample: Sequence[Cells]) -> int:
    """The same, where all above has so few cells that it can only be a title; else the first row."""
    place = header_at(sample) or 0
    allowed = min(_TITLE, _filled(sample[place]) // 3) if sample else 0
    return 0 if any(_filled(row) > allowed for row in sample[:place]) else place


def column_names(path: Path, header: Sequence[str], exact: bool = False) -> tuple[str, ...]:
    """The names without what nobody sees, each once as ``require_unlike`` has it."""
    names = [re.sub(rf"[{INVISIBLE}]", "", name).strip() or f"field_{number}" for number, name in enumerate(header, 1)]
    if not names:
        raise LoadError(f"{path.name} holds no rows; nothing was changed.")
    require_unlike(path, names, exact)
    return tuple(names)


def _titles(rows: Sequence[Cells]) -> list[str]:
    title = " ".join(filter(None, rows[0]))[:60] if rows else ""
    return [f"What stands above the header is left out: {title!r}."] if rows else []


def _filled(row: Cells) -> int:
    return sum(bool(cell) for cell in row)


def _is_mostly_text(row: Cells) -> bool:
    return 2 * sum(bool(cell) and not _NUMBER.fullmatch(cell or "") for cell in row) >= _filled(row)


def _bare(cells: Sequence[str | None]) -> list[str | None]:
    return [formulas.bare(cell) if cell else cell for cell in cells]
