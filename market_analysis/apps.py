"""What sales tell of a county's market."""

from typing import Any

from django.apps import AppConfig

_LONG_SALES = 100_000


class MarketAnalysisConfig(AppConfig):
    name = "market_analysis"
    verbose_name = "Market analysis"

    def ready(self) -> None:
        from market_analysis import layers
        from market_analysis.catalogue import ANALYSES
        from market_analysis.fingerprint import fingerprint
        from market_analysis.models import MarketAnalysisJob
        from terrafusion.jobs.registry import JobType, register

        register(
            JobType(
                model=MarketAnalysisJob,
                name="market_analysis",
                metric_prefix="market_analysis",
                type_field="analysis_type",
                type_values=lambda: ANALYSES,
                execute="market_analysis.jobs.execute",
                is_long=_is_long,
                fingerprint=fingerprint,
            )
        )
        layers.register_all()


def _is_long(job: Any) -> bool:
    """An analysis of a large county must not hold up small jobs."""
    return bool(job.estimated_sales > _LONG_SALES)
