"""A valuation run that a report asks for, made by the report's own worker.

The run is a job of its own, with its record, sheet and file, submitted like any other. The worker that has the report
claims it at once and executes it in place: so one worker is enough, and none waits for a queue that it blocks itself.
A report that is tried again finds its run by the key that names the report (ADR 0016).
"""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import Any

from rest_framework.exceptions import APIException

from reporting.errors import ValuationFailed
from reporting.reports.base import Request
from reporting.reports.runs import unsaved_run
from terrafusion.jobs import dispatch, runner
from terrafusion.jobs.context import JobContext
from terrafusion.jobs.errors import NotCancellable, Refused
from terrafusion.jobs.registry import type_of
from terrafusion.jobs.states import ACTIVE, Status
from terrafusion.words import error_text
from valuation.models import ValuationJob

_LOOK = 1.0  # seconds between looks at a run that another worker has


def with_run(request: Request, context: JobContext) -> Request:
    """The request with the id of the run that it asks for, completed. Raises ValuationFailed with the reason."""
    run = _submitted(request)
    context.checkpoint(0, f"The valuation run {run.pk} is being made for this report.")
    with context.stop_with(lambda: _cancel(run.pk)):
        while run.status in ACTIVE:
            if run.status == Status.PENDING:
                runner.run(type_of(run).label, str(run.pk))
            else:  # another worker has claimed it, and goes on
                time.sleep(_LOOK)
            context.checkpoint()
            run.refresh_from_db()
    if run.status != Status.COMPLETED:
        raise ValuationFailed(f"The valuation run {run.pk} is {run.status.lower()}: {run.message}")
    return replace(request, values={**request.values, "valuation_job": str(run.pk)})


def _submitted(request: Request) -> ValuationJob:
    try:
        wanted: dict[str, Any] = request.run_wanted or {}
        run = unsaved_run(request.county, wanted, request.user)
        fresh = bool(run.options.get("fresh"))
        return dispatch.submit(run, idempotency_key=f"report {request.job_id}", fresh=fresh)[0]
    except (Refused, APIException) as refused:
        raise ValuationFailed(f"The valuation run cannot be started: {error_text(refused)}") from None


def _cancel(run: uuid.UUID) -> None:
    with suppress(NotCancellable):  # it has just ended
        dispatch.cancel(ValuationJob.objects.get(pk=run))
