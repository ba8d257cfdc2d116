"""Values of parcels: proposed by models, decided by people."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from django.apps import AppConfig

_START = 30.0
"""Seconds, on two processors: each run reads and evaluates the county's sales, however few parcels it values."""


class ValuationConfig(AppConfig):
    name = "valuation"
    verbose_name = "Valuation"

    def ready(self) -> None:
        from terrafusion.jobs.registry import JobType, register
        from terrafusion.records import settings_validators
        from valuation import assessment, feasible, land_shares, layers, methods, monotone
        from valuation.fingerprint import fingerprint
        from valuation.methods import builtin
        from valuation.models import ValuationJob

        builtin.register_all()

        register(
            JobType(
                model=ValuationJob,
                name="valuation",
                metric_prefix="valuation",
                type_field="valuation_method",
                type_values=methods.names,
                execute="valuation.jobs.execute",
                seconds=_seconds,
                fingerprint=fingerprint,
                feasible=feasible.faults,
                forget="valuation.retention.forget",
            )
        )
        for checks in (assessment, land_shares, monotone):
            settings_validators.register(checks.check)
        layers.register_all()


def _seconds(job: ValuationJob) -> float:
    """Who trains a model takes minutes, however few parcels are valued by it."""
    from valuation import methods

    method = methods.get(job.valuation_method)
    if method.trains and not job.resolved.get("model"):
        return inf
    return float(_START + job.estimated_parcels * method.seconds_per_parcel)


if TYPE_CHECKING:
    from valuation.models import ValuationJob
