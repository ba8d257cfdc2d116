"""Submitting, rerunning and cancelling jobs: what views, the admin and commands call."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from terrafusion.jobs import broker, lanes, metrics, reuse
from terrafusion.jobs.errors import IdempotencyKeyReused, NotCancellable, RequestRefused, TooManyActiveJobs
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.options import duration, longest
from terrafusion.jobs.registry import all_types, type_of
from terrafusion.jobs.rights import Needs, set_needs
from terrafusion.jobs.states import ACTIVE, Status
from terrafusion.locks import acquire_lock
from terrafusion.logs import ids
from terrafusion.records.models import CountySettings
from terrafusion.types import AnyUser

log = logging.getLogger(__name__)
Job = TypeVar("Job", bound=AbstractJob)

RUN_TASK = "terrafusion.jobs.runner.run_next"
LIFECYCLE = frozenset(field.name for field in AbstractJob._meta.get_fields())
"""The columns that every job has; the others are the plugin's own."""


def digest(request: object) -> str:
    """SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()


def submit(job: Job, *, idempotency_key: str = "", fresh: bool = False) -> tuple[Job, bool]:
    """Save an unsaved job and queue it. Returns it and True; or, for a retry, the first job and False.

    Where an identical request has been answered already, the job is completed at once with that result (reuse.py),
    unless ``fresh``.

    A retry is a second submission of the same user, key and request: ``job.request_digest`` when the caller set it,
    else county, type and parameters. Raises IdempotencyKeyReused for another request under a used key,
    TooManyActiveJobs at the user's limit in the county, and what ``admit`` and ``check_feasible`` raise.
    """
    job_type = type_of(job)
    job.origin = ids.of_request()
    job.idempotency_key = idempotency_key
    if not job.request_digest:
        job.request_digest = digest([job.county_id, getattr(job, job_type.type_field), job.parameters])
    with transaction.atomic():
        acquire_lock(job.submitted_by_id)
        if idempotency_key and (first := _first(job)) is not None:
            return first, False
        admit(job)
        check_feasible(job)
        set_needs(job, needs_of(job))
        job.lane = lanes.of(job).cluster
        finished = None if fresh else reuse.find(job)
        if finished is None:
            _check_limit(job)
        try:
            with transaction.atomic():
                if finished is None:
                    job.save(force_insert=True)
                else:
                    reuse.complete(job, finished, expires_at=Now() + lifetime(job))
        except IntegrityError:
            # Backstop of the lock above: the unique index says that the key is taken.
            if idempotency_key and (first := _first(job)) is not None:
                return first, False
            raise
        transaction.on_commit(lambda: _submitted(job))
    return job, True


def rerun(job: Job, user: AnyUser, *, idempotency_key: str = "") -> Job:
    """Submit a NEW job with the request of ``job``, linked to it by ``rerun_of``.

    Raises what ``submit`` does, and Refused where the request no longer holds.
    """
    own = [
        field
        for field in job._meta.concrete_fields
        if field.name not in LIFECYCLE and field.editable and field.name not in job.result_columns
    ]
    again = type(job)(
        county_id=job.county_id,
        parameters=job.parameters,
        submitted_by=user,
        rerun_of=job,
        request_digest=digest(["rerun", str(job.job_id)]),
        options=job.options if user.pk == job.submitted_by_id else _without_webhook(job.options),
        **{field.attname: getattr(job, field.attname) for field in own},
    )
    if renew := type_of(again).renew:
        renew(again)
    return submit(again, idempotency_key=idempotency_key, fresh=True)[0]


def _without_webhook(options: dict[str, Any]) -> dict[str, Any]:
    """Whose jobs another reruns has not asked to be notified of those."""
    return {name: value for name, value in options.items() if name != "webhook"}


def cancel(job: Job) -> Job:
    """Cancel a pending job at once, and ask a running one to stop; NotCancellable when it has ended.

    Asking twice is no error. Returns the job as it is now.
    """
    jobs = type(job).objects
    asked = jobs.cancel_pending(job.pk) or jobs.request_cancel(job.pk)
    job.refresh_from_db()
    if not asked and job.cancel_requested_at is None:
        raise NotCancellable(f"The job has ended already: it is {job.status}.")
    return job


def admit(job: AbstractJob) -> None:
    """Raises Refused, mostly RequestRefused, where the unsaved job would break a limit of its plugin's."""
    if check := type_of(job).admit:
        check(job)


def check_feasible(job: AbstractJob) -> None:
    """Raises RequestRefused where the unsaved job cannot succeed, with what to do about it."""
    feasible = type_of(job).feasible
    if feasible and (faults := feasible(job)):
        raise RequestRefused(faults, "not_feasible")


def needs_of(job: AbstractJob) -> Needs:
    """What it will take to read the result of an unsaved job."""
    needs = type_of(job).needs
    return needs(job) if needs else Needs()


def enqueue(job: AbstractJob) -> bool:
    """Notify the broker of a pending job. When the broker is down the job stays pending, and the sweep tries again.

    The task carries the model's label and the job's id only, and the worker that takes it begins the job of its lane
    whose turn it is (turns.py). A task too many does no harm: one claim wins.
    """
    lane = lanes.of(job).cluster
    if job.lane != lane:  # which was another's, by other settings or by what the job was then expected to take
        type(job).objects.filter(pk=job.pk).update(lane=lane)
    try:
        broker.enqueue(RUN_TASK, type_of(job).label, str(job.job_id), cluster=lane)
    except Exception:  # each broker has its own errors, and none may lose the job or fail the request
        log.exception("The broker does not take %s; the sweep will offer it again", job, extra={"job_id": job.pk})
        return False
    return True


def lifetime(job: AbstractJob) -> timedelta:
    """How long the job's result file is kept: as it asks, if the county still allows that; else as the county says."""
    asked = duration(job.options.get("expires_in"))
    if asked is not None:
        return min(asked, longest(job.county_id))
    days = CountySettings.objects.filter(county=job.county_id).values_list("result_days", flat=True).first()
    return timedelta(days=days or settings.JOB_RESULT_DAYS)


def active_jobs(user_id: int | None, county_id: str) -> int:
    """How many jobs of the user, of every kind, wait or run in the county."""
    return sum(
        job_type.model.objects.filter(submitted_by=user_id, county=county_id, status__in=ACTIVE).count()
        for job_type in all_types()
    )


def _submitted(job: AbstractJob) -> None:
    metrics.submitted(job)
    if job.status == Status.COMPLETED:
        metrics.completed(job, None)
    else:
        enqueue(job)


def _first(job: Job) -> Job | None:
    first: Job | None = (
        type(job).objects.filter(submitted_by=job.submitted_by_id, idempotency_key=job.idempotency_key).first()
    )
    if first is not None and first.request_digest != job.request_digest:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    return first


def _check_limit(job: AbstractJob) -> None:
    limit = CountySettings.of(job.county_id).max_active_jobs
    active = active_jobs(job.submitted_by_id, job.county_id)
    if active >= limit:
        raise TooManyActiveJobs(f"You have {active} pending and running jobs in this county; the limit is {limit}.")
