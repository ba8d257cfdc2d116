"""Bytes and seconds of the exports that were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis_export.estimates.line import Line, fit
from gis_export.models import GisExportJob
from terrafusion.jobs.states import Status

if TYPE_CHECKING:
    from gis_export.request import ExportRequest

_NEWEST = 50
_ENOUGH = 3  # exports of the very same kind, to look at no others
_SECONDS = Line(0.3, 1 / 40_000)  # before anything has been measured
_BYTES_OF_A_FILE = 1000.0
_WHICH = ("where", "changed_since", "area_notes", "filters_personal")


@dataclass(frozen=True)
class Rates:
    """What an export comes to, by its records."""

    bytes: Line
    seconds: Line


def rates(wanted: ExportRequest) -> Rates:
    """From the newest exports that are most like the one that is wanted."""
    layers = [layer.name for layer in wanted.layers]
    same = _made(wanted, layers=layers)
    shape = _shape(wanted.resolved())
    alike = [made for made in same if _shape(made["resolved"]) == shape]
    past = alike if len(alike) >= _ENOUGH else same or _made(wanted)
    prior = Line(_BYTES_OF_A_FILE, float(wanted.file_format.bytes_per_record))
    return Rates(
        bytes=fit([(made["record_count"], float(made["result_file_bytes"])) for made in past], prior),
        seconds=fit([(made["record_count"], _seconds(made)) for made in past], _SECONDS),
    )


def _made(wanted: ExportRequest, **conditions: Any) -> list[dict[str, Any]]:
    """The newest exports of the format in the county."""
    done = GisExportJob.objects.filter(
        status__in=(Status.COMPLETED, Status.EXPIRED),
        county=wanted.county,
        export_format=wanted.file_format.name,
        record_count__gt=0,
        reused_from=None,
        **conditions,
    ).order_by("-completed_at")
    return list(done.values("record_count", "result_file_bytes", "started_at", "completed_at", "resolved")[:_NEWEST])


def _seconds(made: dict[str, Any]) -> float:
    seconds: float = (made["completed_at"] - made["started_at"]).total_seconds()
    return seconds


def _shape(resolved: dict[str, Any]) -> dict[str, Any]:
    """Those of the parameters that decide how large and how slow a record is, not which records there are."""
    return {name: value for name, value in resolved.items() if name not in _WHICH}
