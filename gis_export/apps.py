"""A county's layers, cut by an area of interest, written to files."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings

_RECORDS_PER_SECOND = 20_000


class GisExportConfig(AppConfig):
    name = "gis_export"
    verbose_name = "GIS export"

    def ready(self) -> None:
        from gis_export.admission import admit, renew
        from gis_export.fingerprint import fingerprint
        from gis_export.formats import registry
        from gis_export.models import ExportPart, GisExportJob
        from gis_export.prepare import needs
        from gis_export.settings_check import check_settings
        from terrafusion.jobs.registry import JobType, register
        from terrafusion.records import settings_validators

        register(
            JobType(
                model=GisExportJob,
                name="gis_export",
                metric_prefix="gis_export",
                type_field="export_format",
                type_values=registry.all_formats,
                execute="gis_export.jobs.execute",
                seconds=_seconds,
                fingerprint=fingerprint,
                renew=renew,
                admit=admit,
                needs=needs,
                warm_up="gis_export.client.writer",
            )
        )
        register(
            JobType(
                model=ExportPart,
                name="gis_export_part",
                metric_prefix="gis_export_part",
                type_field="export_format",
                type_values=registry.all_formats,
                execute="gis_export.parts.write.execute",
                seconds=lambda part: inf,
                internal=True,
            )
        )
        settings_validators.register(check_settings)


def _seconds(job: GisExportJob) -> float:
    """As the exports before it teach, but never quicker than a good machine; a job in parts waits for long workers."""
    if job.estimated_records > settings.EXPORT_PARTS_ABOVE:
        return inf
    return float(max(job.estimated_seconds or 0, job.estimated_records / _RECORDS_PER_SECOND))


if TYPE_CHECKING:
    from gis_export.models import GisExportJob
