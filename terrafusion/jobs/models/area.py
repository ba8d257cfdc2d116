"""The area of interest of a job, as columns; ``terrafusion.areas.storage`` writes and reads them."""

from __future__ import annotations

from django.contrib.gis.db import models

AREA_COLUMNS = frozenset({"area_of_interest", "area_shapes", "area_parts"})
"""What lists of jobs need not read."""


class AreaOfInterest(models.Model):
    area_as_submitted = models.JSONField(null=True, blank=True)
    area_of_interest = models.GeometryField(srid=4326, null=True, blank=True, spatial_index=False)
    area_shapes = models.GeometryCollectionField(
        srid=4326, null=True, blank=True, spatial_index=False, help_text="What distances are measured from."
    )
    area_parts = models.JSONField(null=True, blank=True, help_text="What each of area_shapes is.")

    class Meta:
        abstract = True
