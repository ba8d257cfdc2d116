"""The canaries' timestamps."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Canary(models.Model):
    """When a worker of the cluster last recorded activity; written by ``canary.py``."""

    cluster = models.CharField(max_length=100, primary_key=True)
    recorded_at = models.DateTimeField(db_default=Now(), db_column="sung_at")

    class Meta:
        verbose_name_plural = "canaries"

    def __str__(self) -> str:
        return f"{self.cluster} {self.recorded_at}"
