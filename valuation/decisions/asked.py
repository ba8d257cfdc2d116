"""What is asked for: a step, which values, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from valuation.models import Decision, Step

ALL = "all"
_COLUMNS = {"parcels": "parcel_number", "neighborhoods": "neighborhood", "property_classes": "property_class"}


@dataclass(frozen=True)
class ValueSelection:
    """Which values of a run. Those of ``parcels`` must each be ready for the step; of neighborhoods, classes and
    ``everything``, those that are ready are meant. Everything must be said: a selection of nothing is an error."""

    parcels: tuple[str, ...] = ()
    neighborhoods: tuple[str, ...] = ()
    property_classes: tuple[str, ...] = ()
    everything: bool = False

    def __post_init__(self) -> None:
        if self.everything == any(getattr(self, name) for name in _COLUMNS):
            raise ValueError("Select everything, or name parcels, neighborhoods or property classes.")

    def condition(self) -> Q:
        named = Q()
        for name, column in _COLUMNS.items():
            if names := getattr(self, name):
                named &= Q(**{f"{column}__in": names})
        return named

    def as_json(self) -> str | dict[str, list[str]]:
        named = {name: list(getattr(self, name)) for name in _COLUMNS if getattr(self, name)}
        return ALL if self.everything else named


EVERYTHING = ValueSelection(everything=True)


@dataclass(frozen=True)
class DecisionRequest:
    """``value``: to override or correct with. ``effective_date`` and ``tax_year``: to certify for. ``decision``: to
    revoke."""

    step: Step
    selection: ValueSelection
    reason: str
    value: int | None = None
    effective_date: date | None = None
    tax_year: int | None = None
    decision: Decision | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.step.value,
            "selection": self.selection.as_json(),
            "reason": self.reason,
            "value": self.value,
            "effective_date": None if self.effective_date is None else self.effective_date.isoformat(),
            "tax_year": self.tax_year,
            "decision": None if self.decision is None else str(self.decision.pk),
        }
