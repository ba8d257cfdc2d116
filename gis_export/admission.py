"""Whether an export may be submitted now: the limits of the county and the user, and what was taken before."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Sum
from django.db.models.functions import Coalesce, Now

from gis_export import limits
from gis_export.errors import ExportOutdated, PersonalDataRefused, RerunRefused
from gis_export.estimates import expect
from gis_export.limits import Broken, Used
from gis_export.models import GisExportJob
from gis_export.prepare import prepare
from terrafusion.jobs.errors import RequestRefused
from terrafusion.jobs.states import ACTIVE, Status
from terrafusion.records.models import County, CountyAccess, CountySettings

_DAY = timedelta(days=1)


def exceeded(
    county: County, user_id: int | None, export_format: str, records: int, size: int, active_jobs: int
) -> list[Broken]:
    """The limits that an export of the user's would break now, who has so many ``active_jobs`` in the county."""
    access = CountyAccess.objects.filter(county=county, user=user_id).first()
    used = Used(**_taken(user_id, county.pk), active_jobs=active_jobs)
    effective_limits = limits.effective_limits(CountySettings.of(county), access, export_format, used)
    return limits.broken(effective_limits, records, size)


def admit(job: GisExportJob) -> None:
    """Raises RequestRefused where the unsaved job would break a limit. Of active jobs the lifecycle sees to, with an
    answer of its own."""
    expected = job.estimated_records, job.estimated_bytes or 0
    broken = exceeded(job.county, job.submitted_by_id, job.export_format, *expected, active_jobs=0)
    faults = [limits.describe(each, job.county_id) for each in broken if each.limit != limits.ACTIVE_JOBS]
    if faults:
        raise RequestRefused({"area_of_interest": faults}, "limit_exceeded")


def renew(job: GisExportJob) -> None:
    """The unsaved job of a rerun, estimated anew. Raises RerunRefused where it would fail, or where the county does not
    allow its format any more."""
    allowed = CountySettings.of(job.county).allowed_formats
    if allowed and job.export_format not in allowed:
        message = f"{job.export_format} is not allowed in {job.county_id} any more. Available: {', '.join(allowed)}."
        raise RerunRefused(message, ExportOutdated.code)
    try:
        wanted = prepare(job).wanted
    except (ExportOutdated, PersonalDataRefused) as error:
        raise RerunRefused(error.message, error.code) from None
    job.checked_request = wanted
    expected = expect(wanted)
    job.estimated_records, job.estimated_bytes = expected.records, expected.bytes
    job.estimated_seconds = expected.seconds


def _taken(user_id: int | None, county_id: str) -> dict[str, int]:
    """By the user of the county in the last day, with what is under way by its estimate."""
    taken = GisExportJob.objects.filter(
        submitted_by=user_id,
        county=county_id,
        created_at__gt=Now() - _DAY,
        status__in=(*ACTIVE, Status.COMPLETED, Status.EXPIRED),
    ).aggregate(
        records=Sum(Coalesce("record_count", "estimated_records")),
        bytes=Sum(Coalesce("result_file_bytes", "estimated_bytes")),
    )
    return {name: number or 0 for name, number in taken.items()}
