"""Runs of valuation and market analysis as parameters: of this county, finished, and with what the report reads; or a
valuation that is to be run for the report."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from rest_framework.exceptions import ErrorDetail, ValidationError

from market_analysis.models import MarketAnalysisJob
from terrafusion.api import keys
from terrafusion.jobs import dispatch
from terrafusion.jobs.errors import RequestRefused
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.request import Context, Faults, InvalidRequest, Parameter, request_of, unsaved_job
from terrafusion.jobs.request.parameter import Schema
from terrafusion.jobs.rights import refusal
from terrafusion.jobs.states import Status
from terrafusion.records.access import rights_of
from terrafusion.records.models import County
from terrafusion.types import AnyUser
from valuation import methods, values
from valuation.api.run import ValuationRunSerializer
from valuation.models import ValuationJob

LATEST = "latest"
_DONE = (Status.COMPLETED, Status.EXPIRED)


@dataclass(frozen=True)
class Run(Parameter):
    """The id of a finished run of the county, kept as text, or the latest. ``kind`` names the runs for messages."""

    model: ClassVar[type[AbstractJob]]
    kind: ClassVar[str]
    done: ClassVar[tuple[Status, ...]] = _DONE

    def resolve_default(self, context: Context) -> object:
        return None if self.default is None else self.check(self.default, context)

    def parse(self, value: object, context: Context) -> object:
        if context.county is None:
            return value
        if value == LATEST:
            return str(self.newest(context.county, context.user).pk)
        try:
            key = uuid.UUID(str(value))
        except ValueError:
            raise InvalidRequest(f"Give the id of a {self.kind} run.") from None
        job = self.model._default_manager.filter(county=context.county, pk=key).first()  # of another county is as none
        if job is None or refusal(job, context.user):
            raise InvalidRequest(f"{context.county.pk} has no {self.kind} run {key}.", "missing")
        run = f"The {self.kind} run {key}"
        if job.status == Status.FAILED:
            raise InvalidRequest(f"{run} failed: {job.message}", "failed")
        if job.status not in self.done:
            run = f"{run} is {job.status.lower()}"
            if job.completed_at is not None:
                raise InvalidRequest(f"{run}: its results cannot be read.", "ended")
            raise InvalidRequest(f"{run}: wait until it is completed.", "unfinished")
        self.check_run(job)
        return str(key)

    def newest(self, county: County, user: AnyUser) -> AbstractJob:
        """The latest run that the user may read. Raises ``InvalidRequest`` where there is none."""
        run = self.find_newest(county, user)
        if run is None:
            raise InvalidRequest(f"{county.pk} has no completed {self.kind} run: make one first.", "none")
        return run

    def find_newest(self, county: County, user: AnyUser) -> AbstractJob | None:
        raise NotImplementedError

    def check_run(self, job: Any) -> None:
        """Raises ``InvalidRequest`` for a run without what is needed."""

    def value_schema(self) -> Schema:
        latest = {"type": "string", "const": LATEST}
        return {"oneOf": [{"type": "string", "format": "uuid"}, latest]}


_OF_A_RUN = ("valuation_method", "valuation_date", "scope", "parameters")


@dataclass(frozen=True)
class ValuationRun(Run):
    """A run that gave values, or one that is to be made: an object with the body of ``valuation/run``, but for the
    county. It is checked as that endpoint checks it, and kept as it was given; ``reporting.valuing`` makes the run."""

    model = ValuationJob
    kind = "valuation"

    def parse(self, value: object, context: Context) -> object:
        if not isinstance(value, dict) or context.county is None:
            return super().parse(value, context)
        if unknown := keys.unknown(value, _OF_A_RUN):
            raise InvalidRequest(unknown)
        try:
            run = unsaved_run(context.county, value, context.user)
            if run.valuation_method in methods.valueless():
                raise InvalidRequest("A ratio study gives no values: name another valuation_method.", "makes_none")
            dispatch.check_feasible(run)
        except ValidationError as invalid:
            raise InvalidRequest(Faults.of(invalid.detail)) from None
        except RequestRefused as refused:
            details = {at: [ErrorDetail(text, refused.code) for text in texts] for at, texts in refused.faults.items()}
            raise InvalidRequest(details) from None
        return value

    def find_newest(self, county: County, user: AnyUser) -> ValuationJob | None:
        return values.latest_job(county)

    def check_run(self, job: ValuationJob) -> None:
        if not values.of_job(job).exists():
            raise InvalidRequest(f"The run {job.pk} is a ratio study: it has no values.", "study")

    def value_schema(self) -> Schema:
        return {"oneOf": [*super().value_schema()["oneOf"], {"type": "object"}]}


def unsaved_run(county: County, wanted: dict[str, Any], user: AnyUser) -> ValuationJob:
    """The run that ``wanted`` asks for. Raises what ``terrafusion.jobs.request.unsaved_job`` does."""
    body = {**wanted, "county_id": county.pk}
    job = unsaved_job(ValuationRunSerializer, body, {"request": request_of(user)})
    assert isinstance(job, ValuationJob)  # noqa: S101 - for the type checker
    return job


@dataclass(frozen=True)
class MarketRun(Run):
    """A market analysis whose files are still there."""

    model = MarketAnalysisJob
    kind = "market analysis"
    done = (Status.COMPLETED,)

    def find_newest(self, county: County, user: AnyUser) -> MarketAnalysisJob | None:
        done = MarketAnalysisJob.objects.filter(county=county, status=Status.COMPLETED)
        rights = rights_of(user)
        newest = done.order_by("-completed_at", "-job_id").iterator(chunk_size=50)
        return next((job for job in newest if not refusal(job, rights)), None)
