"""What a market summary takes."""

from __future__ import annotations

from typing import Any

from market_analysis import request as market_requests
from market_analysis.catalogue import ANALYSES, STEPS
from market_analysis.models import MarketAnalysisJob
from reporting.reports.base import Report, Request, needs_of
from reporting.reports.runs import MarketRun
from terrafusion.jobs.request import Choice, Choices, Day, Each, InvalidRequest
from terrafusion.jobs.rights import Needs, refusal
from terrafusion.records.models import Sale


class MarketSummary(Report):
    name = "market_summary"
    title = "Market summary"
    description = "Market analysis results with charts: finished analyses, or new ones of the county."
    parameters = (
        Each(
            "market_jobs",
            [],
            "Completed analyses to report. Without any, the analyses below are made for the report.",
            MarketRun("market_job", None, "A completed analysis.", required=True),
            20,
            label="Market analyses",
        ),
        Choices(
            "analyses",
            [],
            "Without any: all that are of the county as a whole.",
            list(ANALYSES),
            0,
            label="Analyses to make",
        ),
        Day("period_from", None, "Of new analyses; without it, the first sale.", label="From"),
        Day("period_to", None, "Of new analyses; without it, the last sale.", label="To"),
        Choice("step", "quarter", "Of new analyses.", STEPS, label="Step"),
    )
    reader = "reporting.reports.market.read.read"
    takes_area = False

    def check(self, request: Request) -> dict[str, list[str]]:
        if not Sale.objects.filter(county=request.county).exists():
            return {"county_id": [f"{request.county.pk} has no sales to analyze."]}
        if request.values["market_jobs"]:
            hidden = [job for job in _analyses(request) if refusal(job, request.user)]
            messages = [f"{request.county.pk} has no market analysis run {job.pk} that you may read." for job in hidden]
            return {"parameters.market_jobs": messages} if messages else {}
        faults: dict[str, list[str]] = {}
        for name in names(request):
            try:
                wanted(request, name)
            except InvalidRequest as refused:
                for field, texts in refused.faults.items():
                    faults.setdefault(
                        "parameters.period_to" if field.startswith("period") else "parameters", []
                    ).extend(texts)
        return faults

    def needs(self, request: Request) -> Needs:
        return needs_of(_analyses(request))

    start_seconds = 60.0

    def estimate(self, request: Request) -> int:
        return 0


def _analyses(request: Request) -> list[MarketAnalysisJob]:
    """The analyses that the report is about."""
    return list(MarketAnalysisJob.objects.filter(pk__in=request.values["market_jobs"]))


def names(request: Request) -> list[str]:
    """Of the analyses to make."""
    return request.values["analyses"] or [name for name, analysis in ANALYSES.items() if not analysis.several_places]


def wanted(request: Request, name: str, places: str = "", **parameters: Any) -> market_requests.MarketRequest:
    """``places``: a geography other than the analysis's own. Raises ``InvalidRequest``."""
    asked = request.values
    given: dict[str, Any] = {
        "county_id": request.county,
        "analysis_type": name,
        "geography": places or ("neighborhood" if ANALYSES[name].several_places else "county"),
        "period": {"from": asked["period_from"], "to": asked["period_to"], "step": asked["step"]},
        "parameters": parameters,
    }
    return market_requests.check(given, request.user)
