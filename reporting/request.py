"""A request for a report, checked as a whole: every fault is named at once."""

from __future__ import annotations

from typing import Any

from rest_framework.settings import api_settings

from reporting.errors import NothingToReport
from reporting.models import ReportJob
from reporting.reports import registry
from reporting.reports.base import Report, Request
from terrafusion import areas
from terrafusion.areas import saved
from terrafusion.jobs.errors import RequestRefused
from terrafusion.jobs.rights import Needs
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.models import County

Faults = dict[str, list[str]]


class RequestFaults(ValueError):
    """``faults`` holds messages by field."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(str(faults))
        self.faults = faults


def check(
    county: County, report_type: str, file_format: str, area: Any, given: dict[str, Any], *, user: Any, personal: bool
) -> Request:
    """Raises ``RequestFaults``. ``personal``: whether the caller may have personal data."""
    report = registry.ALL[report_type]
    faults: Faults = {}
    parsed = _area(report, county, area, user, faults)
    values = _parameters(report, county, given, user, faults)
    if not faults:
        request = Request(county, report_type, file_format, parsed, values, personal, user)
        faults = report.check(request)
        if not faults:
            return request
    raise RequestFaults(faults)


def renew(job: ReportJob) -> None:
    """Raises ``RequestRefused`` where the request of a rerun does not hold any more."""
    if faults := registry.ALL[job.report_type].check(of_job(job)):
        raise RequestRefused(faults, NothingToReport.code)


def of_job(job: ReportJob) -> Request:
    """The request of a stored or unsaved job, with the rights of who submitted it."""
    personal = job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id)
    area = saved.load(job, ())
    return Request(job.county, job.report_type, job.format, area, job.resolved, personal, job.submitted_by, str(job.pk))


def needs(job: ReportJob) -> Needs:
    """What it takes to read an unsaved job's report, as far as the request says."""
    return registry.ALL[job.report_type].needs(of_job(job))


def _area(report: Report, county: County, area: Any, user: Any, faults: Faults) -> areas.Area | None:
    if area is None:
        return None
    if not report.takes_area:
        faults["area_of_interest"] = [f"The report {report.name} takes no area."]
        return None
    try:
        return areas.of_request(area, county, user)
    except areas.AreaError as error:
        faults["area_of_interest"] = list(error.messages)
        return None


def _parameters(report: Report, county: County, given: dict[str, Any], user: Any, faults: Faults) -> dict[str, Any]:
    """The values in force, as JSON holds them."""
    serializer = report.parameters(data=given, context={"county": county, "user": user})
    if not serializer.is_valid():
        faults |= _flat("parameters", serializer.errors)
        return {}
    return dict(report.parameters(context=serializer.context).to_representation(serializer.validated_data))


def _flat(at: str, messages: Any) -> Faults:
    """The messages of a serializer by their dotted path."""
    if not isinstance(messages, dict):
        return {at: messages}
    found: Faults = {}
    for key, inner in messages.items():
        found |= _flat(at if key == api_settings.NON_FIELD_ERRORS_KEY else f"{at}.{key}", inner)
    return found
