"""What a report's file depends on."""

from __future__ import annotations

from reporting import request as requests
from reporting.branding import branding_digest
from reporting.models import ReportJob
from reporting.render.formats import FORMATS
from terrafusion import __version__
from terrafusion.jobs.dispatch import digest
from terrafusion.records import versions
from terrafusion.records.models import CountySettings


def fingerprint(job: ReportJob) -> str:
    """Of a saved or unsaved job; empty where the version of what it reads is unknown."""
    request = requests.of_job(job)
    if request.run_wanted is not None:
        return ""  # the run may be answered with one that there is; what it reads, only it knows
    settings = CountySettings.of(job.county_id)
    sources = request.report.sources(request)
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
            request.personal,
            versions.of(sources),
            request.report.state(request),
            settings.sales_screening,
            settings.assessment_classes,
            branding_digest(job.county, job.report_type),
            __version__,
            FORMATS[job.format].software(),
        ]
    )
