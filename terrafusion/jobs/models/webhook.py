"""Messages to webhooks, and what they are signed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrafusion.jobs.models.job import AbstractJob

import json
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from terrafusion.jobs.registry import type_of
from terrafusion.records.models import County


class WebhookSecret(models.Model):
    """Of a user. The secret itself is not here: ``webhooks.secrets`` derives it from the salt and SECRET_KEY."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="webhook_secret"
    )
    salt = models.CharField(max_length=64, editable=False)
    previous_salt = models.CharField(max_length=64, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, help_text="Until when both sign.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    user_id: int

    def __str__(self) -> str:
        return f"Webhook secret of {self.user}"


class DeliveryStatus(models.TextChoices):
    WAITING = "WAITING", "Waiting: to be sent, or to be sent again"
    DELIVERED = "DELIVERED", "Delivered"
    GIVEN_UP = "GIVEN_UP", "Given up"


class DeliveryManager(models.Manager["WebhookDelivery"]):
    def add(self, job_model: type[AbstractJob], job_id: uuid.UUID) -> None:
        """Put the message of a job's end into the outbox, if it asked for one: in the transaction that ends the job."""
        wanted = job_model.objects.filter(pk=job_id, options__has_key="webhook")
        for job in wanted.only("county", "submitted_by", "options", "status", "error_code", "completed_at", "schedule"):
            name = type_of(job).name
            url = job.options["webhook"]
            self.create(
                owner_id=job.submitted_by_id,
                county_id=job.county_id,
                job_type=name,
                job_id=job_id,
                url=url,
                host=urlsplit(url).netloc,
                payload=json.dumps(_message(job, name, job.completed_at)),
            )


def _message(job: AbstractJob, name: str, completed_at: datetime) -> dict[str, Any]:
    """Thin on purpose: who receives it asks for the result with rights of their own."""
    return {
        "type": f"job.{job.status.lower()}",
        "timestamp": completed_at.isoformat(),
        "data": {
            "job_id": str(job.pk),
            "job_type": name,
            "county_id": job.county_id,
            "status": job.status,
            "error_code": job.error_code,
            "schedule_id": str(job.schedule_id) if job.schedule_id else None,
            "results": settings.SITE_URL + reverse(f"{name}:results", args=[job.pk]),
        },
    }


class WebhookDelivery(models.Model):
    """The outbox: one message to one address, until it is delivered or given up."""

    delivery_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    job_type = models.CharField(max_length=40)
    job_id = models.UUIDField()
    url = models.TextField()
    host = models.CharField(max_length=300, help_text="And port: what may be shown and logged of the address.")
    payload = models.TextField()
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status of the last try.")
    error_code = models.CharField(max_length=40, blank=True, help_text="Why the last try failed.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: DeliveryManager = DeliveryManager()
    owner_id: int | None
    county_id: str

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-created_at", "-delivery_id"]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="webhook_due", condition=Q(status=DeliveryStatus.WAITING)),
            models.Index(fields=["county", "-created_at", "-delivery_id"], name="webhook_county"),
            models.Index(fields=["owner", "-created_at", "-delivery_id"], name="webhook_owner"),
            models.Index(fields=["job_id"], name="webhook_job"),
            models.Index(fields=["ended_at"], name="webhook_ended", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.job_type} {self.job_id} to {self.host}: {self.status}"
