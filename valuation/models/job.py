"""The valuation job."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.gis.db import models

from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.models.area import AREA_COLUMNS, AreaOfInterest
from terrafusion.jobs.models.listed import by
from valuation import methods


class ValuationJob(AreaOfInterest, AbstractJob):
    """One run. ``scope`` and ``parameters`` are as submitted; ``resolved`` are the effective parameters."""

    valuation_method = models.CharField(max_length=20, choices=methods.choices)
    valuation_date = models.DateField(help_text="The day that the values are of; no later sale is seen.")
    scope = models.JSONField(help_text="Which parcels: all, parcels, an area of interest, or neighborhoods.")
    area_as_submitted = None  # it is in the scope
    resolved = models.JSONField(default=dict, help_text="The effective parameters.")
    estimated_parcels = models.PositiveIntegerField(default=0, help_text="Parcels of the scope, at submit.")

    parcels_valued = models.PositiveIntegerField(null=True, blank=True)
    parcels_refused = models.PositiveIntegerField(
        null=True, blank=True, help_text="Parcels of the scope that no value could be given."
    )
    parcels_flagged = models.PositiveIntegerField(null=True, blank=True, help_text="Values that come with a warning.")
    total_value = models.BigIntegerField(null=True, blank=True, help_text="US dollars.")
    median_ratio = models.FloatField(null=True, blank=True, help_text="Median ratio of holdout sales.")
    cod = models.FloatField("COD", null=True, blank=True, help_text="COD of holdout sales.")
    model = models.ForeignKey(
        "valuation.ValuationModel",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="runs",
        help_text="The trained model that was used.",
    )

    values_removed_at = models.DateTimeField(
        null=True, blank=True, help_text="When its values, which nobody had decided about, were removed for their age."
    )

    result_columns: ClassVar[frozenset[str]] = frozenset(
        {"parcels_valued", "parcels_refused", "parcels_flagged", "total_value", "median_ratio", "cod", "model"}
    )

    unlisted_columns: ClassVar[frozenset[str]] = AbstractJob.unlisted_columns | AREA_COLUMNS | {"resolved"}

    class Meta(AbstractJob.Meta):
        verbose_name = "valuation job"
        indexes = [*AbstractJob.Meta.indexes, *by("valuation_method", "type")]

    @property
    def method_name(self) -> str:
        """In a word or two, for sentences: ``mass appraisal``."""
        return methods.get(self.valuation_method).short
