"""Reports of a county's records and of what was computed from them."""

from collections.abc import Collection
from typing import Any

from django.apps import AppConfig

_LONG_ROWS = 2_000


class ReportingConfig(AppConfig):
    name = "reporting"

    def ready(self) -> None:
        from reporting.models import ReportJob
        from terrafusion.jobs.registry import JobType, register

        register(
            JobType(
                model=ReportJob,
                name="reporting",
                metric_prefix="report",
                type_field="report_type",
                type_values=_types,
                execute="reporting.jobs.execute",
                is_long=_is_long,
                fingerprint=_fingerprint,
            )
        )


# The builders of reports bring pandas and scipy: 100 MB that a process which makes no report need not hold.


def _types() -> Collection[str]:
    from reporting.reports import registry

    return registry.names()


def _fingerprint(job: Any) -> str:
    from reporting.fingerprint import fingerprint

    return fingerprint(job)


def _is_long(job: Any) -> bool:
    """A county's cards, or a report that runs a valuation first, must not hold up one parcel's."""
    return bool(job.estimated_rows > _LONG_ROWS or isinstance(job.resolved.get("valuation_job"), dict))
