"""Decisions about proposed values: override, review, send back, reject, certify. The only place that moves a state.

Each is one transaction: all of the values that are meant, or none. Decisions of a county queue up behind each other,
so two people who certify at once cannot both win. A decision is made while its request waits, 100,000 values in some
ten seconds, so there is a limit to how many one can be about.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from terrafusion.records import certified
from terrafusion.records.access import Role
from terrafusion.records.models import PropertyValueHistory
from valuation.errors import AlreadyCertified, NotDecidable
from valuation.models import Decision, Method, PropertyValuation, State, Step, ValuationJob
from valuation.values import DONE, hold_decisions, made_by

MOST = 250_000
_SHOWN = 5


@dataclass(frozen=True)
class Rule:
    """Who may take the step, from which states it leads, and to which."""

    role: Role
    begins: tuple[State, ...]
    ends: State


RULES = {
    Step.OVERRIDE: Rule(Role.ANALYST, (State.PROPOSED, State.REVIEWED, State.REJECTED), State.PROPOSED),
    Step.REVIEW: Rule(Role.MANAGER, (State.PROPOSED,), State.REVIEWED),
    Step.SEND_BACK: Rule(Role.MANAGER, (State.REVIEWED, State.REJECTED), State.PROPOSED),
    Step.REJECT: Rule(Role.MANAGER, (State.PROPOSED, State.REVIEWED), State.REJECTED),
    Step.CERTIFY: Rule(Role.ASSESSOR, (State.REVIEWED,), State.CERTIFIED),
}


@dataclass(frozen=True)
class Selection:
    """Which values of a run: those of ``parcels``, each of which must be ready for the step; or all that are ready,
    of some neighborhoods and classes where any are named."""

    parcels: tuple[str, ...] = ()
    neighborhoods: tuple[str, ...] = ()
    property_classes: tuple[str, ...] = ()

    def condition(self) -> Q:
        found = Q()
        for column, names in (
            ("parcel_number", self.parcels),
            ("neighborhood", self.neighborhoods),
            ("property_class", self.property_classes),
        ):
            if names:
                found &= Q(**{f"{column}__in": names})
        return found

    def as_json(self) -> Any:
        told = {name: list(value) for name, value in vars(self).items() if value}
        return told or "all"


@dataclass(frozen=True)
class Wish:
    """A step and what it takes: a figure to override with; a date and a tax year to certify for."""

    step: Step
    selection: Selection
    reason: str
    value: int | None = None
    effective_date: date | None = None
    tax_year: int | None = None


def decide(job: ValuationJob, user: Any, wish: Wish) -> Decision:
    """Carry it out. Raises ``NotDecidable`` or ``AlreadyCertified``, with nothing changed. The caller has seen to the
    rights (``RULES``) and to the form of the wish."""
    if job.status not in DONE or job.valuation_method == Method.RATIO_STUDY:
        raise NotDecidable("The run has no values to decide about: it is not completed, or is a ratio study.")
    source = made_by(job)
    with transaction.atomic(), connection.cursor() as cursor:
        # 1. One decision of a county at a time.
        hold_decisions(job.county_id)
        if ValuationJob.objects.filter(pk=job.pk, values_removed_at__isnull=False).exists():
            raise NotDecidable(
                "The run's values were removed for their age, as nobody had decided about any: run again."
            )
        # 2. What is meant and ready; for named parcels that must be all of them.
        ready = _ready(source, wish)
        _refuse_too_many(ready)
        ids = list(ready.select_for_update(of=("self",)).values_list("pk", flat=True))
        _refuse_left_out(source, wish, len(ids))
        # 3. The record of it, then the values themselves.
        decision = _record(cursor, job, source, user, wish, ids)
        if wish.step == Step.CERTIFY:
            _refuse_certified(decision)
        _move(decision, wish)
        if wish.step == Step.CERTIFY:
            _into_history(cursor, decision, job)
            certified.follow(cursor, job.county_id)
    return decision


def _ready(source: uuid.UUID, wish: Wish) -> QuerySet[PropertyValuation]:
    found = PropertyValuation.objects.filter(
        wish.selection.condition(), job=source, state__in=RULES[wish.step].begins
    ).order_by("pk")
    if wish.step in (Step.REVIEW, Step.CERTIFY):  # of what there is a figure
        found = found.filter(Q(override_value__gt=0) | Q(override_value=None, value__gt=0))
    return found


def _refuse_too_many(ready: QuerySet[PropertyValuation]) -> None:
    if ready.order_by()[: MOST + 1].count() > MOST:
        raise NotDecidable(
            f"The selection has {ready.count():,} values; one decision can be about {MOST:,}. Name neighborhoods or "
            "property_classes, some at a time."
        )


def _refuse_left_out(source: uuid.UUID, wish: Wish, ready: int) -> None:
    named = wish.selection.parcels
    if named and ready < len(named):
        there = PropertyValuation.objects.filter(job=source, parcel_number__in=named)
        states = dict(there.values_list("parcel_number", "state"))
        valued = set(_ready(source, wish).values_list("parcel_number", flat=True))
        faults = [f"{number} ({states.get(number, 'not in this run')})" for number in named if number not in valued]
        told = ", ".join(faults[:_SHOWN]) + (" ..." if len(faults) > _SHOWN else "")
        raise NotDecidable(
            f"{len(faults):,} of {len(named):,} parcels are not ready for {wish.step}, which begins from "
            f"{' or '.join(RULES[wish.step].begins)} values above zero: {told}."
        )
    if not ready:
        counts = PropertyValuation.objects.filter(wish.selection.condition(), job=source)
        states = dict(counts.order_by().values_list("state").annotate(Count("pk")))
        told = ", ".join(f"{count:,} {state}" for state, count in states.items()) or "none"
        raise NotDecidable(f"No value of the selection is ready for {wish.step}; there are: {told}.")


def _refuse_certified(decision: Decision) -> None:
    assert decision.effective_date is not None  # noqa: S101 - for the type checker: certifying takes one
    taken = PropertyValueHistory.objects.filter(
        property__valuations__decisions__decision=decision, effective_date=decision.effective_date, certified=True
    )
    if numbers := list(taken.values_list("property__parcel_number", flat=True).distinct()[: _SHOWN + 1]):
        told = ", ".join(numbers[:_SHOWN]) + (" ..." if len(numbers) > _SHOWN else "")
        raise AlreadyCertified(
            f"There is a certified value of {decision.effective_date} already for {told}. A certified value is never "
            "overwritten: certify for another date."
        )


def _record(cursor: Any, job: ValuationJob, source: uuid.UUID, user: Any, wish: Wish, ids: Sequence[int]) -> Decision:
    decision = Decision.objects.create(
        county_id=job.county_id,
        job_id=source,
        step=wish.step,
        decided_by=user,
        reason=wish.reason,
        selection=wish.selection.as_json(),
        effective_date=wish.effective_date,
        tax_year=wish.tax_year,
        parcels=len(ids),
    )
    cursor.execute(
        "INSERT INTO valuation_decidedvalue "
        "(decision_id, valuation_id, state_before, value_before, value_after) "
        "SELECT %s, id, state, coalesce(override_value, value), coalesce(%s, override_value, value) "
        "FROM valuation_propertyvaluation WHERE id = ANY(%s)",
        [decision.pk, wish.value, list(ids)],
    )
    return decision


def _move(decision: Decision, wish: Wish) -> None:
    columns: dict[str, Any] = {"state": RULES[wish.step].ends}
    if wish.step == Step.OVERRIDE:
        columns["override_value"] = wish.value
    if wish.step == Step.CERTIFY:
        columns |= {"effective_date": wish.effective_date, "tax_year": wish.tax_year}
    PropertyValuation.objects.filter(decisions__decision=decision).update(**columns)


def _into_history(cursor: Any, decision: Decision, job: ValuationJob) -> None:
    """One entry a parcel. An entry of that day that is not certified (from a load) gives way to it.

    Where a person's figure differs from the run's, land stays and the building takes the difference.
    """
    cursor.execute(
        "INSERT INTO records_propertyvaluehistory AS h (county_id, property_id, tax_year, effective_date, land_value, "
        "improvement_value, total_value, exemptions, source, certified, recorded_at) "
        "SELECT v.county_id, v.property_id, v.tax_year, v.effective_date, land, stands - land, stands, p.exemptions, "
        "%s, true, now() "
        "FROM valuation_decidedvalue d JOIN valuation_propertyvaluation v ON v.id = d.valuation_id "
        "JOIN records_propertyoperational p ON p.id = v.property_id "
        "CROSS JOIN LATERAL (SELECT coalesce(v.override_value, v.value)) AS figure(stands) "
        # least() passes over a null, and a land value that is not known must stay so
        "CROSS JOIN LATERAL (SELECT CASE WHEN v.land_value IS NOT NULL THEN least(v.land_value, stands) END) "
        "AS part(land) "
        "WHERE d.decision_id = %s "
        "ON CONFLICT (property_id, tax_year, effective_date) DO UPDATE SET land_value = EXCLUDED.land_value, "
        "improvement_value = EXCLUDED.improvement_value, total_value = EXCLUDED.total_value, "
        "exemptions = EXCLUDED.exemptions, source = EXCLUDED.source, certified = true, recorded_at = now()",
        [f"Certified value of {job.method_name}, run {job.pk}", decision.pk],
    )
