"""Executes an analysis: sales -> statistics -> files and areas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import connection

from market_analysis import publication, request, sales
from market_analysis.errors import AnalysisOutdated, TooFewToAnalyze
from market_analysis.models import MarketAnalysisJob
from terrafusion.jobs.context import JobContext, Outcome
from terrafusion.jobs.request import InvalidRequest
from terrafusion.words import counted

if TYPE_CHECKING:
    from market_analysis.analyses.market import AnalysisResult


def execute(job: MarketAnalysisJob, context: JobContext) -> Outcome:
    """Raises what ``market_analysis.errors`` and ``terrafusion.jobs.errors`` hold."""
    from market_analysis.stats.errors import InsufficientSales

    try:
        wanted = request.of_job(job)
    except InvalidRequest as outdated:
        raise AnalysisOutdated(outdated.faults.text) from None
    context.checkpoint(0, "Reading the sales.")
    with context.stop_with(connection.connection.cancel_safe):
        market = sales.market(wanted, context.checkpoint, _teller(context))
        context.checkpoint(20, f"Analyzing {counted(len(market.sales), 'sale')}.")
        try:
            result = wanted.analysis.run(market, wanted.values)
        except InsufficientSales as few:
            raise TooFewToAnalyze(str(few)) from None
        context.checkpoint(80, "Writing the result.")
        areas = publication.areas(job, market, result)
    summary = publication.summary(wanted, market, result)
    file = publication.files(job, context, summary, result)
    return Outcome(
        message=_message(result, len(market.sales), len(market.read)),
        file=file,
        summary=summary,
        columns={"sales_used": len(market.sales)},
        # Places that are called by personal data fill no layer: a layer is for all who see the county.
        save=lambda: publication.save_areas(job, [] if wanted.geography.personal else areas),
        personal=wanted.geography.personal,
    )


def _message(result: AnalysisResult, used: int, read: int) -> str:
    return f"{result.message} From {used:,} of {counted(read, 'sale')}; {read - used:,} were excluded."


def _teller(context: JobContext) -> Callable[[float, str], None]:
    """Progress of the statistics, 0 to 1, as the job's from 20 to 80 percent."""
    return lambda done, message: context.checkpoint(20 + 60 * done, message)
