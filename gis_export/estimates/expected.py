"""What an export will come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis_export.estimates.bounded import within
from gis_export.estimates.history import rates
from gis_export.selection import planned_rows

if TYPE_CHECKING:
    from gis_export.request import ExportRequest

COUNT_BELOW = 100_000
"""Up to this many rows, by the planner's guess, are counted; above, the guess is the answer."""
_COUNT_MILLISECONDS = 3000
"""And that long at most."""


@dataclass(frozen=True)
class Expected:
    """``exact``: the records were counted. ``bytes`` and ``seconds`` come from finished exports of the format."""

    records: int
    exact: bool
    bytes: int
    seconds: float
    layers: dict[str, int]


def expect(wanted: ExportRequest) -> Expected:
    selections, _ = wanted.selections(personal=wanted.personal)
    layers, exact = {}, True
    for selection in selections:
        rows = selection.rows()
        number = planned_rows(rows)
        counted = within(_COUNT_MILLISECONDS, rows.count) if number <= COUNT_BELOW else None
        exact = exact and counted is not None
        layers[selection.layer.name] = number if counted is None else counted
    records = sum(layers.values())
    known = rates(wanted, selections, layers)
    return Expected(
        records=records,
        exact=exact,
        bytes=round(known.bytes.at(records)),
        seconds=round(known.seconds.at(records), 2),
        layers=layers,
    )
