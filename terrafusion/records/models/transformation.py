"""By which operation each layer's coordinates were transformed, so that exports can take the same one back."""

from __future__ import annotations

from typing import Any

from django.db import models

from terrafusion.records.models.county import County


class LayerTransformation(models.Model):
    """Of one layer of a county that was loaded in one CRS of the EPSG registry. ``definition`` is the CRS with the
    operation as WKT, where the database would choose another operation by itself, else empty."""

    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="+")
    layer = models.CharField(max_length=40, help_text="As a request names it, such as parcels.")
    srid = models.PositiveIntegerField(help_text="EPSG code of the CRS that the file was in.")
    name = models.CharField(max_length=300, help_text="Of the operation, as the EPSG registry has it.")
    accuracy = models.FloatField(null=True, help_text="Meters on the ground; null where it is not known.")
    missing_grids = models.JSONField(default=list, help_text="Files that a more accurate operation would need.")
    definition = models.TextField(blank=True)

    class Meta:
        ordering = ["county", "layer", "srid"]
        constraints = [
            models.UniqueConstraint(fields=["county", "layer", "srid"], name="transformation_unique_of_layer"),
        ]

    def __str__(self) -> str:
        return f"{self.county_id} {self.layer} EPSG:{self.srid}"

    def described(self) -> dict[str, Any]:
        """As in reports and manifests."""
        return {"name": self.name, "accuracy": self.accuracy, "missing_grids": self.missing_grids}
