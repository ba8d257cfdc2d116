"""What keeps an analysis from succeeding with the sales that there are, said when it is submitted."""

from __future__ import annotations

from market_analysis.errors import NoSales
from market_analysis.models import MarketAnalysisJob
from terrafusion.records.sales.counting import candidates
from terrafusion.records.sales.frame import SalesQuery
from terrafusion.records.sales.rules import Rules


def faults(job: MarketAnalysisJob) -> dict[str, list[str]]:
    """By the request's member; empty where at least one sale may be analyzed."""
    query = SalesQuery(
        job.county_id,
        start=job.period_from,
        end=job.period_to,
        property_classes=job.property_classes,
        area=job.area_of_interest,
    )
    if candidates(query, Rules.parse(job.resolved["screening"])).exists():
        return {}
    asked = [
        *([f"from {job.period_from}"] if job.period_from else []),
        *([f"to {job.period_to}"] if job.period_to else []),
        *([f"of {', '.join(job.property_classes)}"] if job.property_classes else []),
        *(["in the area"] if job.area_of_interest else []),
    ]
    return {"county_id": [" ".join([job.county_id, "has no valid sale", *asked]) + f". {NoSales.remedy}"]}
