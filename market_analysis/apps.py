"""Market analyses: what sales show about a county's market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

_START = 3.0
_SALES_PER_SECOND = 5_000


class MarketAnalysisConfig(AppConfig):
    name = "market_analysis"
    verbose_name = "Market analysis"

    def ready(self) -> None:
        from market_analysis import feasible, layers, request
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
                seconds=_seconds,
                fingerprint=fingerprint,
                feasible=feasible.faults,
                needs=request.needs,
                renew=request.renew,
            )
        )
        layers.register_all()


def _seconds(job: MarketAnalysisJob) -> float:
    """Almost all analyses read every sale once."""
    return float(_START + job.estimated_sales / _SALES_PER_SECOND)


if TYPE_CHECKING:
    from market_analysis.models import MarketAnalysisJob
