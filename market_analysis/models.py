"""The job, and what it found of each area."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField

from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.models.area import AREA_COLUMNS, AreaOfInterest
from terrafusion.jobs.models.listed import by
from terrafusion.records.models import County


class MarketAnalysisJob(AreaOfInterest, AbstractJob):
    """One analysis of a county's sales. ``parameters`` are those submitted; ``resolved`` are the effective ones."""

    analysis_type = models.CharField(max_length=30)
    geography = models.CharField(max_length=80, default="county")
    property_classes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    period_from = models.DateField(null=True, blank=True)
    period_to = models.DateField(null=True, blank=True)
    period_step = models.CharField(max_length=10, default="month")
    resolved = models.JSONField(default=dict, help_text="The effective parameters.")
    estimated_sales = models.PositiveBigIntegerField(default=0, help_text="By the planner's statistics, at submit.")

    sales_used = models.PositiveBigIntegerField(null=True, blank=True)

    result_columns: ClassVar[frozenset[str]] = frozenset({"sales_used"})

    unlisted_columns: ClassVar[frozenset[str]] = AbstractJob.unlisted_columns | AREA_COLUMNS | {"resolved"}

    class Meta(AbstractJob.Meta):
        verbose_name = "market analysis job"
        indexes = [
            *AbstractJob.Meta.indexes,
            *by("analysis_type", "type"),
            # The latest analysis of a kind, which the layers show.
            models.Index(
                fields=["county", "analysis_type", "-completed_at"],
                name="market_latest",
                condition=models.Q(status="COMPLETED"),
            ),
        ]


class MarketArea(models.Model):
    """One place of the geography of a completed job, with what the analysis found there.

    ``key`` is what the geography calls the place; ``values`` are the fields that ``catalogue`` lists for the type of
    analysis, null where they are withheld; ``sales`` is how many stand behind them.
    """

    job = models.ForeignKey(MarketAnalysisJob, on_delete=models.CASCADE, related_name="areas")
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)
    sales = models.PositiveIntegerField()
    withheld = models.CharField(max_length=200, blank=True, help_text="Why there is no figure.")
    values = models.JSONField(default=dict)
    geometry = models.MultiPolygonField(srid=4326, null=True, blank=True, spatial_index=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "key"], name="one_area_of_a_key_in_a_job")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.key}"
