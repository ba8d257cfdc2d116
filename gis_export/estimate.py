"""What an export will come to, before it is queued."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, Sum

from gis_export.models import GisExportJob
from gis_export.request import ExportRequest, settings_of
from gis_export.selection import planned_rows
from terrafusion.jobs.states import Status

COUNT_BELOW = 100_000
"""Up to this many rows, by the planner's guess, are counted; above, the guess is the answer."""
_HISTORY = 50
_RECORDS_PER_SECOND = 40_000  # before anything has been measured
_SECONDS_PER_JOB = 0.3


@dataclass(frozen=True)
class Broken:
    """A limit that the export would break."""

    limit: str
    allowed: int
    estimate: int


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


def estimate(wanted: ExportRequest) -> Estimate:
    settings = settings_of(wanted.county)
    selections, _ = wanted.selections(personal=False)
    layers, exact = {}, True
    for selection in selections:
        rows = selection.rows()
        number = planned_rows(rows)
        if number <= COUNT_BELOW:
            number = rows.count()
        else:
            exact = False
        layers[selection.layer.name] = number
    records = sum(layers.values())
    bytes_each, records_per_second = _measured(wanted)
    limit = settings.max_records
    broken = [Broken("max_records", limit, records)] if limit is not None and records > limit else []
    return Estimate(
        records=records,
        exact=exact,
        bytes=round(records * bytes_each),
        seconds=round(_SECONDS_PER_JOB + records / records_per_second, 1),
        layers=layers,
        limits_exceeded=broken,
    )


def _measured(wanted: ExportRequest) -> tuple[float, float]:
    """Bytes a record and records a second of the newest exports of the same format and layers."""
    done = GisExportJob.objects.filter(
        status=Status.COMPLETED,
        export_format=wanted.file_format.name,
        layers=[layer.name for layer in wanted.layers],
        record_count__gt=0,
        reused_from=None,
    ).order_by("-completed_at")[:_HISTORY]
    taken = ExpressionWrapper(F("completed_at") - F("started_at"), output_field=DurationField())
    sums = GisExportJob.objects.filter(pk__in=done.values("pk")).aggregate(
        bytes=Sum("result_file_bytes"), records=Sum("record_count"), time=Sum(taken)
    )
    if not sums["records"]:
        return wanted.file_format.bytes_per_record, _RECORDS_PER_SECOND
    jobs = GisExportJob.objects.filter(pk__in=done.values("pk")).count()
    seconds = max(sums["time"].total_seconds() - jobs * _SECONDS_PER_JOB, sums["records"] / 1e6)
    return sums["bytes"] / sums["records"], sums["records"] / seconds
