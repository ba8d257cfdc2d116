"""What an export will come to, and which limits it would break."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce, Now

from gis_export import limits
from gis_export.estimates.history import rates
from gis_export.limits import Broken, Used
from gis_export.models import GisExportJob
from gis_export.request import ExportRequest, settings_of
from gis_export.selection import planned_rows
from terrafusion.jobs import dispatch
from terrafusion.jobs.states import ACTIVE, Status
from terrafusion.records.models import CountyAccess

_DAY = timedelta(days=1)
COUNT_BELOW = 100_000
"""Up to this many rows, by the planner's guess, are counted; above, the guess is the answer."""
_COUNT_MILLISECONDS = 3000
"""And that long at most."""


@dataclass(frozen=True)
class Estimate:
    """``exact``: the records were counted. ``bytes`` and ``seconds`` come from finished exports of the format."""

    records: int
    exact: bool
    bytes: int
    seconds: float
    layers: dict[str, int]
    limits_exceeded: list[Broken]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def estimate(wanted: ExportRequest, user: Any) -> Estimate:
    """Of an export that ``user`` asks for."""
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
    size = round(known.bytes.at(records))
    settings = settings_of(wanted.county)
    access = CountyAccess.objects.filter(county=wanted.county, user=user.pk).first()
    used = _used(user, wanted.county.pk)
    in_force = limits.in_force(settings, access, wanted.file_format.name, used)
    return Estimate(
        records=records,
        exact=exact,
        bytes=size,
        seconds=round(known.seconds.at(records), 2),
        layers=layers,
        limits_exceeded=limits.broken(in_force, records, size),
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


def _used(user: Any, county_id: str) -> Used:
    """What the user has taken of the county in the last day, with what is under way by its estimate."""
    taken = GisExportJob.objects.filter(
        submitted_by=user.pk,
        county=county_id,
        created_at__gt=Now() - _DAY,
        status__in=(*ACTIVE, Status.COMPLETED, Status.EXPIRED),
    ).aggregate(
        records=Sum(Coalesce("record_count", "estimated_records")),
        bytes=Sum(Coalesce("result_file_bytes", "estimated_bytes")),
    )
    return Used(taken["records"] or 0, taken["bytes"] or 0, dispatch.active_jobs(user.pk, county_id))
