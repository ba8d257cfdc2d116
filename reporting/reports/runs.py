"""Runs of valuation and market analysis as parameters: of this county, finished, and with what the report reads; or a
valuation that is to be run for the report."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers

from market_analysis.models import MarketAnalysisJob
from terrafusion.api import keys
from terrafusion.jobs import dispatch, requests
from terrafusion.jobs.errors import RequestRefused
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.rights import refusal
from terrafusion.jobs.states import Status
from terrafusion.records.access import rights_of
from valuation import values
from valuation.api.run import ValuationRunSerializer
from valuation.models import Method, ValuationJob

LATEST = "latest"
_DONE = (Status.COMPLETED, Status.EXPIRED)


class RunField(serializers.Field[Any, Any, Any, Any]):
    """The id of a finished run of the county, kept as text. ``what`` names the kind for messages."""

    model: type[AbstractJob]
    what = "run"
    done: tuple[Status, ...] = _DONE
    default_error_messages = {
        "invalid": "Give the id of a {what} run.",
        "missing": "{county} has no {what} run {given}.",
        "failed": "The {what} run {given} failed: {message}",
        "ended": "The {what} run {given} is {status}: its results cannot be read.",
        "unfinished": "The {what} run {given} is {status}: wait until it is completed.",
        "none": "{county} has no completed {what} run: make one first.",
    }

    def to_internal_value(self, data: Any) -> str:
        county = self.context["county"]
        if data == LATEST:
            found = self.latest(county)
            if found is None:
                self.fail("none", what=self.what, county=county.pk)
            return str(found.pk) if found else ""
        try:
            key = uuid.UUID(str(data))
        except ValueError:
            self.fail("invalid", what=self.what)
        job = self.model.objects.filter(county=county, pk=key).first()  # of another county is as none
        told = {"what": self.what, "given": key, "county": county.pk}
        if job is None or refusal(job, self.context["user"]):
            self.fail("missing", **told)
        elif job.status == Status.FAILED:
            self.fail("failed", **told, message=job.message)
        elif job.status not in self.done:
            over = job.completed_at is not None
            self.fail("ended" if over else "unfinished", **told, status=job.status.lower())
        else:
            self.suits(job)
        return str(key)

    def to_representation(self, value: Any) -> Any:
        return value

    def latest(self, county: Any) -> AbstractJob | None:
        raise NotImplementedError

    def suits(self, job: Any) -> None:
        """Raises what ``fail`` raises for a run without what is wanted."""


_OF_A_RUN = ("valuation_method", "valuation_date", "scope", "parameters")


class ValuationRunField(RunField):
    """A run that gave values, or one that is to be made: an object with the body of ``valuation/run``, but for the
    county. It is checked as that address checks it, and kept as it was given; ``reporting.valuing`` makes the run."""

    model = ValuationJob
    what = "valuation"
    default_error_messages = {
        "study": "The run {given} is a ratio study: it has no values.",
        "makes_none": "A ratio study gives no values: name another valuation_method.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        if faults := keys.unknown(data, _OF_A_RUN):
            raise serializers.ValidationError(faults)
        run = unsaved_run(self.context["county"], data, self.context["user"])
        if run.valuation_method == Method.RATIO_STUDY:
            self.fail("makes_none")
        try:
            dispatch.check_feasible(run)
        except RequestRefused as refused:
            raise serializers.ValidationError(refused.faults, code=refused.code) from None
        return data

    def latest(self, county: Any) -> ValuationJob | None:
        return values.latest_job(county)

    def suits(self, job: ValuationJob) -> None:
        if not values.of_job(job).exists():
            self.fail("study", given=job.pk)


def unsaved_run(county: Any, wanted: dict[str, Any], user: Any) -> ValuationJob:
    """The run that ``wanted`` asks for. Raises what ``terrafusion.jobs.requests.unsaved`` does."""
    body = {**wanted, "county_id": county.pk}
    job = requests.unsaved(ValuationRunSerializer, body, {"request": requests.of_user(user)})
    assert isinstance(job, ValuationJob)  # noqa: S101 - for the type checker
    return job


class MarketRunField(RunField):
    """A market analysis whose files are still there."""

    model = MarketAnalysisJob
    what = "market analysis"
    done = (Status.COMPLETED,)

    def latest(self, county: Any) -> MarketAnalysisJob | None:
        done = MarketAnalysisJob.objects.filter(county=county, status=Status.COMPLETED)
        rights = rights_of(self.context["user"])
        newest = done.order_by("-completed_at", "-job_id").iterator(chunk_size=50)
        return next((job for job in newest if not refusal(job, rights)), None)
