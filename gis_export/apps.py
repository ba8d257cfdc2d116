"""A county's layers, cut by an area of interest, written to files."""

from typing import Any

from django.apps import AppConfig

_LONG_RECORDS = 100_000


class GisExportConfig(AppConfig):
    name = "gis_export"
    verbose_name = "GIS export"

    def ready(self) -> None:
        from gis_export.admission import admit, renew
        from gis_export.fingerprint import fingerprint
        from gis_export.formats import registry
        from gis_export.models import ExportPart, GisExportJob
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
                is_long=_is_long,
                fingerprint=fingerprint,
                renew=renew,
                admit=admit,
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
                is_long=lambda part: True,
                internal=True,
            )
        )
        settings_validators.register(check_settings)


def _is_long(job: Any) -> bool:
    """A county-wide export must not hold up a small one."""
    return bool(job.estimated_records > _LONG_RECORDS)
