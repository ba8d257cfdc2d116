"""The columns of every job.

``AbstractJob`` is abstract: with a concrete parent Django turns ``filter(status=...).update(...)`` into a SELECT and an
UPDATE without the status test, so that two workers can both claim (docs/adr/0001-abstract-job.md).
"""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from terrafusion.jobs.models.guarded import Guarded
from terrafusion.jobs.models.listed import by
from terrafusion.jobs.queryset import JobQuerySet
from terrafusion.jobs.states import ACTIVE, CLAIMED, FINISHED, Status
from terrafusion.records.models import County


def _is(*statuses: Status) -> Q:
    return Q(status__in=[status.value for status in statuses])


class AbstractJob(Guarded):
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
    enqueued_at = models.DateTimeField(
        db_default=Now(),
        editable=False,
        help_text="When the job was last offered to the broker.",
    )
    lane = models.CharField(
        max_length=100, blank=True, default="", db_default="", editable=False, help_text="Where it waits for a worker."
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    idempotency_key = models.CharField(max_length=255, blank=True)
    request_digest = models.CharField(
        max_length=64,
        blank=True,
        help_text="SHA-256 of the request, by which a retry is known from another request.",
    )
    rerun_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    schedule = models.ForeignKey(
        "jobs.Schedule", on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    options = models.JSONField(
        default=dict, blank=True, help_text="Those of the submitted parameters that the lifecycle sees to."
    )

    origin = models.JSONField(
        default=dict, db_default={}, blank=True, editable=False, help_text="Ids of the web request that submitted it."
    )

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the last attempt began.")
    completed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the result file is deleted.")

    result_file = models.CharField(max_length=500, blank=True, help_text="Name in media storage.")
    result_file_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    result_file_sha256 = models.CharField(max_length=64, blank=True)
    result_members = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="The files that the result file holds, if several: name, media_type, size, sha256, offset.",
    )
    result_summary = models.JSONField(default=dict, blank=True)
    fingerprint = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Fingerprint of all that the result depends on; see reuse.py.",
    )
    reused_from = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="The job that made the file, where another did.",
    )
    publishing_as = models.CharField(
        max_length=500, blank=True, editable=False, help_text="Name that an attempt may have put into storage."
    )

    county_id: str
    submitted_by_id: int | None
    rerun_of_id: uuid.UUID | None
    reused_from_id: uuid.UUID | None
    schedule_id: uuid.UUID | None

    result_columns: ClassVar[frozenset[str]] = frozenset()
    """The plugin's own columns that ``Outcome.columns`` fills; a rerun does not copy them."""

    unlisted_columns: ClassVar[frozenset[str]] = frozenset(
        {
            *("claim_token", "worker", "heartbeat_at", "enqueued_at", "lane", "cancel_requested_at"),
            *("idempotency_key", "request_digest", "fingerprint", "publishing_as"),
            *("result_file_bytes", "result_file_sha256", "result_members", "result_summary"),
        }
    )
    """What the status object does not show, so that a status request and a list do not read it. A plugin adds those of
    its own columns; one that is shown all the same costs a query of its own for each row."""

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
            # How many jobs have a status is read from the first of these alone, however wide the rows are.
            *by("status", "status"),
            *by("error_code", "error", condition=~Q(error_code="")),
            # What the sweep reads every few seconds, and each user's limit: small, however many jobs have ended.
            models.Index(fields=["status", "heartbeat_at"], name="%(class)s_active", condition=_is(*ACTIVE)),
            # Whose turn it is (turns.py) is read from this index alone.
            models.Index(
                fields=["lane", "county", "submitted_by", "created_at", "job_id"],
                name="%(class)s_turn",
                condition=_is(Status.PENDING),
            ),
            models.Index(fields=["expires_at"], name="%(class)s_expiry", condition=_is(Status.COMPLETED)),
            models.Index(fields=["job_id"], name="%(class)s_leftover", condition=~Q(publishing_as="")),
            models.Index(
                fields=["fingerprint"], name="%(class)s_reuse", condition=_is(Status.COMPLETED) & ~Q(fingerprint="")
            ),
            models.Index(
                fields=["schedule", "-completed_at", "-job_id"],
                name="%(class)s_schedule",
                condition=Q(schedule__isnull=False),
            ),
        ]

    @property
    def download_name(self) -> str:
        """Of the result file, as whoever downloads it saves it."""
        return PurePosixPath(self.result_file).name

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.job_id} {self.status}"
