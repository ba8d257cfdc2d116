"""Areas of interest that people upload as files, to be used in requests by their id."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.gis.db import models
from django.utils import timezone

from terrafusion.records.models.county import County
from terrafusion.types import AnyUser


def _expiry() -> datetime:
    return timezone.now() + timedelta(days=settings.AREA_DAYS)


class UploadedArea(models.Model):
    """The outline of an uploaded file, for its owner in one county until it expires. The file itself is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=150)
    file_format = models.CharField(max_length=20)
    file_bytes = models.PositiveBigIntegerField()
    file_sha256 = models.CharField(max_length=64)
    geometry = models.GeometryField(srid=4326, spatial_index=False, help_text="A valid Polygon or MultiPolygon.")
    vertices = models.PositiveIntegerField(help_text="Number of vertices in the file.")
    notes = models.JSONField(default=list, help_text="What was done to the file's shapes.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=_expiry)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="area_of_owner"),
            models.Index(fields=["expires_at"], name="area_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.county_id} {self.name}"

    @classmethod
    def of(cls, user: AnyUser) -> models.QuerySet[UploadedArea]:
        """The user's own that have not expired; whose counties the user may still see is asked elsewhere."""
        return cls.objects.filter(owner=user.pk, expires_at__gt=timezone.now())

    @classmethod
    def remove_expired(cls) -> int:
        """How many there were."""
        removed, _ = cls.objects.filter(expires_at__lte=timezone.now()).delete()
        return removed
