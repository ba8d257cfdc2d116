"""Trained models, kept so that a later run can use one again and anybody can see what it was made of."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from terrafusion.records.models import County


class ValuationModel(models.Model):
    """A trained model of a county. The bytes lie in the table, so that model and values are committed together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(
        "valuation.ValuationJob", on_delete=models.PROTECT, related_name="trained", help_text="The run that trained it."
    )
    method = models.CharField(max_length=20)
    valuation_date = models.DateField(help_text="No sale after this day was seen.")
    sales = models.PositiveIntegerField(help_text="Screened sales that it was trained on.")
    seed = models.PositiveIntegerField()
    features = models.JSONField(help_text="The characteristics that it uses.")
    metrics = models.JSONField(help_text="Its performance on holdout sales.")
    parameters = models.JSONField()
    card = models.JSONField(default=dict, help_text="The model card.")
    software = models.JSONField(help_text="Versions that can change a value.")
    data_version = models.CharField(
        max_length=32, help_text="Version of the parcels and sales; changes with any of them."
    )
    data_as_of = models.DateTimeField(help_text="When the sales were read.")
    artefact = models.BinaryField()
    artefact_sha256 = models.CharField(max_length=64)
    artefact_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "valuation model"
        indexes = [models.Index(fields=["county", "-created_at", "-id"], name="model_county")]

    def __str__(self) -> str:
        return f"{self.county_id} {self.method} {self.valuation_date}"
