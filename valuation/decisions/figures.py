"""What stands before a decision and after it, in dollars, value by value."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, Case, DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from terrafusion.records import county_time
from terrafusion.records.models import PropertyValueHistory
from valuation.decisions.asked import DecisionRequest
from valuation.models import PropertyValuation, Step

_CURRENT = F("property__total_value")
_FINAL = PropertyValuation.final_value


def compared(request: DecisionRequest) -> str:
    """What ``before`` and ``after`` are, in words."""
    if request.step in (Step.OVERRIDE, Step.CORRECT):
        return "The value that stands, and the figure in its place."
    if request.step == Step.REVOKE:
        if request.decision is not None and request.decision.step == Step.CERTIFY:
            return "The parcels' current values, and what they will be without the certified ones."
        return "The value that stands, and what stood before the decision."
    return "The parcels' current values on the roll, and the values decided about."


def with_figures(values: QuerySet[Any], request: DecisionRequest) -> QuerySet[Any]:
    """Adds ``before`` and ``after``; either may be null."""
    before, after = _figures(request)
    annotated: QuerySet[Any] = values.annotate(before=before, after=after)
    return annotated


def _figures(request: DecisionRequest) -> tuple[Any, Any]:
    if request.step in (Step.OVERRIDE, Step.CORRECT):
        return _FINAL, Value(request.value, output_field=BigIntegerField())
    if request.step != Step.REVOKE:
        return _CURRENT, _FINAL
    decision = request.decision
    assert decision is not None  # noqa: S101 - for the type checker: revoking takes one
    if decision.step == Step.CERTIFY:
        return _CURRENT, _without_certified(decision.county_id)
    if decision.step != Step.OVERRIDE:
        return _FINAL, _FINAL
    return _FINAL, Subquery(decision.values.filter(valuation=OuterRef("pk")).values("value_before")[:1])


def _without_certified(county_id: str) -> Case:
    """As ``records.certified.leave`` will have it: another certified value in effect, or what the roll says."""
    standing = PropertyValueHistory.objects.filter(property=OuterRef("property"), certified=True, revoked_by=None)
    own = standing.filter(effective_date=OuterRef("effective_date"))
    current = own.filter(total_value=OuterRef("property__total_value"), tax_year=OuterRef("property__tax_year"))
    others = (
        standing.filter(effective_date__lte=Value(county_time.today(county_id), output_field=DateField()))
        .exclude(effective_date=OuterRef("effective_date"))
        .order_by("-effective_date", "-tax_year")
    )
    year = Subquery(others.values("tax_year")[:1])
    roll = F("property__roll_value__total_value")
    return Case(
        When(~Exists(current), then=_CURRENT),
        When(Q(Exists(others)) & Q(property__roll_value__tax_year__gt=year), then=roll),
        default=Coalesce(Subquery(others.values("total_value")[:1]), roll),
        output_field=BigIntegerField(),
    )
