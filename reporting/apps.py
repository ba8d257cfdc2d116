"""Reports of a county's records and of what was computed from them."""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from typing import TYPE_CHECKING

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"

    def ready(self) -> None:
        from reporting.document import labels
        from reporting.models import ReportJob
        from terrafusion.jobs.registry import JobType, register
        from valuation import methods

        labels.add_source(methods.label_of)

        register(
            JobType(
                model=ReportJob,
                name="reporting",
                metric_prefix="report",
                type_field="report_type",
                type_values=_types,
                execute="reporting.jobs.execute",
                seconds=_seconds,
                fingerprint=_fingerprint,
                renew=_renew,
                needs=_needs,
            )
        )


# The builders of reports bring pandas and scipy: 100 MB that a process which makes no report need not hold.


def _types() -> Collection[str]:
    from reporting.reports import registry

    return registry.names()


def _fingerprint(job: ReportJob) -> str:
    from reporting.fingerprint import fingerprint

    return fingerprint(job)


def _renew(job: ReportJob) -> None:
    from reporting.request import renew

    renew(job)


def _needs(job: ReportJob) -> Needs:
    from reporting.request import needs

    return needs(job)


def _seconds(job: ReportJob) -> float:
    """A report that runs a valuation first takes as long as that; the others by the rows or sections that they have."""
    from reporting.reports import registry

    if isinstance(job.resolved.get("valuation_job"), dict):
        return inf
    report = registry.ALL[job.report_type]
    return float(report.start_seconds + job.estimated_rows * report.row_seconds)


if TYPE_CHECKING:
    from reporting.models import ReportJob
    from terrafusion.jobs.rights import Needs
