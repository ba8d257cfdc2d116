"""One attempt at a job, in a worker: claim -> execute -> publish -> finish.

This is the only place with a broad ``except``: whatever a plugin raises ends as a stable code and a message that is
safe to show; the traceback goes to the log.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string
from django_q.exceptions import TimeoutException

from terrafusion import tracing
from terrafusion.db_errors import DATABASE_AWAY, is_conflict, is_time_out
from terrafusion.jobs import broker, canary, errors, lanes, marks, metrics, turns
from terrafusion.jobs.context import JobContext, Outcome
from terrafusion.jobs.dispatch import LIFECYCLE, lifetime
from terrafusion.jobs.heartbeat import Heartbeat
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.publish import make_folder, publish, take_back, workdir_root
from terrafusion.jobs.registry import JobType, all_types, by_label
from terrafusion.jobs.reuse import fingerprint_of
from terrafusion.jobs.states import Status
from terrafusion.logs import ids

T = TypeVar("T")
log = logging.getLogger(__name__)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_STORAGE_AWAY = frozenset({errno.EIO, errno.EROFS, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT})


_NOT_CLAIMED = "not claimed"
_TRIES = 5
"""To claim the job whose turn it is, before another worker does."""


def run_next(label: str, job_id: str) -> str:
    """What django-q2 calls, at least once for each job. What it returns is for the log only.

    Which job is run is decided now: the one of this lane whose turn it is (turns.py). Each job has brought a task, so
    none is left over. The job that brought this one is run where no other waits.

    A claim that fails is a success to django-q2: it clears the broker's row, so that a task which is delivered twice,
    or after its job was cancelled, is not delivered without end.
    """
    for _ in range(_TRIES):
        chosen = turns.next_job(broker.own_cluster())
        if chosen is None:
            break
        if (outcome := run(chosen[0], str(chosen[1]))) != _NOT_CLAIMED:
            return outcome
    return run(label, job_id)


def run(label: str, job_id: str) -> str:
    """An attempt at that job, if it can be claimed. What it returns is for the log only."""
    with marks.at_work(job_id), ids.marked(job_id=job_id, job_type=by_label(label).name):
        return _run(by_label(label), job_id)


def _run(job_type: JobType, job_id: str) -> str:
    jobs = job_type.model.objects
    canary.record_activity(broker.own_cluster())
    token = jobs.claim(uuid.UUID(job_id), f"{socket.gethostname()}:{os.getpid()}")
    if token is None:
        log.info("%s %s could not be claimed: another worker has it, or it was cancelled", job_type.name, job_id)
        return _NOT_CLAIMED
    job: AbstractJob = jobs.select_related("county").get(pk=job_id)
    if job.claim_token != token:
        return "claim lost"
    turns.take(job)
    with ids.marked(**job.origin), tracing.job_span(job_type.name, job_id, job.attempt, job.origin):
        log.info("%s %s: attempt %s begins", job_type.name, job_id, job.attempt)
        _attempt(job_type, job)
    canary.record_activity(broker.own_cluster())
    return "done"


def preload(**_: object) -> None:
    """Warm up the plugins that ask for it when a worker starts, so that the first job does not wait for it.

    The others are imported with their first job: statistics bring libraries that most workers need not hold.
    """
    for job_type in all_types():
        if job_type.warm_up:
            import_string(job_type.execute)
            import_string(job_type.warm_up)()


def _attempt(job_type: JobType, job: AbstractJob) -> None:
    began = time.monotonic()
    context = JobContext(workdir_root() / str(job.claim_token))
    with Heartbeat(job, context, lanes.of(job).time_limit):
        try:
            make_folder(context.workdir)
            execute: Callable[[AbstractJob, JobContext], Outcome] = import_string(job_type.execute)
            before = fingerprint_of(job)
            outcome = execute(job, context)
            context.checkpoint()
            _publish(job, context, outcome, before)
        except TimeoutException:
            # django-q2's own limit, which is past ours: the work did not listen. The exception goes on, and with it
            # django-q2 replaces this process.
            log.exception("%s %s: ended by force", job_type.name, job.pk)
            _end(job, errors.TimedOut("The job did not stop at its time limit and was ended by force."))
            raise
        except (Exception, SystemExit) as error:
            reason = reason_of(error, context)
            quiet = isinstance(reason, (errors.JobCancelled, errors.ClaimLost))
            log.log(
                logging.INFO if quiet else logging.ERROR,
                "%s %s ends: %s: %s",
                job_type.name,
                job.pk,
                reason.code,
                reason.message,
                exc_info=None if quiet else error,
            )
            tracing.failed(reason.code)
            _end(job, reason)
        else:
            seconds = time.monotonic() - began
            metrics.completed(job, seconds)
            log.info("%s %s is completed after %.2f s", job_type.name, job.pk, seconds)
        finally:
            shutil.rmtree(context.workdir, ignore_errors=True)


def reason_of(error: BaseException, context: JobContext) -> errors.JobError:
    """The stable error for whatever was raised. An interruption is the reason for all that it made the work raise."""
    if context.interruption is not None:
        return context.interruption
    if isinstance(error, errors.JobError):
        return error
    if isinstance(error, MemoryError):
        return errors.OutOfMemory("The worker has too little memory for this job.")
    if is_time_out(error):
        return errors.QueryCancelled("The database ended a query of this job, because it took longer than it may.")
    if is_conflict(error):
        return errors.TransactionRolledBack("The job was rolled back because of a conflicting transaction.")
    if isinstance(error, DATABASE_AWAY):
        return errors.DatabaseLost("The database did not answer.")
    if isinstance(error, OSError) and error.errno in _FULL:
        return errors.StorageFull("There is no space left for the result.")
    if isinstance(error, OSError) and error.errno in _STORAGE_AWAY:
        return errors.StorageUnavailable("The storage did not answer.")
    return errors.JobError("The job failed for an internal reason.")


def _publish(job: AbstractJob, context: JobContext, outcome: Outcome, before: str) -> None:
    """Publish, also through an outage of the database in which it stays unknown whether the commit was heard.

    ``before`` is the fingerprint from before the work: what has changed since is in the result or not, nobody knows.
    """
    taken = (LIFECYCLE - {"expires_at"}) & outcome.columns.keys()
    if taken:
        raise ValueError(f"These columns are the lifecycle's: {', '.join(sorted(taken))}.")

    def once() -> None:
        expires_at = Now() + lifetime(job) if outcome.file else None
        fingerprint = before if before and before == fingerprint_of(job) else ""
        columns = {"expires_at": expires_at, "fingerprint": fingerprint, **outcome.columns}
        if outcome.personal is not None:
            columns["contains_personal_data"] = outcome.personal
        done = type(job).objects.filter(pk=job.pk, claim_token=job.claim_token, status=Status.COMPLETED)
        if not done.exists():
            publish(job, context, outcome, columns)

    _retry_on_db_error(once)


def _end(job: AbstractJob, reason: errors.JobError) -> None:
    """Say FAILED or CANCELLED, if the job is still ours."""
    jobs = type(job).objects

    def once() -> str | None:
        with transaction.atomic():
            # Under the row's lock, so that a cancel which arrives just now is seen or comes too late.
            row = jobs.held(job.pk, job.claim_token).select_for_update(of=("self",)).first()
            if row is None:
                return None
            if row.status == Status.CANCELLING:
                jobs.cancelled(job.pk, job.claim_token)
                return str(Status.CANCELLED)
            jobs.fail(job.pk, job.claim_token, reason.code, reason.full_message)
            return str(Status.FAILED)

    try:
        ended = _retry_on_db_error(once)
    except DATABASE_AWAY:
        log.exception("%s: the database stays away; the sweep will find the job without a heartbeat", job.pk)
        return
    if ended is None:
        log.warning("%s: the claim was lost; another worker has the job, or had it", job.pk)
        return
    take_back(type(job), job.pk)
    if ended == Status.FAILED:
        metrics.failed(job, reason.code)


def _retry_on_db_error(action: Callable[[], T]) -> T:
    """Do ``action``, again and again while the database is away or undoes it, up to JOB_FINISH_PATIENCE seconds."""
    deadline = time.monotonic() + settings.JOB_FINISH_PATIENCE
    while True:
        try:
            return action()
        except DATABASE_AWAY:
            if time.monotonic() > deadline:
                raise
            log.warning("The database is away, or has undone this; trying again", exc_info=True)
            connection.close()
            time.sleep(1)
