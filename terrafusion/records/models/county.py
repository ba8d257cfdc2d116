"""Counties, who may see them, and their settings."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from terrafusion.records import time_zones

_IN_PLACE = "In place of the county's setting of that name; empty: as the county has it."


class County(models.Model):
    """A county (or city) whose assessor runs on the platform."""

    id = models.CharField(
        primary_key=True,
        max_length=32,
        validators=[RegexValidator(r"^[A-Z0-9_]+$", "Use capital letters, digits and underscores.")],
        help_text="Short stable identifier, such as COUNTY01. It appears in file names and metrics.",
    )
    name = models.CharField(max_length=100)
    fips = models.CharField("FIPS", max_length=5, blank=True, help_text="Five-digit state and county code.")
    state = models.CharField(max_length=2, help_text="Two-letter postal code.")
    state_plane_srid = models.PositiveIntegerField(
        "State Plane SRID", help_text="EPSG code of the projected system that areas and distances are measured in."
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "counties"

    def __str__(self) -> str:
        return f"{self.name}, {self.state}"


class CountyAccess(models.Model):
    """A user's right to one county. Superusers need none."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer: reads records and results"
        ANALYST = "analyst", "Analyst: also submits jobs"
        MANAGER = "manager", "Manager: also reviews values, and cancels other people's jobs"
        ASSESSOR = "assessor", "Assessor: also certifies values"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="county_access")
    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="access")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    may_see_personal_data = models.BooleanField(
        default=False, help_text="Owner names and mailing addresses go out only to those who have this right."
    )
    max_records = models.PositiveBigIntegerField(null=True, blank=True, help_text=_IN_PLACE)
    max_bytes = models.PositiveBigIntegerField(null=True, blank=True, help_text=_IN_PLACE)
    max_records_per_day = models.PositiveBigIntegerField(null=True, blank=True, help_text=_IN_PLACE)
    max_bytes_per_day = models.PositiveBigIntegerField(null=True, blank=True, help_text=_IN_PLACE)

    class Meta:
        verbose_name_plural = "county access"
        constraints = [
            models.UniqueConstraint(fields=["user", "county"], name="one_access_per_user_and_county"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role} of {self.county_id}"


class CountySettings(models.Model):
    """What a county allows and prefers; applied to each request, where an explicit parameter wins over a default."""

    county = models.OneToOneField(County, on_delete=models.CASCADE, primary_key=True, related_name="settings")
    allowed_formats = models.JSONField(
        default=list,
        blank=True,
        help_text='Export formats that may be asked for, as ["GeoJSON", ...]; empty means all.',
    )
    default_crs = models.PositiveIntegerField(
        null=True, blank=True, help_text="EPSG code of exports that name no CRS; empty means the format's own."
    )
    default_parameters = models.JSONField(
        default=dict, blank=True, help_text="Export parameters used where a request does not give them."
    )
    max_records = models.PositiveBigIntegerField(null=True, blank=True, help_text="Most records in one export.")
    max_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, default=20_000_000_000, help_text="Most bytes of one export, as estimated."
    )
    max_records_per_day = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Most records that one user exports in 24 hours."
    )
    max_bytes_per_day = models.PositiveBigIntegerField(
        null=True, blank=True, default=100_000_000_000, help_text="Most bytes that one user exports in 24 hours."
    )
    format_limits = models.JSONField(
        default=dict,
        blank=True,
        help_text='Most of one export by format, as {"KML": {"max_records": 50000, "max_bytes": 200000000}}.',
    )
    max_area_vertices = models.PositiveIntegerField(
        default=20_000, help_text="Most vertices of an area of interest.", validators=[MinValueValidator(4)]
    )
    max_active_jobs = models.PositiveIntegerField(
        default=50, help_text="Most pending and running jobs of one user.", validators=[MinValueValidator(1)]
    )
    result_days = models.PositiveIntegerField(
        default=30, help_text="Days that a result file is kept.", validators=[MinValueValidator(1)]
    )
    sales_screening = models.JSONField(
        default=dict,
        blank=True,
        help_text='Rules that differ from the platform\'s, as {"valid_codes": ["1"], "min_price": 25000}.',
    )
    max_result_days = models.PositiveIntegerField(
        default=365,
        help_text="Most days that a request may have its result kept (expires_in).",
        validators=[MinValueValidator(1), MaxValueValidator(36_500)],
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        help_text="Of schedules, and of what day it is today, such as America/Los_Angeles.",
        validators=[time_zones.check],
    )
    value_rounding = models.PositiveIntegerField(
        default=100,
        help_text="Values are rounded to this many dollars.",
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
    )

    proposal_days = models.PositiveIntegerField(
        default=365,
        help_text="Days that the values of a run are kept which nobody decided about; decided ones are for ever.",
        validators=[MinValueValidator(1)],
    )

    class Meta:
        verbose_name_plural = "county settings"

    def __str__(self) -> str:
        return f"Settings of {self.county_id}"

    @classmethod
    def of(cls, county: County | str) -> CountySettings:
        """The county's own; where it has none, the defaults, which are not saved."""
        county_id = county if isinstance(county, str) else county.pk
        return cls.objects.filter(county=county_id).first() or cls(county_id=county_id)
