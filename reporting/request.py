"""A request for a report: checked as a whole, or refused with every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reporting.errors import NothingToReport
from reporting.models import ReportJob
from reporting.reports import registry
from reporting.reports.base import Request
from terrafusion.areas import storage
from terrafusion.jobs.errors import RequestRefused
from terrafusion.jobs.request import Context, Faults, read, read_area
from terrafusion.jobs.rights import Needs
from terrafusion.records.access import may_see_personal_data
from terrafusion.types import AnyUser


def build(members: Mapping[str, Any], user: AnyUser, faults: Faults) -> Request | None:
    """The request that ``user`` makes with these members; what is wrong with them goes into ``faults``."""
    county, report = members.get("county_id"), registry.ALL.get(members.get("report_type", ""))
    given, area, values = members.get("area_of_interest"), None, None
    if report and given is not None and not report.takes_area:
        faults.add("area_of_interest", f"The report {report.name} does not take an area of interest.")
    elif county:
        area = read_area(given, county, user, faults)
    if report and "parameters" in members:
        invalid = Faults()
        values = read(report.parameters, members["parameters"], invalid, Context(county, user))
        if county and not invalid:
            with invalid.at("parameters"):
                values = report.complete(values, county, user)
        faults.merge(invalid)
    if faults or county is None or report is None or values is None or "format" not in members:
        return None
    request = Request(
        county=county,
        area=area,
        values=values,
        report=report,
        format=members["format"],
        personal=may_see_personal_data(user, county.pk),
        user=user,
    )
    faults.merge(report.check(request))
    return request


def of_job(job: ReportJob) -> Request:
    """The request of a stored or unsaved job, with the rights of who submitted it."""
    return Request(
        county=job.county,
        area=storage.load(job, ()),
        values=job.resolved,
        report=registry.ALL[job.report_type],
        format=job.format,
        personal=job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id),
        user=job.submitted_by,
        job_id=str(job.pk),
    )


def renew(job: ReportJob) -> None:
    """Raises ``RequestRefused`` where the request of a rerun does not hold any more."""
    request = of_job(job)
    if faults := request.report.check(request):
        raise RequestRefused(faults, NothingToReport.code)


def needs(job: ReportJob) -> Needs:
    """What it takes to read an unsaved job's report, as far as the request says."""
    request = of_job(job)
    return request.report.needs(request)
