"""What a decision would do, before it is made: how many values, which totals, the largest changes, what is skipped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db import transaction
from django.db.models import Count, F, Func, JSONField, Q, QuerySet, Sum, TextField
from django.db.models.functions import MD5, Abs, Cast, Coalesce

from terrafusion.types import AnyUser
from terrafusion.words import counted
from valuation import methods
from valuation.decisions import token
from valuation.decisions.asked import DecisionRequest
from valuation.decisions.errors import AlreadyCertified, NotDecidable
from valuation.decisions.figures import compared, with_figures
from valuation.decisions.ready import DECIDED_SINCE, OWN_REVIEW, READY, REASONS, TAKEN, meant
from valuation.decisions.rules import RULES, refuse_too_late
from valuation.models import ValuationJob
from valuation.values import DONE

MAXIMUM = 250_000
"""Values of one decision: it is made while its request waits."""
_LARGEST = 10
_SHOWN = 5


@dataclass(frozen=True)
class Change:
    parcel_number: str
    before: int | None
    after: int | None
    change: int


@dataclass(frozen=True)
class Skipped:
    reason: str
    text: str
    count: int


@dataclass(frozen=True)
class Figures:
    """Of the values that are ready. Totals are US dollars; ``state`` changes with any figure that they are made of."""

    count: int
    compares: str
    total_before: int
    total_after: int
    without_before: int
    increased: int
    decreased: int
    unchanged: int
    largest_changes: tuple[Change, ...]
    skipped: tuple[Skipped, ...]
    state: str


@dataclass(frozen=True)
class Preview:
    figures: Figures
    token: str
    expires_at: datetime

    def as_json(self) -> dict[str, Any]:
        shown = asdict(self.figures)
        del shown["state"]
        return {**shown, "token": self.token, "expires_at": self.expires_at}


def preview(job: ValuationJob, user: AnyUser, request: DecisionRequest) -> Preview:
    """Raises ``Refused`` where the decision would be. The caller has seen to the rights and the form of the request."""
    with transaction.atomic():
        projected = figures(job, user, request)
    seal, expires_at = token.issue(token.PreviewBinding.of(user, job.pk, request, projected.state))
    return Preview(projected, seal, expires_at)


def figures(job: ValuationJob, user: AnyUser, request: DecisionRequest) -> Figures:
    """What the decision of this user would be about now."""
    _refuse_run(job)
    if request.decision is not None:
        refuse_too_late(request.decision)
    chosen = meant(job, user, request)
    values = with_figures(chosen, request)
    ready = values.filter(outcome=READY)
    skipped = _skipped(values)
    count = ready.count()
    _refuse(chosen, request, count, skipped)
    return _figures(ready, request, count, skipped)


def _refuse_run(job: ValuationJob) -> None:
    if job.status not in DONE or job.valuation_method in methods.valueless():
        raise NotDecidable("The run has no values to decide about: it is not completed, or is a ratio study.")
    if ValuationJob.objects.filter(pk=job.pk, values_removed_at__isnull=False).exists():
        raise NotDecidable("The run's values were removed for their age, as nobody had decided about any: run again.")


def _skipped(values: QuerySet[Any]) -> tuple[Skipped, ...]:
    counts = values.exclude(outcome=READY).order_by("outcome").values_list("outcome").annotate(Count("pk"))
    return tuple(Skipped(reason, REASONS[reason], count) for reason, count in counts)


def _refuse(chosen: QuerySet[Any], request: DecisionRequest, count: int, skipped: tuple[Skipped, ...]) -> None:
    named = request.selection.parcels
    if named and count < len(named):
        _refuse_named(chosen, request)
    if not count:
        others = "; ".join(f"{one.count:,} {one.text}" for one in skipped) or "the selection holds no value"
        error = AlreadyCertified if {one.reason for one in skipped} == {TAKEN} else NotDecidable
        raise error(f"No value of the selection is ready for {request.step}: {others}.")
    if count > MAXIMUM:
        raise NotDecidable(
            f"The selection has {counted(count, 'value')}; one decision can be about {MAXIMUM:,}. Name neighborhoods "
            "or property_classes, some at a time."
        )


def _refuse_named(chosen: QuerySet[Any], request: DecisionRequest) -> None:
    outcomes = chosen.values_list("parcel_number", "outcome", "state")
    there = {number: (outcome, state) for number, outcome, state in outcomes}
    faults = {
        number: there.get(number, ("", "not in this run"))
        for number in request.selection.parcels
        if there.get(number, ("missing",))[0] != READY
    }
    shown = ", ".join(
        f"{number} ({REASONS[outcome] if outcome in (TAKEN, DECIDED_SINCE, OWN_REVIEW) else state})"
        for number, (outcome, state) in list(faults.items())[:_SHOWN]
    )
    begins = " or ".join(RULES[request.step].begins)
    error = AlreadyCertified if {outcome for outcome, _ in faults.values()} == {TAKEN} else NotDecidable
    raise error(
        f"Not ready for {request.step}: {len(faults):,} of {counted(len(request.selection.parcels), 'parcel')}"
        f"{f', which begins from {begins} values above zero' if begins else ''}: {shown}"
        f"{' ...' if len(faults) > _SHOWN else ''}."
    )


def _figures(ready: QuerySet[Any], request: DecisionRequest, count: int, skipped: tuple[Skipped, ...]) -> Figures:
    sums = ready.aggregate(
        total_before=Coalesce(Sum("before"), 0),
        total_after=Coalesce(Sum("after"), 0),
        without_before=Count("pk", filter=Q(before=None)),
        increased=Count("pk", filter=Q(after__gt=F("before"))),
        decreased=Count("pk", filter=Q(after__lt=F("before"))),
        unchanged=Count("pk", filter=Q(after=F("before"))),
        state=MD5(StringAgg(_line(), delimiter=" ", order_by="pk")),
    )
    changed = ready.annotate(change=F("after") - F("before")).exclude(change=None).exclude(change=0)
    largest = changed.order_by(Abs("change").desc(), "pk")[:_LARGEST]
    return Figures(
        count=count,
        compares=compared(request),
        largest_changes=tuple(
            Change(*one) for one in largest.values_list("parcel_number", "before", "after", "change")
        ),
        skipped=skipped,
        **{**sums, "state": f"{sums['state']} {[(one.reason, one.count) for one in skipped]}"},
    )


def _line() -> Cast:
    """All of a value that a decision could change, or that the preview shows."""
    columns = ("pk", "state", "value", "override_value", "land_value", "effective_date", "tax_year", "before", "after")
    array = Func(*columns, function="jsonb_build_array", output_field=JSONField())
    return Cast(array, TextField())
