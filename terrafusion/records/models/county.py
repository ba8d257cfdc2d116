"""Counties, who may see them, and their settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from terrafusion.history.track import track
from terrafusion.records import places, state_plane, time_zones

_IN_PLACE = "In place of the county's setting of that name; empty: as the county has it."


@track()
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
    state = models.CharField(max_length=2, help_text="Two-letter postal code.", validators=[places.check_state])
    state_plane_srid = models.PositiveIntegerField(
        "State Plane SRID",
        blank=True,
        help_text="EPSG code of the State Plane zone that areas and distances are measured in; empty: the zone of the "
        "county of that name, by NAD83 in feet.",
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "counties"

    def __str__(self) -> str:
        return f"{self.name}, {self.state}"

    def clean(self) -> None:
        """Fills in the State Plane zone where it is empty; refuses what is none, or is another state's."""
        if self.state not in places.STATES:
            return  # the field's own validator has said so
        if self.state_plane_srid is None:
            self.state_plane_srid = state_plane.suggested(self.state, self.name)
            fault = "" if self.state_plane_srid else state_plane.choices(self.state)
        else:
            fault = state_plane.fault(self.state_plane_srid, self.state)
        if fault:
            raise ValidationError({"state_plane_srid": fault})


@track()
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


@track()
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
    assessment_classes = models.JSONField(
        default=dict,
        blank=True,
        help_text="By class (or its beginning and a star): the share of market value that its values are stated at, "
        'and the kind of property whose COD the IAAO\'s tables ask of it, as {"Residential": {"level": 0.35, "kind": '
        '"residential"}, "*": {"level": 0.35}}. Empty: market value, and the kind that the class is called after.',
    )
    monotone_characteristics = models.JSONField(
        default=dict,
        blank=True,
        help_text="Characteristics with which values may only rise (more never counts against a home) or only fall, as "
        '{"year_built": "rising", "living_area_sqft": "rising"}: no rate of an adjustment grid and no tree of a mass '
        "appraisal goes the other way.",
    )
    land_shares = models.JSONField(
        default=dict,
        blank=True,
        help_text="By class (or its beginning and a star): the land's share of a value, 0 to 1, where neither a land "
        "table nor sales show what the land is worth, "
        'as {"Residential": 0.3}. Empty: the share that sales of vacant land show.',
    )
    max_result_days = models.PositiveIntegerField(
        default=365,
        help_text="Most days that a request may have its result kept (expires_in).",
        validators=[MinValueValidator(1), MaxValueValidator(36_500)],
    )
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        help_text="Time zone of schedules and of today's date, such as America/Los_Angeles; empty for the state's.",
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
    revocation_days = models.PositiveIntegerField(
        default=30,
        help_text="Days that a decision about values can be revoked; a certification also until its effective date.",
        validators=[MaxValueValidator(3_650)],
    )
    separate_certifier = models.BooleanField(
        default=False, help_text="Values are certified by another person than the one who reviewed them."
    )
    access_log_days = models.PositiveIntegerField(
        default=2_555,
        help_text="Days that the record of access to personal data is kept, at least a year; 2,555 are seven years.",
        validators=[MinValueValidator(365), MaxValueValidator(36_500)],
    )

    class Meta:
        verbose_name_plural = "county settings"
        constraints = [
            # Nobody shortens the record of what they have just seen.
            models.CheckConstraint(condition=models.Q(access_log_days__gte=365), name="access_log_is_kept_a_year"),
        ]

    def __str__(self) -> str:
        return f"Settings of {self.county_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """An empty time zone becomes the one of most of the state."""
        self.time_zone = self.time_zone or places.time_zone(self._postal_code())
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if fault := self.time_zone_fault():
            raise ValidationError({"time_zone": fault})

    def time_zone_fault(self) -> str:
        """What is wrong with the time zone for a county of that state; empty where nothing is."""
        return places.time_zone_fault(self.time_zone, self._postal_code())

    @classmethod
    def of(cls, county: County | str) -> CountySettings:
        """The county's own; where it has none, the defaults, which are not saved."""
        county_id = county if isinstance(county, str) else county.pk
        if (settings := cls.objects.filter(county=county_id).first()) is not None:
            return settings
        own = cls(county_id=county_id) if isinstance(county, str) else cls(county=county)
        own.time_zone = places.time_zone(own._postal_code())
        return own

    def _postal_code(self) -> str:
        try:
            return self.county.state
        except County.DoesNotExist:
            return ""


SETTINGS = tuple(field.name for field in CountySettings._meta.concrete_fields if not field.primary_key)
"""The names of all settings: each has an editor in the admin and over REST, none is left out by a list of its own."""
