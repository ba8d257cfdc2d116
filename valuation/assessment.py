"""By class: the share of market value that the law has values at, and which of the standard's kinds a class is of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terrafusion.records.models import CountySettings
from valuation.classes import name_fault, set_for
from valuation.errors import InvalidClasses
from valuation.study_terms import PropertyKind

_KEYS = {"level", "kind"}
# What a class is called shows its kind where the county has not said it; the first that fits.
_WORDS = (
    (re.compile(r"vacant|\bland\b|\blots?\b", re.IGNORECASE), PropertyKind.LAND),
    (re.compile(r"commerc|industr|apartm|income|office|retail|multi-?\s?family", re.IGNORECASE), PropertyKind.INCOME),
    (
        re.compile(r"manufact|mobile|season|recreat|rural|farm|agric|duplex", re.IGNORECASE),
        PropertyKind.RESIDENTIAL_OTHER,
    ),
)


@dataclass(frozen=True)
class ClassTerms:
    """``level``: the share of market value that values of the class are stated at; ``kind`` decides its COD range."""

    level: float = 1.0
    kind: PropertyKind = PropertyKind.RESIDENTIAL


@dataclass(frozen=True)
class Classes:
    """The terms of each class of a county. ``given`` is the setting ``assessment_classes``: by the name of a class, or
    its beginning and a star (``"5*"``), an object with ``level`` and ``kind``. The longest name that fits counts."""

    given: Mapping[str, Any]
    kind: PropertyKind | None = None
    """In place of every class's own."""

    def of(self, name: str) -> ClassTerms:
        own = set_for(self.given, name) or {}
        kind = self.kind or own.get("kind") or _kind_of(name)
        return ClassTerms(float(own.get("level", 1.0)), PropertyKind(kind))

    def at_market(self) -> Classes:
        """The same for values that a run makes: they are market values."""
        return Classes({name: {"kind": own["kind"]} for name, own in self.given.items() if "kind" in own}, self.kind)


MARKET = Classes({})
"""All at market value, each of the kind that it is called after."""


def classes_of(county_id: str, kind: PropertyKind | None = None) -> Classes:
    """As the county has set them."""
    return Classes(CountySettings.of(county_id).assessment_classes, kind)


def check(settings: CountySettings) -> dict[str, str]:
    """The fault of the setting, for the editors of settings; empty where it is sound."""
    try:
        parse(settings.assessment_classes)
    except InvalidClasses as faults:
        return {"assessment_classes": str(faults)}
    return {}


def parse(given: object) -> Classes:
    """Raises ``InvalidClasses`` naming every fault."""
    example = '{"Residential": {"level": 0.35, "kind": "residential"}, "*": {"level": 0.35}}'
    if not isinstance(given, dict):
        raise InvalidClasses(f"Give an object by class, such as {example}.")
    faults = [fault for name, own in given.items() for fault in _faults(name, own)]
    if faults:
        raise InvalidClasses(" ".join(faults))
    return Classes(given)


def _faults(name: str, own: object) -> list[str]:
    if fault := name_fault(name):
        return [fault]
    if not isinstance(own, dict) or not own or set(own) - _KEYS:
        return [f'{name}: give an object with level and kind, such as {{"level": 0.35, "kind": "residential"}}.']
    faults = []
    level = own.get("level", 1.0)
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.01 <= level <= 1:
        faults.append(f"{name}: level is a share of market value from 0.01 to 1, such as 0.35.")
    if "kind" in own and own["kind"] not in list(PropertyKind):
        faults.append(f"{name}: kind is one of {', '.join(PropertyKind)}.")
    return faults


def _kind_of(name: str) -> PropertyKind:
    return next((kind for words, kind in _WORDS if words.search(name)), PropertyKind.RESIDENTIAL)
