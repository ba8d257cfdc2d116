"""Executes a run: values, or a study of values that there are."""

from __future__ import annotations

from terrafusion.jobs.context import JobContext, Outcome
from valuation.models import Method, ValuationJob
from valuation.run import studying

_WORK = {Method.RATIO_STUDY: studying.run}


def execute(job: ValuationJob, context: JobContext) -> Outcome:
    """Raises what ``valuation.errors`` and ``terrafusion.jobs.errors`` hold."""
    return _WORK[Method(job.valuation_method)](job, context)
