"""Report jobs; how a county's reports look; photographs of parcels."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.contrib.gis.db import models
from django.core.validators import FileExtensionValidator, RegexValidator

from terrafusion.history.track import track
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.models.area import AREA_COLUMNS, AreaOfInterest
from terrafusion.jobs.models.listed import by
from terrafusion.records.models import County, PropertyOperational


class ReportJob(AreaOfInterest, AbstractJob):
    """One report. ``parameters`` are those submitted; ``resolved`` the effective ones."""

    report_type = models.CharField(max_length=30)
    format = models.CharField(max_length=4)
    resolved = models.JSONField(default=dict, help_text="The effective parameters.")
    estimated_rows = models.PositiveBigIntegerField(default=0, help_text="Parcels that it is about, at submit.")

    pages = models.PositiveIntegerField(null=True, blank=True)

    result_columns: ClassVar[frozenset[str]] = frozenset({"pages"})

    unlisted_columns: ClassVar[frozenset[str]] = AbstractJob.unlisted_columns | AREA_COLUMNS | {"resolved"}

    class Meta(AbstractJob.Meta):
        verbose_name = "report job"
        indexes = [*AbstractJob.Meta.indexes, *by("report_type", "type")]


@track(exclude=("seal",))
class CountyBranding(models.Model):
    """How a county shows itself on its reports."""

    county = models.OneToOneField(County, on_delete=models.CASCADE, primary_key=True, related_name="branding")
    display_name = models.CharField(max_length=100, blank=True, help_text="Empty: the county's name and state.")
    office = models.CharField(max_length=100, blank=True, help_text="Such as Office of the Assessor.")
    address = models.TextField(blank=True, help_text="A line each; also the sender of letters.")
    footer = models.CharField(max_length=200, blank=True, help_text="At the foot of every page.")
    color = models.CharField(
        max_length=7,
        default="#1f4e79",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Give a color such as #1f4e79.")],
        help_text="Color of headings and lines.",
    )
    seal = models.BinaryField(blank=True, default=b"", help_text="A PNG or JPEG.")
    how_to_appeal = models.TextField(blank=True, help_text="Printed on every change of value notice.")

    class Meta:
        verbose_name_plural = "county branding"

    def __str__(self) -> str:
        return f"Branding of {self.county_id}"


@track(exclude=("updated_at",))
class ReportTemplate(models.Model):
    """Typst that overrides parts of the layout of a county's PDFs; see docs/operator/report-templates.md."""

    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="+")
    report_type = models.CharField(
        max_length=30, blank=True, help_text="Empty: all reports that have none of their own."
    )
    source = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["county", "report_type"], name="one_template_per_county_and_report"),
        ]

    def __str__(self) -> str:
        return f"{self.county_id} {self.report_type or 'all reports'}"


def _photo_name(photo: ParcelPhoto, filename: str) -> str:
    suffix = filename.rsplit(".", 1)[-1].lower()
    digest = hashlib.sha256(f"{photo.property_id} {filename}".encode()).hexdigest()[:16]
    return f"parcel_photos/{photo.county_id}/{photo.property_id}-{digest}.{suffix}"


class ParcelPhoto(models.Model):
    """A photograph of a parcel; a card shows the newest."""

    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="+")
    property = models.ForeignKey(PropertyOperational, on_delete=models.CASCADE, related_name="photos")
    file = models.FileField(upload_to=_photo_name, validators=[FileExtensionValidator(["jpg", "jpeg", "png"])])
    taken_on = models.DateField()
    caption = models.CharField(max_length=100, blank=True)

    property_id: int
    county_id: str

    class Meta:
        ordering = ["-taken_on", "-id"]
        indexes = [models.Index(fields=["property", "-taken_on", "-id"], name="photo_newest")]

    def __str__(self) -> str:
        return f"{self.property_id} {self.taken_on}"
