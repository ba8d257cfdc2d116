"""The record of who got to see the personal data of jobs and schedules (``records.access_log``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terrafusion.jobs.registry import type_of
from terrafusion.records import access_log
from terrafusion.records.access_log import Seen
from terrafusion.records.models import Act
from terrafusion.types import AnyUser

if TYPE_CHECKING:
    from terrafusion.jobs.models import AbstractJob
    from terrafusion.jobs.models.guarded import Guarded


def record_read(user: AnyUser, job: AbstractJob) -> None:
    """That the user is shown the job. Until it has ended, its owner is shown no more than what they asked for."""
    if job.completed_at is not None or job.submitted_by_id != user.pk:
        record(Act.READ, user, job, type_of(job).name)


def record_made(job: AbstractJob) -> None:
    """That the job's result was made for who submitted it. What a job has others do is its own to record."""
    job_type = type_of(job)
    if job.needs().personal and job.submitted_by is not None and not job_type.internal:
        kind = str(getattr(job, job_type.type_field))
        record(Act.EXPORTED, job.submitted_by, job, job_type.name, type=kind)


def record_sent(user: AnyUser, job: AbstractJob, file: str, *, partly: bool) -> None:
    """That the user is sent a file of the job's, or a part of it."""
    record(Act.DOWNLOADED, user, job, type_of(job).name, again=partly, file=file)


def record(act: Act, user: AnyUser, thing: Guarded, kind: str, *, again: bool = False, **details: Any) -> None:
    """That the user sees a job or schedule, where it holds personal data. ``again`` as for ``access_log.record``."""
    needs = thing.needs()
    if needs.personal:
        counties = (thing.county_id, *sorted(needs.counties - {thing.county_id}))
        access_log.record(user, act, [Seen(counties, kind, str(thing.pk), details)], again=again)
