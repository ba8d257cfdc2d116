"""How every table is printed: without columns in which nothing stands. Data files keep all their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from reporting.document import blocks as b

MAX_ROWS = 20_000
"""Rows that are looked at before a table is printed; one with more keeps a column that is empty up to there."""


def tidied(blocks: Iterable[b.Block]) -> Iterator[b.Block]:
    """The blocks as they are printed; a table without rows, and with nothing else to say, says that it has none."""
    for block in blocks:
        if isinstance(block, b.Section):
            yield replace(block, blocks=tuple(tidied(block.blocks)))
        else:
            yield _without_empty(block) if isinstance(block, b.Table) else block


def _without_empty(table: b.Table) -> b.Table:
    """The first column stays, and so does each that has a value, or a total other than zero."""
    waiting = iter(table.rows)
    first = list(islice(waiting, MAX_ROWS))
    following = list(islice(waiting, 1))
    rows: Iterable[b.Row] = chain(first, following, waiting) if following else first
    totals = [table.totals] if table.totals is not None else []
    kept = [
        place
        for place in range(len(table.columns))
        if not place
        or not first
        or any(row[place] not in (None, "") for row in first)
        or any(row[place] not in (None, "", 0) for row in totals)
    ]
    if len(kept) == len(table.columns):
        return replace(table, rows=rows)

    def chosen(row: b.Row) -> Sequence[object]:
        return [row[place] for place in kept]

    return replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=[chosen(row) for row in first] if not following else (chosen(row) for row in rows),
        totals=None if table.totals is None else chosen(table.totals),
    )
