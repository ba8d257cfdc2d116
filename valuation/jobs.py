"""Executes a run: values, or a study of values that there are."""

from __future__ import annotations

from terrafusion.jobs.context import JobContext, Outcome
from valuation.models import Method, ValuationJob
from valuation.run import studying, valuing


def execute(job: ValuationJob, context: JobContext) -> Outcome:
    """Raises what ``valuation.errors`` and ``terrafusion.jobs.errors`` hold."""
    if job.valuation_method == Method.RATIO_STUDY:
        return studying.run(job, context)
    return valuing.run(job, context)
