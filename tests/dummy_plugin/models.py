"""A job with one typed column of its own, its effective parameters, and one column that its outcome fills."""

from __future__ import annotations

from django.db import models

from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.models.area import AREA_COLUMNS, AreaOfInterest
from terrafusion.jobs.models.listed import by


class DummyJob(AreaOfInterest, AbstractJob):
    class Flavour(models.TextChoices):
        PLAIN = "plain"
        SPICY = "spicy"

    flavour = models.CharField(max_length=10, choices=Flavour.choices)
    resolved = models.JSONField(default=dict)
    lines_written = models.PositiveIntegerField(null=True, blank=True)

    result_columns = frozenset({"lines_written"})
    unlisted_columns = AbstractJob.unlisted_columns | AREA_COLUMNS | {"resolved"}

    class Meta(AbstractJob.Meta):
        indexes = [*AbstractJob.Meta.indexes, *by("flavour", "type")]
