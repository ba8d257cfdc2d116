"""How good the estimates are: each beside what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gis_export.models import GisExportJob

from django.utils import timezone
from prometheus_client import Histogram

_error = Histogram(
    "gis_export_estimate_ratio",
    "Estimate at submit / outcome.",
    ("export_format", "quantity"),
    buckets=(0.1, 0.25, 0.5, 0.8, 0.9, 1.1, 1.25, 2, 4, 10, float("inf")),
)


def observe(job: GisExportJob, records: int, size: int) -> None:
    """Note how the job's estimates compare with what was written; the time is that of the work until now."""
    assert job.started_at is not None  # noqa: S101 - for the type checker
    seconds = (timezone.now() - job.started_at).total_seconds()
    for quantity, estimated, came in (
        ("records", job.estimated_records, records),
        ("bytes", job.estimated_bytes, size),
        ("seconds", job.estimated_seconds, seconds),
    ):
        if estimated is not None and came > 0:
            _error.labels(job.export_format, quantity).observe(estimated / came)
