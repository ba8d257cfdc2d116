"""Using a finished result again for an identical request, as long as nothing that it was made of has changed.

A plugin says what its result depends on (``JobType.fingerprint``): the request, the caller's rights, the version of the
data, the software. The runner keeps the fingerprint with the result if it was the same before and after the work.

The second request gets a job of its own, completed at once, so that the record of who was given what has no gap. The
two share one file, which is deleted with the last of them.
"""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from terrafusion.jobs import intact, personal_data
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.registry import type_of
from terrafusion.jobs.rights import refusal
from terrafusion.jobs.states import Status

log = logging.getLogger(__name__)
Job = TypeVar("Job", bound=AbstractJob)
_RESULT = (
    "result_file",
    "result_file_bytes",
    "result_file_sha256",
    "result_members",
    "result_summary",
    "fingerprint",
    "read_counties",
    "read_role",
    "contains_personal_data",
)


def fingerprint_of(job: AbstractJob) -> str:
    """What the result depends on, as things are now; empty when the plugin does not know."""
    fingerprint = type_of(job).fingerprint
    return fingerprint(job) if fingerprint else ""


def find(job: Job) -> Job | None:
    """A finished job whose file the unsaved ``job`` may use, locked against the sweep until the transaction ends."""
    fingerprint = fingerprint_of(job)
    if not fingerprint:
        return None
    same = type(job).objects.filter(county=job.county_id, status=Status.COMPLETED, fingerprint=fingerprint)
    alive = same.exclude(result_file="").filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
    match: Job | None = (
        alive.order_by("-completed_at", "-job_id").select_for_update(skip_locked=True, of=("self",)).first()
    )
    if match is None or refusal(match, job.submitted_by) is not None:
        return None
    return match if _is_sound(match) else None


def complete(job: AbstractJob, finished: AbstractJob, **columns: Any) -> None:
    """Save the unsaved ``job`` as completed with the result of ``finished``."""
    made_by = finished.reused_from_id or finished.pk
    own = {name: getattr(finished, name) for name in job.result_columns}
    result = {name: getattr(finished, name) for name in _RESULT}
    message = finished.message
    if finished.reused_from_id is None:  # else it says so already
        message += f" Made by job {made_by}; the data has not changed since."
    type(job).objects.complete_at_once(job, reused_from_id=made_by, message=message, **result, **own, **columns)
    personal_data.record_made(job)


def holders_of_file(job: AbstractJob) -> QuerySet[Any]:
    """The other jobs that need the job's file."""
    made_by = job.reused_from_id or job.pk
    sharing = type(job).objects.filter(Q(pk=made_by) | Q(reused_from=made_by), status=Status.COMPLETED)
    others: QuerySet[Any] = sharing.exclude(pk=job.pk)
    return others


def _is_sound(job: AbstractJob) -> bool:
    """Whether the job's file is in storage, as it was made; where that cannot be found out, the work is done anew."""
    try:
        fault = intact.fault(job)
    except FileNotFoundError:
        return False
    except Exception:  # storages raise what their drivers raise
        log.exception("Cannot determine whether %s is in storage", job.result_file)
        return False
    if fault:
        log.error("%s: %s: %s", job.pk, job.result_file, fault, extra={"job_id": job.pk})
    return not fault
