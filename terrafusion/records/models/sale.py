"""Sales of parcels."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex

from terrafusion.history.track import track
from terrafusion.records.models.county import County
from terrafusion.records.models.parcel import PropertyOperational


@track(exclude=("point", "updated_at"))
class Sale(models.Model):
    """A recorded transfer. ``sale_price`` is in US dollars.

    ``property`` is empty while the parcel number is not on the roll; ``point`` is where the parcel was at load time.
    """

    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="sales")
    sale_id = models.CharField(max_length=60)
    parcel_number = models.CharField(max_length=40)
    property = models.ForeignKey(
        PropertyOperational, on_delete=models.SET_NULL, null=True, blank=True, related_name="sales"
    )
    sale_date = models.DateField()
    sale_price = models.BigIntegerField()
    deed_code = models.CharField(max_length=20, blank=True)
    validity_code = models.CharField(max_length=20, blank=True)
    multi_parcel = models.BooleanField(default=False)
    point = models.PointField(srid=4326, null=True, blank=True, spatial_index=False)
    source = models.CharField(max_length=200, blank=True)
    as_of = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # A multi-parcel sale has a row for each of its parcels.
            models.UniqueConstraint(fields=["county", "sale_id", "parcel_number"], name="sale_unique_in_county"),
            models.CheckConstraint(condition=models.Q(sale_price__gte=0), name="sale_price_not_negative"),
        ]
        indexes = [
            GistIndex(fields=["point"], name="sale_point"),
            models.Index(fields=["county", "sale_date"], name="sale_county_date"),
            models.Index(fields=["county", "updated_at"], name="sale_county_changed"),
            models.Index(fields=["county", "parcel_number"], name="sale_parcel"),
            models.Index(fields=["county", "id"], name="sale_county_cursor"),
        ]

    def __str__(self) -> str:
        return f"{self.county_id} {self.sale_id}"
