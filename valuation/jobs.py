"""Executes a run: values, or a study of values that there are."""

from __future__ import annotations

from django.utils.module_loading import import_string

from terrafusion.jobs.context import JobContext, Outcome
from valuation import methods
from valuation.models import ValuationJob


def execute(job: ValuationJob, context: JobContext) -> Outcome:
    """Raises what ``valuation.errors`` and ``terrafusion.jobs.errors`` hold."""
    outcome: Outcome = import_string(methods.get(job.valuation_method).execute)(job, context)
    return outcome
