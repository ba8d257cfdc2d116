"""Any layer that a county has besides parcels and sales: zoning, flood zones, taxing districts, roads."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.core.validators import RegexValidator

from terrafusion.records.models.county import County


class ReferenceLayer(models.Model):
    """A named layer. ``field_schema`` is a list of ``{"name", "type", "width", "description", "personal"}``, in the
    order of the source, with ``type`` one of ``text integer real boolean date datetime``."""

    class GeometryType(models.TextChoices):
        POINT = "MultiPoint"
        LINE = "MultiLineString"
        POLYGON = "MultiPolygon"

    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="reference_layers")
    name = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Use small letters, digits and underscores.")],
        help_text="As a request names it, such as zoning.",
    )
    title = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    geometry_type = models.CharField(max_length=20, choices=GeometryType.choices)
    field_schema = models.JSONField(default=list)
    source = models.CharField(max_length=200, blank=True)
    as_of = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["county", "name"]
        constraints = [
            models.UniqueConstraint(fields=["county", "name"], name="layer_name_unique_in_county"),
        ]

    def __str__(self) -> str:
        return f"{self.county_id} {self.name}"


class ReferenceFeature(models.Model):
    """One feature of a reference layer; ``feature_key`` is unique within it."""

    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="+")
    layer = models.ForeignKey(ReferenceLayer, on_delete=models.CASCADE, related_name="features")
    feature_key = models.CharField(max_length=100)
    attributes = models.JSONField(default=dict)
    geometry = models.GeometryField(srid=4326, null=True, blank=True, spatial_index=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["layer", "feature_key"], name="feature_key_unique_in_layer"),
        ]
        indexes = [
            GistIndex(fields=["geometry"], name="reference_geometry"),
            GinIndex(fields=["attributes"], name="reference_attributes"),
            models.Index(fields=["layer", "id"], name="reference_layer_cursor"),
        ]

    def __str__(self) -> str:
        return f"{self.layer_id} {self.feature_key}"
