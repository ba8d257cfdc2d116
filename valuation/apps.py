"""Values of parcels: proposed by models, decided by people."""

from math import inf
from typing import Any

from django.apps import AppConfig

_START = 30.0
_PER_PARCEL = {"sales_comparison": 0.01, "mass_appraisal": 0.005, "reconciled": 0.02, "cost": 0.002, "income": 0.002}
"""Seconds, on two processors. Each run reads and judges the county's sales, however few parcels it values."""


class ValuationConfig(AppConfig):
    name = "valuation"
    verbose_name = "Valuation"

    def ready(self) -> None:
        from terrafusion.jobs.registry import JobType, register
        from terrafusion.records import settings_validators
        from valuation import assessment, feasible, land_shares, layers, monotone
        from valuation.fingerprint import fingerprint
        from valuation.models import Method, ValuationJob

        register(
            JobType(
                model=ValuationJob,
                name="valuation",
                metric_prefix="valuation",
                type_field="valuation_method",
                type_values=lambda: Method.values,
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


def _seconds(job: Any) -> float:
    """Who trains a model takes minutes, however few parcels are valued by it."""
    if job.valuation_method in ("mass_appraisal", "reconciled") and not job.resolved.get("model"):
        return inf
    return float(_START + job.estimated_parcels * _PER_PARCEL.get(job.valuation_method, 0.0))
