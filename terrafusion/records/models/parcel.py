"""Parcels as the office works with them, and the history of their values."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex

from terrafusion.history.track import track
from terrafusion.records.models.county import County


@track(exclude=("geometry", "point", "updated_at"))
class PropertyOperational(models.Model):
    """A parcel: one row per parcel number of a county.

    Areas are in square feet, values in US dollars. ``geometry`` is the outline, ``point`` a point on its surface.
    """

    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="properties")
    parcel_number = models.CharField(max_length=40)

    situs_address = models.CharField(max_length=150, blank=True)
    situs_city = models.CharField(max_length=60, blank=True)
    situs_postal_code = models.CharField(max_length=10, blank=True)

    owner_name = models.CharField(max_length=150, blank=True)
    mailing_address = models.CharField(max_length=150, blank=True)
    mailing_city = models.CharField(max_length=60, blank=True)
    mailing_state = models.CharField(max_length=2, blank=True)
    mailing_postal_code = models.CharField(max_length=10, blank=True)

    property_class = models.CharField(max_length=40, blank=True)
    use_code = models.CharField(max_length=20, blank=True)
    use_description = models.CharField(max_length=100, blank=True)
    zoning = models.CharField(max_length=40, blank=True)
    neighborhood = models.CharField(max_length=40, blank=True)

    lot_area_sqft = models.FloatField(null=True, blank=True)
    living_area_sqft = models.FloatField(null=True, blank=True)
    year_built = models.PositiveSmallIntegerField(null=True, blank=True)
    effective_year_built = models.PositiveSmallIntegerField(null=True, blank=True)
    quality = models.CharField(max_length=20, blank=True)
    condition = models.CharField(max_length=20, blank=True)
    stories = models.FloatField(null=True, blank=True)
    bedrooms = models.PositiveSmallIntegerField(null=True, blank=True)
    bathrooms = models.FloatField(null=True, blank=True)

    land_value = models.BigIntegerField(null=True, blank=True)
    improvement_value = models.BigIntegerField(null=True, blank=True)
    total_value = models.BigIntegerField(null=True, blank=True)
    exemptions = models.BigIntegerField(null=True, blank=True)
    tax_year = models.PositiveSmallIntegerField(null=True, blank=True)

    geometry = models.MultiPolygonField(srid=4326, null=True, blank=True, spatial_index=False)
    point = models.PointField(srid=4326, null=True, blank=True, spatial_index=False)

    source = models.CharField(max_length=200, blank=True)
    as_of = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "property"
        verbose_name_plural = "properties"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["county", "parcel_number"], name="parcel_number_unique_in_county"),
        ]
        indexes = [
            GistIndex(fields=["geometry"], name="property_geometry"),  # areas of interest, map tiles
            GistIndex(fields=["point"], name="property_point"),  # nearest comparables
            models.Index(fields=["county", "id"], name="property_county_cursor"),  # cursor pagination
            models.Index(fields=["county", "updated_at"], name="property_county_changed"),  # when the layer changed
            models.Index(fields=["county", "neighborhood"], name="property_neighborhood"),
            models.Index(fields=["county", "use_code"], name="property_use"),
            models.Index(fields=["county", "zoning"], name="property_zoning"),
            models.Index(fields=["county", "property_class"], name="property_class"),
            models.Index(fields=["county", "total_value"], name="property_value"),
        ]

    def __str__(self) -> str:
        return f"{self.county_id} {self.parcel_number}"


@track()
class PropertyValueHistory(models.Model):
    """What a parcel was valued at, from a date on, in US dollars.

    Entries of loads, and certified ones beside them, which stand before loads of the same or an earlier tax year
    (``records.values``). A certified entry never changes: a correction or revocation marks it, and it counts nowhere.
    """

    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    property = models.ForeignKey(PropertyOperational, on_delete=models.CASCADE, related_name="value_history")
    tax_year = models.PositiveSmallIntegerField()
    effective_date = models.DateField()
    land_value = models.BigIntegerField(null=True, blank=True)
    improvement_value = models.BigIntegerField(null=True, blank=True)
    total_value = models.BigIntegerField(null=True, blank=True)
    exemptions = models.BigIntegerField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True)
    certified = models.BooleanField(
        default=False, db_default=False, help_text="Decided by the assessor; the database lets nobody change it."
    )
    decision = models.UUIDField(null=True, blank=True, help_text="The decision that certified or corrected it.")
    revoked_by = models.UUIDField(
        null=True, blank=True, help_text="The decision that revoked or corrected it. It counts nowhere since."
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "property value history"
        ordering = ["property", "-effective_date"]
        constraints = [
            models.UniqueConstraint(
                fields=["property", "tax_year", "effective_date"],
                condition=models.Q(certified=False),
                name="one_loaded_value_per_property_year_and_date",
            ),
            models.UniqueConstraint(
                fields=["property", "effective_date"],
                condition=models.Q(certified=True, revoked_by=None),
                name="one_standing_certified_value",
            ),
            models.CheckConstraint(
                condition=models.Q(certified=True, decision__isnull=False)
                | models.Q(certified=False, decision=None, revoked_by=None),
                name="certified_by_a_decision",
            ),
        ]
        indexes = [
            models.Index(fields=["county", "tax_year"], name="value_history_roll"),
            models.Index(fields=["property", "-effective_date", "-id"], name="value_history_newest"),
            # What parcels follow; a small part of all that was ever loaded.
            models.Index(
                fields=["county", "property", "-effective_date"],
                name="value_history_certified",
                condition=models.Q(certified=True, revoked_by=None),
            ),
            models.Index(
                fields=["revoked_by"], name="value_history_revoked", condition=models.Q(revoked_by__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.property_id} {self.tax_year}: {self.total_value}"


class RollValue(models.Model):
    """What the roll says of a parcel whose current figures are certified ones, for when those are revoked."""

    property = models.OneToOneField(
        PropertyOperational, on_delete=models.CASCADE, primary_key=True, related_name="roll_value"
    )
    land_value = models.BigIntegerField(null=True)
    improvement_value = models.BigIntegerField(null=True)
    total_value = models.BigIntegerField(null=True)
    tax_year = models.PositiveSmallIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.property_id}: {self.total_value}"
