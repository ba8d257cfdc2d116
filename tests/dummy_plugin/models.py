"""A job with one typed column of its own and one that its outcome fills."""

from __future__ import annotations

from django.db import models

from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.models.listed import by


class DummyJob(AbstractJob):
    class Flavour(models.TextChoices):
        PLAIN = "plain"
        SPICY = "spicy"

    flavour = models.CharField(max_length=10, choices=Flavour.choices)
    lines_written = models.PositiveIntegerField(null=True, blank=True)

    result_columns = frozenset({"lines_written"})

    class Meta(AbstractJob.Meta):
        indexes = [*AbstractJob.Meta.indexes, *by("flavour", "type")]
