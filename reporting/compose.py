"""From a request to a document: reads, builds, and puts the county's name on it."""

from __future__ import annotations

from datetime import datetime

from reporting.branding import brand_of
from reporting.document.blocks import Document
from reporting.reports.base import Content, Request
from reporting.snapshot import changed_at

WITHHELD = (
    "Owner names and mailing addresses are withheld: whoever asked for this report has no right to personal data of "
    "this county."
)


def compose(request: Request, now: datetime) -> tuple[Document, Content]:
    """The document, whose blocks are still to be read, in the snapshot that is open."""
    report = request.report
    content = report.read(request, now)
    notices = content.notices
    if report_withholds(content, request):
        notices = (WITHHELD, *notices)
    parameters = [("Report", report.title), ("County", f"{request.county} ({request.county.pk})")]
    if request.area is not None:
        parameters.append(("Area", "the parcels in the area of interest that was given"))
    parameters += report.shown(request.values)
    document = Document(
        name=report.name,
        title=report.title,
        subtitle=content.subtitle,
        brand=brand_of(request.county, report.name),
        as_of=changed_at(report.sources(request)),
        job_id=request.job_id,
        parameters=tuple(parameters),
        blocks=content.blocks,
        notices=notices,
        landscape=report.landscape,
        bare=report.bare,
    )
    return document, content


def report_withholds(content: Content, request: Request) -> bool:
    """Whether there was personal data that this reader does not get."""
    return content.personal and not request.personal


def holds_personal_data(request: Request, content: Content) -> bool:
    """Whether the report shows personal data, of its own or of the run that it reads."""
    return request.report.needs(request).personal or (content.personal and request.personal)
