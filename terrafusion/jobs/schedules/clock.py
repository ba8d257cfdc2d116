"""Submitting the jobs of schedules, at their time and on demand.

The sweep is the clock. A slot is taken under the lock of the schedule's row, and the job, the key that names the slot
and the time of the next one are written in one transaction: whatever dies, and however many sweeps there are, a slot
gives one job or none.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet, Window
from django.db.models.functions import Now, RowNumber
from django.urls import resolve, reverse
from rest_framework.exceptions import APIException

from terrafusion.db_errors import DATABASE_AWAY
from terrafusion.jobs import dispatch, metrics
from terrafusion.jobs.errors import OwnerLost, Refused
from terrafusion.jobs.models import AbstractJob, Schedule
from terrafusion.jobs.options import longest
from terrafusion.jobs.registry import JobType, all_types, public_types
from terrafusion.jobs.request import request_of, unsaved_job
from terrafusion.jobs.schedules import cron
from terrafusion.jobs.states import Status
from terrafusion.records.access import Role, counties_for
from terrafusion.words import error_text

log = logging.getLogger(__name__)

GRACE = cron.MINIMUM
"""A slot that is found later than this is missed, and not run."""


def viewset_of(job_type: JobType) -> Any:
    """The JobViewSet of a type, found by its address: the registry knows no views."""
    return resolve(reverse(f"{job_type.name}:run")).func.cls  # type: ignore[attr-defined]  # a viewset's own view


def type_named(name: str) -> JobType | None:
    return next((job_type for job_type in public_types() if job_type.name == name), None)


def check(schedule: Schedule) -> AbstractJob:
    """The unsaved job that the schedule would submit now, with the rights of its owner.

    Raises OwnerLost, or what the plugin's own checks of a request raise (APIException).
    """
    if schedule.owner is None:
        raise OwnerLost("The owner's account is gone.")
    if not counties_for(schedule.owner, at_least=Role.ANALYST).filter(pk=schedule.county_id).exists():
        raise OwnerLost(f"{schedule.owner} is no analyst of {schedule.county_id} any more.")
    job_type = type_named(schedule.job_type)
    if job_type is None:
        raise Refused(f"There are no jobs of the type {schedule.job_type} any more.")
    request = request_of(schedule.owner)
    job = unsaved_job(viewset_of(job_type).run_serializer_class, schedule.request, {"request": request})
    job.schedule = schedule
    return job


def run(schedule: Schedule, *, idempotency_key: str = "") -> AbstractJob:
    """Submit a job of the schedule. Raises what ``check`` and ``dispatch.submit`` do."""
    job = check(schedule)
    job.options = {**_lifetime(schedule, job), **job.options}
    return dispatch.submit(job, idempotency_key=idempotency_key, fresh=bool(job.options.get("fresh")))[0]


def _lifetime(schedule: Schedule, job: AbstractJob) -> dict[str, Any]:
    """``expires_in`` for a result that must outlive the next run, and one that fails, so that the permalink keeps its
    promise; nothing where the county's own time is longer."""
    first = cron.next_after(schedule.cron, schedule.time_zone, _now())
    gap = cron.next_after(schedule.cron, schedule.time_zone, first) - first
    wanted = min(2 * gap + timedelta(days=1), longest(schedule.county_id))
    return {"expires_in": int(wanted.total_seconds())} if wanted > dispatch.lifetime(job) else {}


def arm(schedule: Schedule) -> None:
    """Let the (unsaved) schedule run from now on."""
    schedule.enabled, schedule.paused_because = True, ""
    schedule.next_run_at = cron.next_after(schedule.cron, schedule.time_zone, _now())


def pause(schedule: Schedule, reason: str) -> None:
    """Let the (unsaved) schedule run no more."""
    schedule.enabled, schedule.paused_because, schedule.next_run_at = False, reason[:300], None


def run_due(ids: list[uuid.UUID] | None = None) -> int:
    """Take each slot that is due; the number of jobs submitted. ``ids``: of these schedules only."""
    due = _due() if ids is None else _due().filter(pk__in=ids)
    jobs = 0
    for schedule_id in list(due.order_by("next_run_at").values_list("pk", flat=True)):
        with transaction.atomic():
            # A slot that another sweep has taken, or is taking, is no longer due here.
            rows = _due().filter(pk=schedule_id).select_related("owner")
            schedule = rows.select_for_update(skip_locked=True, of=("self",)).first()
            if schedule is not None:
                jobs += _take_slot(schedule)
    return jobs


def _due() -> QuerySet[Any]:
    due: QuerySet[Any] = Schedule.objects.filter(enabled=True, next_run_at__lte=Now())
    return due


def _take_slot(schedule: Schedule) -> bool:
    """Submit the slot's job, or say on the schedule why not; go on to the next slot. True with a job."""
    slot, now = schedule.next_run_at, _now()
    assert slot is not None  # noqa: S101 - it was due
    schedule.last_slot = slot
    schedule.next_run_at = cron.next_after(schedule.cron, schedule.time_zone, max(slot, now))
    job = None
    if now - slot > GRACE:
        outcome = "missed"
        schedule.last_event = "Missed: nobody kept the time then. It is not made up for; the next slot runs."
    else:
        outcome, job = _submit(schedule, slot)
    schedule.updated_at = Now()  # the database's clock
    schedule.save()
    log.info("Schedule %s, slot %s: %s", schedule.pk, slot.isoformat(), outcome)
    transaction.on_commit(lambda: metrics.slot(schedule.county_id, schedule.job_type, outcome))
    return job is not None


def _submit(schedule: Schedule, slot: datetime) -> tuple[str, AbstractJob | None]:
    try:
        with transaction.atomic():
            job = run(schedule, idempotency_key=f"schedule {schedule.pk} {slot.isoformat()}")
    except OwnerLost as lost:
        pause(schedule, str(lost))
        schedule.last_event = f"Refused: {lost}"
        return "refused", None
    except (Refused, APIException) as refused:
        schedule.last_event = f"Refused: {error_text(refused)}"
        return "refused", None
    except DATABASE_AWAY:  # the database is away; the slot stays due
        raise
    except Exception:  # one request that its plugin chokes on must not stop the schedules after it
        log.exception("Schedule %s: the request cannot be submitted", schedule.pk)
        schedule.last_event = "Failed for an internal reason; the log of the sweep says more."
        return "failed", None
    schedule.last_event = f"Job {job.pk} was submitted."
    return "submitted", job


def newest(schedule: Schedule) -> AbstractJob | None:
    """The job of the newest completed result."""
    job_type = type_named(schedule.job_type)
    if job_type is None:
        return None
    done = job_type.model.objects.filter(schedule=schedule.pk, status=Status.COMPLETED)
    latest: AbstractJob | None = done.order_by("-completed_at", "-job_id").first()
    return latest


def retire() -> int:
    """Let the results expire that are more than a schedule keeps; the sweep deletes them. Their number."""
    retired = 0
    for job_type in all_types():
        jobs = job_type.model.objects
        order = [F("completed_at").desc(), F("job_id").desc()]
        kept = jobs.filter(schedule__keep_last__isnull=False, status=Status.COMPLETED).annotate(
            place=Window(RowNumber(), partition_by="schedule", order_by=order)
        )
        old = kept.filter(place__gt=F("schedule__keep_last")).values("pk")
        retired += jobs.filter(pk__in=old).exclude(expires_at__lte=Now()).update(expires_at=Now(), updated_at=Now())
    return retired


def _now() -> datetime:
    """The database's clock, as everywhere in the lifecycle."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
