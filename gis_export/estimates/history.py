"""Bytes and seconds of the exports that were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis_export.estimates.line import Line, fit
from gis_export.estimates.prior import expected_bytes
from gis_export.models import GisExportJob
from terrafusion.jobs.states import Status

if TYPE_CHECKING:
    from gis_export.request import ExportRequest
    from gis_export.selection import LayerSelection

_NEWEST = 50
_ENOUGH = 3  # exports of the very same kind, to look at no others
_BEYOND = 2  # times the largest that was made: of what is larger, it says little
_SECONDS = Line(0.3, 1 / 40_000)  # before anything has been measured
_WHICH = ("where", "changed_since", "area_notes", "filters_personal")


@dataclass(frozen=True)
class Rates:
    """What an export comes to, by its records."""

    bytes: Line
    seconds: Line


def rates(wanted: ExportRequest, selections: list[LayerSelection], layers: dict[str, int]) -> Rates:
    """From the newest exports that are most like the one that is wanted. Bytes are those of exports of the very same
    kind, and of a sample of the records: what others came to says nothing of them.

    ``layers``: the records that are expected of each."""
    same = _made(wanted, layers=[*layers])
    shape = _shape(wanted.resolved())
    alike = [made for made in same if _shape(made["resolved"]) == shape]
    past = alike if len(alike) >= _ENOUGH else same or _made(wanted)
    sizes = [(made["record_count"], float(made["result_file_bytes"])) for made in alike]
    records, size = max(sizes, default=(0, 0.0))
    if len(alike) >= _ENOUGH and sum(layers.values()) <= _BEYOND * records:
        prior = Line(0.0, size / records)  # a sample would take time, and say no more
    else:
        prior = expected_bytes(wanted, selections, layers)
    return Rates(
        bytes=fit(sizes, prior), seconds=fit([(made["record_count"], _seconds(made)) for made in past], _SECONDS)
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
