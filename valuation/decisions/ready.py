"""Which values a step is about, and why others of the selection are not."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat
from django.db.models.lookups import Exact

from terrafusion.records.models import CountySettings, PropertyValueHistory
from terrafusion.types import AnyUser
from valuation.decisions.asked import DecisionRequest
from valuation.decisions.rules import RULES
from valuation.models import DecidedValue, PropertyValuation, State, Step, ValuationJob
from valuation.values import made_by

READY = ""
DECIDED_SINCE, NO_VALUE, TAKEN, OWN_REVIEW = "decided_since", "no_value", "certified_for_that_date", "own_review"
REASONS = {
    **{f"state_{state}": f"in the state {state}, from which the step does not begin" for state in State.values},
    NO_VALUE: "without a value above zero",
    TAKEN: "with a certified value of that date, which is never overwritten",
    DECIDED_SINCE: "decided about again since, or revoked already",
    OWN_REVIEW: "reviewed by you, where the county (separate_certifier) has somebody else certify",
}


def meant(job: ValuationJob, user: AnyUser, request: DecisionRequest) -> QuerySet[Any]:
    """The values of the selection in the run, each with ``outcome``: ``READY``, or why it is not for this user."""
    values = PropertyValuation.objects.filter(request.selection.condition(), job=made_by(job))
    if request.step == Step.REVOKE:
        values = values.filter(Exists(_decided(decision=request.decision)))
    faults = [*_faults(request), *_of_one_person(job, user, request)]
    return values.annotate(outcome=Case(*faults, default=Value(READY), output_field=CharField()))


def _decided(**which: Any) -> QuerySet[DecidedValue]:
    return DecidedValue.objects.filter(valuation=OuterRef("pk"), **which)


def _faults(request: DecisionRequest) -> list[When]:
    if request.step == Step.REVOKE:
        assert request.decision is not None  # noqa: S101 - for the type checker: revoking takes one
        here = request.decision.values.filter(valuation=OuterRef("valuation")).values("pk")[:1]
        undone = DecidedValue.objects.filter(valuation=OuterRef("valuation"), decision__revokes=OuterRef("decision"))
        later = (
            _decided(pk__gt=here)
            .exclude(Exists(undone))  # as if it had not been, and so is what undid it
            .exclude(Q(decision__step=Step.REVOKE) & ~Q(decision__revokes=request.decision))
        )
        if request.decision.step == Step.CERTIFY:  # a correction is of the same certified value
            later = later.exclude(decision__step=Step.CORRECT)
        return [When(Exists(later), then=Value(DECIDED_SINCE))]
    faults = [
        When(
            ~Q(state__in=RULES[request.step].begins),
            then=Concat(Value("state_"), F("state"), output_field=CharField()),
        )
    ]
    if request.step in (Step.REVIEW, Step.CERTIFY):  # of what there is a figure
        faults.append(When(~(Q(override_value__gt=0) | Q(override_value=None, value__gt=0)), then=Value(NO_VALUE)))
    if request.effective_date is not None:
        standing = PropertyValueHistory.objects.filter(
            property=OuterRef("property"), effective_date=request.effective_date, certified=True, revoked_by=None
        )
        faults.append(When(Exists(standing), then=Value(TAKEN)))
    return faults


def _of_one_person(job: ValuationJob, user: AnyUser, request: DecisionRequest) -> list[When]:
    """Where the county has two people look at a value: those that the user has reviewed are not theirs to certify."""
    if request.step != Step.CERTIFY or not CountySettings.of(job.county_id).separate_certifier:
        return []
    reviews = DecidedValue.objects.filter(valuation=OuterRef("pk"), decision__step=Step.REVIEW)
    reviewer = Subquery(reviews.order_by("-pk").values("decision__decided_by")[:1])
    return [When(Exact(reviewer, Value(user.pk)), then=Value(OWN_REVIEW))]
