"""The transitions of a job in the database. A status is written nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrafusion.jobs.models import AbstractJob

import uuid
from datetime import timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Now

from terrafusion.jobs.models.webhook import WebhookDelivery
from terrafusion.jobs.states import CLAIMED, Status


class JobQuerySet(models.QuerySet[Any]):
    """The transitions. Each is ONE conditional UPDATE with its from-state, and the claim token where a worker speaks,
    in the WHERE; False (or None) means that somebody else won and nothing has changed.

    All times are the database's, so that the clocks of several machines need not agree.
    """

    def _move(self, target: Status, **columns: Any) -> bool:
        return self.update(status=target, updated_at=Now(), **columns) == 1

    def _end(self, job_id: uuid.UUID, target: Status, **columns: Any) -> bool:
        """``_move`` that job to a status in which it has ended, with the message to its webhook, in one transaction."""
        with transaction.atomic():
            ended = self.filter(pk=job_id)._move(target, completed_at=Now(), **columns)
            if ended:
                WebhookDelivery.objects.add(self.model, job_id)
        return ended

    def claim(self, job_id: uuid.UUID, worker: str) -> uuid.UUID | None:
        """PENDING -> RUNNING. A fresh token, or None when the job cannot be claimed."""
        token = uuid.uuid4()
        won = self.filter(pk=job_id, status=Status.PENDING)._move(
            Status.RUNNING,
            claim_token=token,
            attempt=F("attempt") + 1,
            worker=worker,
            started_at=Now(),
            heartbeat_at=Now(),
            progress=0,
            message="The job is running.",
        )
        return token if won else None

    def held(self, job_id: uuid.UUID, token: uuid.UUID | None) -> Self:
        """The job, if the holder of ``token`` still has it."""
        return self.filter(pk=job_id, claim_token=token, status__in=CLAIMED)

    def heartbeat(self, job_id: uuid.UUID, token: uuid.UUID | None, **progress: Any) -> bool:
        """The worker lives; ``progress`` may give ``progress`` and ``message``. Moves no status."""
        return self.held(job_id, token).update(heartbeat_at=Now(), updated_at=Now(), **progress) == 1

    def announce(self, job_id: uuid.UUID, token: uuid.UUID | None, name: str) -> bool:
        """Note the name that is about to appear in storage, so that a crash cannot leave it there unknown."""
        return self.filter(pk=job_id, claim_token=token, status=Status.RUNNING).update(publishing_as=name) == 1

    def finish(self, job_id: uuid.UUID, token: uuid.UUID | None, **columns: Any) -> bool:
        """RUNNING -> COMPLETED, with the results."""
        return self.filter(claim_token=token, status=Status.RUNNING)._end(
            job_id, Status.COMPLETED, progress=100, error_code="", publishing_as="", **columns
        )

    def complete_at_once(self, job: AbstractJob, **columns: Any) -> None:
        """Insert an unsaved job as COMPLETED: its result was there before it was asked for."""
        for name, value in columns.items():
            setattr(job, name, value)
        job.status, job.progress, job.completed_at = Status.COMPLETED, 100, Now()
        with transaction.atomic():
            job.save(force_insert=True)
            WebhookDelivery.objects.add(self.model, job.pk)
        job.refresh_from_db()

    def fail(self, job_id: uuid.UUID, token: uuid.UUID | None, error_code: str, message: str) -> bool:
        """RUNNING -> FAILED."""
        return self.filter(claim_token=token, status=Status.RUNNING)._end(
            job_id, Status.FAILED, error_code=error_code, message=message
        )

    def cancelled(self, job_id: uuid.UUID, token: uuid.UUID | None) -> bool:
        """CANCELLING -> CANCELLED, by the worker that has stopped."""
        return self.filter(claim_token=token, status=Status.CANCELLING)._end(
            job_id, Status.CANCELLED, message="The job was cancelled."
        )

    def cancel_pending(self, job_id: uuid.UUID) -> bool:
        """PENDING -> CANCELLED: nobody has begun."""
        return self.filter(status=Status.PENDING)._end(
            job_id, Status.CANCELLED, cancel_requested_at=Now(), message="The job was cancelled before it began."
        )

    def request_cancel(self, job_id: uuid.UUID) -> bool:
        """RUNNING -> CANCELLING: its worker is to stop."""
        return self.filter(pk=job_id, status=Status.RUNNING)._move(
            Status.CANCELLING, cancel_requested_at=Now(), message="The job is being cancelled."
        )

    def lost(self, after: timedelta) -> Self:
        """Claimed jobs without a heartbeat for ``after``."""
        return self.filter(status__in=CLAIMED, heartbeat_at__lt=Now() - after)

    def release(self, job_id: uuid.UUID, token: uuid.UUID | None, max_attempts: int) -> bool:
        """RUNNING -> PENDING, when attempts are left: for the sweep, on ``lost`` jobs only."""
        return self.filter(pk=job_id, claim_token=token, status=Status.RUNNING, attempt__lt=max_attempts)._move(
            Status.PENDING,
            claim_token=None,
            worker="",
            progress=0,
            heartbeat_at=None,
            enqueued_at=Now(),
            publishing_as="",
            message="The worker was lost; the job will be tried again.",
        )

    def forgotten(self, after: timedelta) -> Self:
        """Pending jobs of which the broker was last notified ``after`` ago."""
        return self.filter(status=Status.PENDING, enqueued_at__lt=Now() - after)

    def offered(self, job_id: uuid.UUID) -> bool:
        """The broker is about to be notified of a pending job again. Moves no status."""
        return self.filter(pk=job_id, status=Status.PENDING).update(enqueued_at=Now()) == 1

    def settle_times(self) -> int:
        """Take times of the future, which a clock that was set back leaves, as now; returns of how many jobs.

        Else nobody would notice a worker that is gone, or a job that the broker has forgotten, before the clock is
        there again. Moves no status.
        """
        beating = self.filter(status__in=CLAIMED, heartbeat_at__gt=Now()).update(heartbeat_at=Now())
        return beating + self.filter(status=Status.PENDING, enqueued_at__gt=Now()).update(enqueued_at=Now())

    def leftovers(self) -> Self:
        """Ended jobs that may have left a file in storage without being completed."""
        return self.filter(status__in=(Status.FAILED, Status.CANCELLED)).exclude(publishing_as="")

    def cleaned(self, job_id: uuid.UUID) -> bool:
        """That file is gone. Moves no status."""
        return self.leftovers().filter(pk=job_id).update(publishing_as="") == 1

    def expired(self) -> Self:
        """Completed jobs whose time is up."""
        return self.filter(status=Status.COMPLETED, expires_at__lte=Now())

    def expire(self, job_id: uuid.UUID) -> bool:
        """COMPLETED -> EXPIRED. The caller deletes the file first, under the row's lock."""
        return (
            self.expired()
            .filter(pk=job_id)
            ._move(Status.EXPIRED, result_file="", message="The result has expired and its file was deleted.")
        )
