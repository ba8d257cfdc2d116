"""Reads and builds the record of what was handed out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from reporting.document import blocks as b
from reporting.document.labels import label, spelled
from reporting.reports.base import Content, Report, Request
from terrafusion.jobs.registry import JobType, all_types
from terrafusion.jobs.request import Boolean, Day, InvalidRequest
from terrafusion.jobs.rights import Needs
from terrafusion.jobs.states import Status
from terrafusion.records.access import Role, counties_for
from terrafusion.records.county_time import today, zone
from terrafusion.records.models import County, PersonalDataAccess
from terrafusion.tables import Column, Kind
from terrafusion.types import AnyUser
from terrafusion.words import day

_COLUMNS = (
    Column("asked", Kind.DATETIME, "Asked (UTC)", width=25),
    Column("user", Kind.TEXT, "By", width=12),
    Column("kind", Kind.TEXT, "Kind", width=10),
    Column("type", Kind.TEXT, "Type", width=23),
    Column("what", Kind.TEXT, "What", width=13),
    Column("status", Kind.TEXT, "Status", width=9),
    Column("records", Kind.INTEGER, "Records", width=8),
    Column("bytes", Kind.INTEGER, "Bytes", width=9),
    Column("personal", Kind.BOOLEAN, "Personal data", width=10),
    Column("withheld", Kind.TEXT, "Withheld", width=12),
    Column("job", Kind.TEXT, "Job", width=36),
)
_ACCESS = (
    Column("at", Kind.DATETIME, "When (UTC)", width=25),
    Column("user", Kind.TEXT, "By", width=12),
    Column("act", Kind.TEXT, "Act", width=12),
    Column("kind", Kind.TEXT, "Kind", width=16),
    Column("key", Kind.TEXT, "Which", width=36),
    Column("file", Kind.TEXT, "File", width=30),
    Column("right", Kind.TEXT, "By right of", width=24),
)
_BATCH = 500
_ANSWERED = (Status.COMPLETED, Status.EXPIRED)


class ExportActivity(Report):
    name = "export_activity"
    title = "Export activity"
    description = "Who exported what, when, with what withheld, and who got to see personal data."
    parameters = (
        Day("first_day", None, "Without it: 30 days before the last day.", label="From"),
        Day("last_day", None, "Without it: today.", label="To"),
        Boolean("every_kind", False, "Also valuations, analyses and reports.", label="Every kind of job"),
    )
    takes_area = False
    landscape = True

    def complete(self, values: dict[str, Any], county: County, user: AnyUser) -> dict[str, Any]:
        last = date.fromisoformat(values["last_day"]) if values["last_day"] else today(county)
        first = date.fromisoformat(values["first_day"]) if values["first_day"] else last - timedelta(days=30)
        if first > last:
            raise InvalidRequest({"last_day": "The last day is before the first."})
        return {**values, "first_day": first.isoformat(), "last_day": last.isoformat()}

    def check(self, request: Request) -> dict[str, list[str]]:
        if (
            request.user is None
            or not counties_for(request.user, at_least=Role.MANAGER).filter(pk=request.county.pk).exists()
        ):
            return {"report_type": [f"Who asked for what is shown to managers of {request.county.pk} only."]}
        return {}

    def needs(self, request: Request) -> Needs:
        return Needs(role=Role.MANAGER)

    def sources(self, request: Request) -> tuple[str, ...]:
        return ()  # jobs change all the time: each report is made anew

    def estimate(self, request: Request) -> int:
        return sum(jobs.count() for _, jobs in _jobs(request)) + _accesses(request).count()

    def read(self, request: Request, now: datetime) -> Content:
        found = _jobs(request)
        count = sum(jobs.count() for _, jobs in found)
        accesses = _accesses(request)
        asked = request.values
        return Content(
            blocks=chain(build(found, count), _access_blocks(accesses)),
            subtitle=" to ".join(day(date.fromisoformat(asked[name])) for name in ("first_day", "last_day")),
            rows=count * len(_COLUMNS) + accesses.count() * len(_ACCESS),
            facts={"jobs": count, "accesses_to_personal_data": accesses.count()},
        )


def _jobs(request: Request) -> list[tuple[JobType, QuerySet[Any]]]:
    begin, end = _span(request)
    found: list[tuple[JobType, QuerySet[Any]]] = []
    for job_type in all_types():
        if request.values["every_kind"] or job_type.name == "gis_export":
            jobs = job_type.model.objects.filter(county=request.county, created_at__gte=begin, created_at__lt=end)
            found.append((job_type, jobs.select_related("submitted_by").order_by("created_at", "job_id")))
    return found


def _accesses(request: Request) -> QuerySet[PersonalDataAccess]:
    begin, end = _span(request)
    entries = PersonalDataAccess.objects.filter(county=request.county, at__gte=begin, at__lt=end)
    return entries.order_by("at", "pk")


def _span(request: Request) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last one, in the county."""
    first, last = (date.fromisoformat(request.values[name]) for name in ("first_day", "last_day"))
    here = zone(request.county)
    return datetime.combine(first, time(), here), datetime.combine(last + timedelta(days=1), time(), here)


def build(found: list[tuple[JobType, QuerySet[Any]]], count: int) -> Iterator[b.Block]:
    personal = 0
    by_user: Counter[str] = Counter()
    for _, jobs in found:
        for name in jobs.filter(status__in=_ANSWERED).values_list("submitted_by__username", flat=True):
            by_user[name or "(removed)"] += 1
        personal += jobs.filter(contains_personal_data=True, status__in=_ANSWERED).count()
    yield b.KeyFigures(
        "activity",
        (
            b.Figure("jobs", "Requests", count, Kind.INTEGER),
            b.Figure("finished", "Answered with a result", sum(by_user.values()), Kind.INTEGER),
            b.Figure("users", "People", len(by_user), Kind.INTEGER),
            b.Figure("personal", "With personal data", personal, Kind.INTEGER),
        ),
    )
    if not count:
        yield b.Text("Nothing was asked for in these days.")
        return
    columns = (Column("user", Kind.TEXT, "Person", width=30), Column("results", Kind.INTEGER, "Results"))
    yield b.Table("by_person", "By person", columns, sorted(by_user.items(), key=lambda pair: (-pair[1], pair[0])))
    yield b.Heading("Requests")
    yield b.Table("requests", "", _COLUMNS, _rows(found))


def _access_blocks(accesses: QuerySet[PersonalDataAccess]) -> Iterator[b.Block]:
    yield b.Heading("Access to personal data")
    if not accesses.exists():
        yield b.Text("Nobody was shown personal data in these days.")
        return
    yield b.Table("access", "", _ACCESS, _access_rows(accesses))


def _access_rows(accesses: QuerySet[PersonalDataAccess]) -> Iterator[b.Row]:
    for entry in accesses.iterator(chunk_size=_BATCH):
        file = entry.details.get("file")
        yield (
            entry.at,
            entry.username,
            entry.get_act_display(),
            spelled(entry.kind),
            entry.key or None,
            file,
            entry.right,
        )


def _rows(found: list[tuple[JobType, QuerySet[Any]]]) -> Iterator[b.Row]:
    for job_type, jobs in found:
        for job in jobs.iterator(chunk_size=_BATCH):
            yield (
                job.created_at,
                job.submitted_by.get_username() if job.submitted_by else "(removed)",
                label(job_type.name),
                label(str(getattr(job, job_type.type_field))),
                ", ".join(map(spelled, getattr(job, "layers", []))) or None,
                job.get_status_display(),
                getattr(job, "record_count", None),
                job.result_file_bytes,
                job.contains_personal_data if job.status in _ANSWERED else None,
                _withheld(job.result_summary) or None,
                str(job.pk),
            )


def _withheld(summary: dict[str, Any]) -> str:
    """An export's manifest lists the fields of each layer; a report says it in words."""
    withheld = summary.get("withheld") or {}
    if isinstance(withheld, dict):
        return "; ".join(
            f"{spelled(layer)}: {', '.join(spelled(name).lower() for name in fields)}"
            for layer, fields in withheld.items()
            if fields
        )
    return str(withheld)
