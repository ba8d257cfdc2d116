"""The columns of every job and its transitions; and the canaries' timestamps.

``AbstractJob`` is abstract: with a concrete parent Django turns ``filter(status=...).update(...)`` into a SELECT and an
UPDATE without the status test, so that two workers can both claim (docs/adr/0001-abstract-job.md).
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from terrafusion.jobs.states import ACTIVE, CLAIMED, FINISHED, Status
from terrafusion.records.models import County


class JobQuerySet(models.QuerySet["AbstractJob"]):
    """The transitions. Each is ONE conditional UPDATE with its from-state, and the claim token where a worker speaks,
    in the WHERE; False (or None) means that somebody else won and nothing has changed.

    All times are the database's, so that the clocks of several machines need not agree.
    """

    def _move(self, target: Status, **columns: Any) -> bool:
        return self.update(status=target, updated_at=Now(), **columns) == 1

    def claim(self, job_id: uuid.UUID, worker: str) -> uuid.UUID | None:
        """PENDING -> RUNNING. A fresh token, or None when the job is not to be had."""
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

    def held(self, job_id: uuid.UUID, token: uuid.UUID) -> Self:
        """The job, if the holder of ``token`` still has it."""
        return self.filter(pk=job_id, claim_token=token, status__in=CLAIMED)

    def heartbeat(self, job_id: uuid.UUID, token: uuid.UUID, **progress: Any) -> bool:
        """The worker lives; ``progress`` may give ``progress`` and ``message``. Moves no status."""
        return self.held(job_id, token).update(heartbeat_at=Now(), updated_at=Now(), **progress) == 1

    def announce(self, job_id: uuid.UUID, token: uuid.UUID, name: str) -> bool:
        """Note the name that is about to appear in storage, so that a crash cannot leave it there unknown."""
        return self.filter(pk=job_id, claim_token=token, status=Status.RUNNING).update(publishing_as=name) == 1

    def finish(self, job_id: uuid.UUID, token: uuid.UUID, **columns: Any) -> bool:
        """RUNNING -> COMPLETED, with the results."""
        return self.filter(pk=job_id, claim_token=token, status=Status.RUNNING)._move(
            Status.COMPLETED, completed_at=Now(), progress=100, error_code="", publishing_as="", **columns
        )

    def fail(self, job_id: uuid.UUID, token: uuid.UUID, error_code: str, message: str) -> bool:
        """RUNNING -> FAILED."""
        return self.filter(pk=job_id, claim_token=token, status=Status.RUNNING)._move(
            Status.FAILED, completed_at=Now(), error_code=error_code, message=message, publishing_as=""
        )

    def cancelled(self, job_id: uuid.UUID, token: uuid.UUID) -> bool:
        """CANCELLING -> CANCELLED, by the worker that has stopped."""
        return self.filter(pk=job_id, claim_token=token, status=Status.CANCELLING)._move(
            Status.CANCELLED, completed_at=Now(), message="The job was cancelled.", publishing_as=""
        )

    def cancel_pending(self, job_id: uuid.UUID) -> bool:
        """PENDING -> CANCELLED: nobody has begun."""
        return self.filter(pk=job_id, status=Status.PENDING)._move(
            Status.CANCELLED,
            completed_at=Now(),
            cancel_requested_at=Now(),
            message="The job was cancelled before it began.",
        )

    def request_cancel(self, job_id: uuid.UUID) -> bool:
        """RUNNING -> CANCELLING: its worker is to stop."""
        return self.filter(pk=job_id, status=Status.RUNNING)._move(
            Status.CANCELLING, cancel_requested_at=Now(), message="The job is being cancelled."
        )

    def lost(self, after: timedelta) -> Self:
        """Claimed jobs without a heartbeat for ``after``."""
        return self.filter(status__in=CLAIMED, heartbeat_at__lt=Now() - after)

    def release_lost(self, job_id: uuid.UUID, token: uuid.UUID, after: timedelta, max_attempts: int) -> bool:
        """RUNNING -> PENDING, when the heartbeat is lost and attempts are left."""
        return (
            self.lost(after)
            .filter(pk=job_id, claim_token=token, status=Status.RUNNING, attempt__lt=max_attempts)
            ._move(
                Status.PENDING,
                claim_token=None,
                worker="",
                progress=0,
                heartbeat_at=None,
                enqueued_at=Now(),
                publishing_as="",
                message="The worker was lost; the job will be tried again.",
            )
        )

    def fail_lost(self, job_id: uuid.UUID, token: uuid.UUID, after: timedelta, error_code: str, message: str) -> bool:
        """RUNNING -> FAILED, when the heartbeat is lost."""
        return (
            self.lost(after)
            .filter(pk=job_id, claim_token=token, status=Status.RUNNING)
            ._move(Status.FAILED, completed_at=Now(), error_code=error_code, message=message, publishing_as="")
        )

    def cancel_lost(self, job_id: uuid.UUID, token: uuid.UUID, after: timedelta) -> bool:
        """CANCELLING -> CANCELLED, when the worker that should stop is gone."""
        return (
            self.lost(after)
            .filter(pk=job_id, claim_token=token, status=Status.CANCELLING)
            ._move(Status.CANCELLED, completed_at=Now(), message="The job was cancelled.", publishing_as="")
        )

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


def _is(*statuses: Status) -> Q:
    return Q(status__in=[status.value for status in statuses])


class AbstractJob(models.Model):
    """One request of a user and what came of it. ``status`` is written by ``JobQuerySet`` only."""

    job_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING, editable=False)
    message = models.TextField(blank=True, default="The job is accepted and queued.")
    error_code = models.CharField(max_length=40, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent.")

    attempt = models.PositiveSmallIntegerField(default=0, help_text="How many times a worker has claimed the job.")
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    worker = models.CharField(max_length=120, blank=True, help_text="host:pid of the process that has or had the job.")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    enqueued_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When the broker was last told.")
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    idempotency_key = models.CharField(max_length=255, blank=True)
    request_digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the request, to tell a retry from another request."
    )
    rerun_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the last attempt began.")
    completed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the result file is deleted.")

    result_file = models.CharField(max_length=500, blank=True, help_text="Name in media storage.")
    result_file_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    result_file_sha256 = models.CharField(max_length=64, blank=True)
    result_summary = models.JSONField(default=dict, blank=True)
    publishing_as = models.CharField(max_length=500, blank=True, editable=False)

    county_id: str
    submitted_by_id: int | None
    rerun_of_id: uuid.UUID | None

    result_columns: ClassVar[frozenset[str]] = frozenset()
    """The plugin's own columns that ``Outcome.columns`` fills; a rerun does not copy them."""

    objects: ClassVar[Any] = JobQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-created_at", "-job_id"]
        constraints = [
            models.CheckConstraint(condition=_is(*Status), name="%(app_label)s_%(class)s_known_status"),
            models.CheckConstraint(
                condition=(_is(*FINISHED) & Q(completed_at__isnull=False)) | (_is(*ACTIVE) & Q(completed_at=None)),
                name="%(app_label)s_%(class)s_finished_iff_completed_at",
            ),
            models.CheckConstraint(
                condition=~_is(*CLAIMED) | Q(claim_token__isnull=False, heartbeat_at__isnull=False),
                name="%(app_label)s_%(class)s_claimed_has_token",
            ),
            models.CheckConstraint(
                condition=Q(result_file="") | _is(Status.COMPLETED), name="%(app_label)s_%(class)s_file_iff_completed"
            ),
            # A retried POST must find the first job, also when both arrive at once.
            models.UniqueConstraint(
                fields=["submitted_by", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="%(app_label)s_%(class)s_idempotency",
            ),
        ]
        indexes = [
            models.Index(fields=["county", "-created_at", "-job_id"], name="%(class)s_county"),  # a county's list
            models.Index(fields=["-created_at", "-job_id"], name="%(class)s_created"),  # the list of all counties
            # What the sweep reads every few seconds, and each user's limit: small, however many jobs have ended.
            models.Index(fields=["status", "heartbeat_at"], name="%(class)s_active", condition=_is(*ACTIVE)),
            models.Index(fields=["expires_at"], name="%(class)s_expiry", condition=_is(Status.COMPLETED)),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.job_id} {self.status}"


class Canary(models.Model):
    """When a worker of the cluster last sang; kept by ``canary.py``."""

    cluster = models.CharField(max_length=100, primary_key=True)
    sung_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "canaries"

    def __str__(self) -> str:
        return f"{self.cluster} {self.sung_at}"
