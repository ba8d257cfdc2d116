"""What must be done for jobs when nobody else does it. Runs outside the clusters; several sweeps do no harm.

Each step locks one row at a time, and passes over a row that somebody else has locked.
"""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from terrafusion.jobs import broker, dispatch, metrics, reuse, turns
from terrafusion.jobs.errors import WorkerLost
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.publish import discard, take_back, workdir_root
from terrafusion.jobs.queryset import JobQuerySet
from terrafusion.jobs.registry import all_types
from terrafusion.jobs.schedules import clock
from terrafusion.jobs.states import CLAIMED, Status
from terrafusion.jobs.webhooks import outbox
from terrafusion.records import access_log, versions
from terrafusion.records.models import UploadedArea

log = logging.getLogger(__name__)

BATCH = 500
"""Most rows of one step and job type in one sweep; the next sweep goes on."""
ORPHAN_AGE = 24 * 3600.0


@dataclass
class Swept:
    """What one sweep did, in jobs, folders, uploaded areas, entries of the access log, or rows of the plugins."""

    retried: int = 0
    failed: int = 0
    cancelled: int = 0
    offered: int = 0
    expired: int = 0
    cleaned: int = 0
    orphans: int = 0
    scheduled: int = 0
    retired: int = 0
    areas: int = 0
    accesses: int = 0
    rows: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in asdict(self).items() if count) or "nothing to do"


def sweep(*, check_heartbeats: bool = True) -> Swept:
    """One round. ``check_heartbeats`` is False just after an outage, when nobody could write any."""
    swept = Swept(scheduled=clock.run_due(), retired=clock.retire())
    for job_type in all_types():
        job_type.model.objects.settle_times()
        if check_heartbeats:
            _lost(job_type.model, swept)
        _forgotten(job_type.model, swept)
        _expired(job_type.model, swept)
        _leftovers(job_type.model, swept)
    _orphans(swept)
    outbox.forget()
    turns.forget()
    versions.compact()
    swept.areas = UploadedArea.remove_expired()
    swept.accesses = access_log.forget()
    swept.rows = sum(import_string(job_type.forget)() for job_type in all_types() if job_type.forget)
    return swept


@contextmanager
def _locked(rows: QuerySet[AbstractJob]) -> Iterator[AbstractJob | None]:
    """The one row of ``rows``, locked until the block ends; None when it has changed, or somebody else has it."""
    with transaction.atomic():
        yield rows.select_for_update(skip_locked=True).first()


def _lost(model: type[AbstractJob], swept: Swept) -> None:
    """Claimed jobs without a heartbeat. What the attempt had begun is deleted, where this machine has it."""
    after = timedelta(seconds=settings.JOB_LOST_AFTER)
    for job_id in _ids(model.objects.lost(after)):
        with _locked(model.objects.lost(after).filter(pk=job_id)) as job:
            if job is None or not _settled(model.objects.lost(after), job, swept):
                continue
        swept.orphans += _remove(workdir_root() / str(job.claim_token))


def _settled(lost: JobQuerySet, job: AbstractJob, swept: Swept) -> bool:
    """Cancelled if that was asked, else tried again, else failed; False where none of these can be done now."""
    log.warning(
        "%s: no heartbeat of %s for %s seconds",
        job.pk,
        job.worker,
        settings.JOB_LOST_AFTER,
        extra={"job_id": job.pk, **job.origin},
    )
    if job.status == Status.CANCELLING:
        done = lost.cancelled(job.pk, job.claim_token)
        swept.cancelled += done
    elif job.attempt >= settings.JOB_MAX_ATTEMPTS:
        reason = WorkerLost(f"The worker was lost at attempt {job.attempt} of {settings.JOB_MAX_ATTEMPTS}.")
        done = lost.fail(job.pk, job.claim_token, reason.code, reason.full_message)
        swept.failed += done
        if done:
            metrics.failed(job, reason.code)
    elif job.publishing_as and not discard(job.publishing_as):
        return False
    else:
        done = lost.release(job.pk, job.claim_token, settings.JOB_MAX_ATTEMPTS)
        swept.retried += done
        if done:
            transaction.on_commit(partial(dispatch.enqueue, job))
    return done


def _forgotten(model: type[AbstractJob], swept: Swept) -> None:
    """Pending jobs that are in no queue: the broker was down when they were submitted, or has lost them.

    Any task runs any job of its lane, so only their numbers count: where fewer tasks wait than jobs, as many of the
    jobs are offered again, each at most once in JOB_REQUEUE_AFTER seconds. An offer too many does no harm, since one
    claim wins.
    """
    forgotten = model.objects.forgotten(timedelta(seconds=settings.JOB_REQUEUE_AFTER))
    if not forgotten.exists():
        return
    try:
        missing = {lane: _missing_tasks(lane) for lane in broker.clusters()}
    except Exception:  # each broker has its own errors; the next sweep asks again
        log.exception("The broker does not answer")
        return
    ids = _ids(forgotten.exclude(lane__in=missing))  # by other settings, or from before there were lanes
    for lane, number in missing.items():
        ids += _ids(forgotten.filter(lane=lane))[: max(number, 0)]
    for job_id in ids:
        with _locked(forgotten.filter(pk=job_id)) as job:
            if job is None:
                continue
            model.objects.offered(job.pk)
            swept.offered += 1
            transaction.on_commit(lambda job=job: dispatch.enqueue(job))  # type: ignore[misc]


def _missing_tasks(lane: str) -> int:
    """How many more jobs wait in a lane than tasks."""
    jobs = sum(
        job_type.model.objects.filter(status=Status.PENDING, lane=lane).order_by().count() for job_type in all_types()
    )
    return jobs - broker.waiting(lane)


def _expired(model: type[AbstractJob], swept: Swept) -> None:
    """The file first, then the status: a file that cannot be deleted now is tried again by the next sweep."""
    for job_id in _ids(model.objects.expired()):
        with _locked(model.objects.expired().filter(pk=job_id)) as job:
            if job is not None and (job.result_file == "" or _is_shared(job) or discard(job.result_file)):
                swept.expired += model.objects.expire(job.pk)


def _is_shared(job: AbstractJob) -> bool:
    """Whether another job needs the file. Two sweeps that expire its last two jobs ask one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"file {job.result_file}"])
    shared: bool = reuse.holders_of_file(job).exists()
    return shared


def _leftovers(model: type[AbstractJob], swept: Swept) -> None:
    for job_id in _ids(model.objects.leftovers()):
        take_back(model, job_id)
        swept.cleaned += 1


def _orphans(swept: Swept) -> None:
    """Workdirs of attempts that nobody knows of any more: a day old, and of no claim that is held."""
    root = workdir_root()
    if not root.is_dir():
        return
    old = [folder for folder in root.iterdir() if _age(folder) > ORPHAN_AGE]
    if not old:
        return
    held = {
        str(token)
        for job_type in all_types()
        for token in job_type.model.objects.filter(status__in=CLAIMED).values_list("claim_token", flat=True)
    }
    for folder in old:
        if folder.name not in held:
            swept.orphans += _remove(folder)


def _remove(folder: Path) -> bool:
    """True where it was there."""
    was_there = folder.is_dir()
    shutil.rmtree(folder, ignore_errors=True)
    return was_there


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _ids(rows: QuerySet[AbstractJob]) -> list[uuid.UUID]:
    return list(rows.order_by().values_list("pk", flat=True)[:BATCH])
