"""What a report's file depends on."""

from __future__ import annotations

from reporting.branding import branding_digest
from reporting.models import ReportJob
from reporting.render.formats import FORMATS
from reporting.reports import registry
from reporting.reports.base import Request
from terrafusion import __version__
from terrafusion.areas import saved
from terrafusion.jobs.dispatch import digest
from terrafusion.records import versions
from terrafusion.records.access import may_see_personal_data


def fingerprint(job: ReportJob) -> str:
    """Of a saved or unsaved job; empty where the version of what it reads cannot be told."""
    personal = job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id)
    area = saved.load(job, ())
    request = Request(job.county, job.report_type, job.format, area, job.resolved, personal, job.submitted_by)
    sources = registry.ALL[job.report_type].sources(request)
    if not sources:
        return ""
    return digest(
        [
            job.county_id,
            job.report_type,
            job.format,
            job.parameters,
            job.resolved,
            job.area_as_submitted,
            job.area_of_interest.hexewkb.decode() if job.area_of_interest else None,
            personal,
            versions.of(sources),
            registry.ALL[job.report_type].state(request),
            branding_digest(job.county, job.report_type),
            __version__,
            FORMATS[job.format].software(),
        ]
    )
