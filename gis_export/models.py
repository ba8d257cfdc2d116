"""The export job."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField

from gis_export.plan import joined_names
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.models.area import AREA_COLUMNS, AreaOfInterest
from terrafusion.jobs.models.listed import by
from terrafusion.jobs.rights import Needs
from terrafusion.records import county_time

if TYPE_CHECKING:
    from gis_export.request import ExportRequest


class GisExportJob(AreaOfInterest, AbstractJob):
    """One export. ``parameters`` are those submitted; ``resolved`` the effective ones, with the county's defaults."""

    export_format = models.CharField(max_length=20)
    layers = ArrayField(models.CharField(max_length=40))
    resolved = models.JSONField(default=dict, help_text="The effective parameters.")
    estimated_records = models.PositiveBigIntegerField(
        default=0, help_text="As was expected at submit: counted, or the planner's guess where they are very many."
    )

    estimated_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="From earlier exports, at submit."
    )
    estimated_seconds = models.FloatField(null=True, blank=True, help_text="As was expected at submit.")

    record_count = models.PositiveBigIntegerField(null=True, blank=True)

    checked_request: ExportRequest | None = None
    """Of an unsaved job, what it was made of, so that nothing is computed again. No column: None once it is read."""

    result_columns: ClassVar[frozenset[str]] = frozenset({"record_count"})
    unlisted_columns: ClassVar[frozenset[str]] = (
        AbstractJob.unlisted_columns
        | AREA_COLUMNS
        | {"record_count", "estimated_records", "estimated_bytes", "estimated_seconds"}
    )

    class Meta(AbstractJob.Meta):
        verbose_name = "GIS export job"
        indexes = [
            *AbstractJob.Meta.indexes,
            *by("export_format", "type"),
            # What an estimate learns from: the newest finished exports of a format.
            models.Index(
                fields=["export_format", "-completed_at"],
                name="export_history",
                condition=models.Q(record_count__gt=0),
            ),
        ]

    @property
    def download_name(self) -> str:
        """County, layers, and the day of the export by the county's own clocks: ``KING_parcels_2026-11-29.gpkg``."""
        if self.completed_at is None:
            return super().download_name
        day = self.completed_at.astimezone(county_time.zone(self.county_id)).date()
        suffix = PurePosixPath(self.result_file).suffix
        return f"{self.county_id}_{joined_names(self.layers)}_{day.isoformat()}{suffix}"

    @property
    def filters_personal(self) -> bool:
        """Whether its conditions are on personal data: they name people, and what it finds is about them."""
        return "filters_personal" in self.resolved

    def needs(self) -> Needs:
        return super().needs() | Needs(personal=self.filters_personal)


class ExportPart(AbstractJob):
    """A part of a large export, which any worker may write; see ``gis_export.parts``. Its file is the coordinator's."""

    parent = models.ForeignKey(GisExportJob, on_delete=models.CASCADE, related_name="parts")
    parent_token = models.UUIDField(help_text="Claim token of the attempt that waits for the part.")
    export_format = models.CharField(max_length=20)
    layer = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    first_key = models.BigIntegerField(null=True, blank=True)
    before_key = models.BigIntegerField(null=True, blank=True)
    expected_records = models.PositiveBigIntegerField()
    snapshot = models.CharField(max_length=40, help_text="That the coordinator holds.")
    personal = models.BooleanField(help_text="Whether the export may have personal data.")
    effective_inputs = models.JSONField(
        default=dict, db_column="in_force", help_text="The effective inputs of its export: the day and the rules."
    )

    record_count = models.PositiveBigIntegerField(null=True, blank=True)

    result_columns: ClassVar[frozenset[str]] = frozenset({"record_count"})

    class Meta(AbstractJob.Meta):
        verbose_name = "part of an export"
        verbose_name_plural = "parts of exports"
        indexes = [*AbstractJob.Meta.indexes, *by("export_format", "type")]

    def needs(self) -> Needs:
        return super().needs() | Needs(personal=self.personal)
