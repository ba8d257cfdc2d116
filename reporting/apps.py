"""Reports of a county's records and of what was computed from them."""

from typing import Any

from django.apps import AppConfig

_LONG_ROWS = 2_000


class ReportingConfig(AppConfig):
    name = "reporting"

    def ready(self) -> None:
        from reporting.fingerprint import fingerprint
        from reporting.models import ReportJob
        from reporting.reports import registry
        from terrafusion.jobs.registry import JobType, register

        register(
            JobType(
                model=ReportJob,
                name="reporting",
                metric_prefix="report",
                type_field="report_type",
                type_values=registry.names,
                execute="reporting.jobs.execute",
                is_long=_is_long,
                fingerprint=fingerprint,
            )
        )


def _is_long(job: Any) -> bool:
    """A county's cards must not hold up one parcel's."""
    return bool(job.estimated_rows > _LONG_ROWS)
