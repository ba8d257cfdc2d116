"""The record of what was handed out: its parameters, and what it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet

from reporting.reports.activity.build import ACCESS, COLUMNS, Access, Activity, Asked, build
from reporting.reports.base import Content, Report, Request
from terrafusion.jobs.registry import JobType, all_types
from terrafusion.jobs.request import Boolean, Day, InvalidRequest
from terrafusion.jobs.rights import Needs
from terrafusion.jobs.states import Status
from terrafusion.records.access import Role, counties_for
from terrafusion.records.county_time import today, zone
from terrafusion.records.models import County, PersonalDataAccess
from terrafusion.types import AnyUser
from terrafusion.words import day

_BATCH = 500
_REMOVED = "(removed)"
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
            return {"report_type": [f"Requires the manager role in {request.county.pk}."]}
        return {}

    def needs(self, request: Request) -> Needs:
        return Needs(role=Role.MANAGER)

    def sources(self, request: Request) -> tuple[str, ...]:
        return ()  # jobs change all the time: each report is made anew

    def estimate(self, request: Request) -> int:
        return sum(jobs.count() for _, jobs in _jobs(request)) + _accesses(request).count()

    def read(self, request: Request, now: datetime) -> Content:
        activity = _activity(_jobs(request), _accesses(request))
        asked = request.values
        return Content(
            blocks=build(activity),
            subtitle=" to ".join(day(date.fromisoformat(asked[name])) for name in ("first_day", "last_day")),
            rows=activity.jobs * len(COLUMNS) + activity.access_count * len(ACCESS),
            facts={"jobs": activity.jobs, "accesses_to_personal_data": activity.access_count},
        )


def _jobs(request: Request) -> list[tuple[JobType, QuerySet[Any]]]:
    begin, end = _span(request)
    by_type: list[tuple[JobType, QuerySet[Any]]] = []
    for job_type in all_types():
        if request.values["every_kind"] or job_type.name == "gis_export":
            jobs = job_type.model.objects.filter(county=request.county, created_at__gte=begin, created_at__lt=end)
            by_type.append((job_type, jobs.select_related("submitted_by").order_by("created_at", "job_id")))
    return by_type


def _accesses(request: Request) -> QuerySet[PersonalDataAccess]:
    begin, end = _span(request)
    entries = PersonalDataAccess.objects.filter(county=request.county, at__gte=begin, at__lt=end)
    return entries.order_by("at", "pk")


def _span(request: Request) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last one, in the county."""
    first, last = (date.fromisoformat(request.values[name]) for name in ("first_day", "last_day"))
    here = zone(request.county)
    return datetime.combine(first, time(), here), datetime.combine(last + timedelta(days=1), time(), here)


def _activity(by_type: list[tuple[JobType, QuerySet[Any]]], accesses: QuerySet[PersonalDataAccess]) -> Activity:
    personal = 0
    by_user: Counter[str] = Counter()
    for _, jobs in by_type:
        for name in jobs.filter(status__in=_ANSWERED).values_list("submitted_by__username", flat=True):
            by_user[name or _REMOVED] += 1
        personal += jobs.filter(contains_personal_data=True, status__in=_ANSWERED).count()
    count = sum(jobs.count() for _, jobs in by_type)
    return Activity(count, by_user, personal, _asked(by_type), accesses.count(), _entries(accesses))


def _asked(by_type: list[tuple[JobType, QuerySet[Any]]]) -> Iterator[Asked]:
    for job_type, jobs in by_type:
        for job in jobs.iterator(chunk_size=_BATCH):
            yield Asked(
                job.created_at,
                job.submitted_by.get_username() if job.submitted_by else _REMOVED,
                job_type.name,
                str(getattr(job, job_type.type_field)),
                tuple(getattr(job, "layers", ())),
                job.get_status_display(),
                getattr(job, "record_count", None),
                job.result_file_bytes,
                job.contains_personal_data if job.status in _ANSWERED else None,
                job.result_summary.get("withheld") or {},
                str(job.pk),
            )


def _entries(accesses: QuerySet[PersonalDataAccess]) -> Iterator[Access]:
    for entry in accesses.iterator(chunk_size=_BATCH):
        act, file = entry.get_act_display(), entry.details.get("file")
        yield Access(entry.at, entry.username, act, entry.kind, entry.key, file, entry.right)
