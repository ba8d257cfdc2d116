"""What is to be run again and again."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from terrafusion.jobs.models.guarded import Guarded
from terrafusion.records.models import County


class Schedule(Guarded):
    """A request that is submitted as a job of its owner whenever it is time; any kind of job.

    ``next_run_at`` is when: NULL while the schedule is paused. It is written by ``schedules.clock`` only.
    """

    schedule_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Whose rights its jobs have.",
    )
    job_type = models.CharField(max_length=40, help_text="The JobType's name.")
    request = models.JSONField(help_text="The body of run.")
    cron = models.CharField(max_length=100)
    time_zone = models.CharField(max_length=64)
    keep_last = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Older results are deleted; empty: by time."
    )
    enabled = models.BooleanField(default=True)
    paused_because = models.CharField(max_length=300, blank=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    last_slot = models.DateTimeField(null=True, blank=True)
    last_event = models.TextField(blank=True, help_text="What became of the last slot.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: models.Manager[Any] = models.Manager()
    owner_id: int | None

    class Meta:
        ordering = ["-created_at", "-schedule_id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(enabled=True, next_run_at__isnull=False) | Q(enabled=False, next_run_at=None),
                name="jobs_schedule_enabled_iff_next_run",
            ),
        ]
        indexes = [
            models.Index(fields=["county", "-created_at", "-schedule_id"], name="schedule_county"),
            models.Index(fields=["next_run_at"], name="schedule_due", condition=Q(enabled=True)),
        ]

    def __str__(self) -> str:
        return self.name
