"""What an export will come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

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
    selections, _ = wanted.selections(personal=False)
    layers, exact = {}, True
    for selection in selections:
        rows = selection.rows()
        number = planned_rows(rows)
        counted = _count(rows) if number <= COUNT_BELOW else None
        exact = exact and counted is not None
        layers[selection.layer.name] = number if counted is None else counted
    records = sum(layers.values())
    known = rates(wanted)
    return Expected(
        records=records,
        exact=exact,
        bytes=round(known.bytes.at(records)),
        seconds=round(known.seconds.at(records), 2),
        layers=layers,
    )


def _count(rows: QuerySet[Any]) -> int | None:
    """How many rows there are; None where that takes too long, as when the planner was far off."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {_COUNT_MILLISECONDS}")
            number = rows.count()
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
            return number
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "57014":  # query_canceled
            raise
        return None
