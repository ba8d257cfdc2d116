"""Values of parcels: proposed by models, decided by people."""

from typing import Any

from django.apps import AppConfig

_LONG_PARCELS = 2_000


class ValuationConfig(AppConfig):
    name = "valuation"
    verbose_name = "Valuation"

    def ready(self) -> None:
        from terrafusion.jobs.registry import JobType, register
        from valuation import layers
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
                is_long=_is_long,
                fingerprint=fingerprint,
                forget="valuation.retention.forget",
            )
        )
        layers.register_all()


def _is_long(job: Any) -> bool:
    """Whoever trains a model or values a county must not hold up a small run."""
    trains = job.valuation_method in ("mass_appraisal", "reconciled") and not job.resolved.get("model")
    return bool(trains or job.estimated_parcels > _LONG_PARCELS)
