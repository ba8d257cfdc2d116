"""The screening of sales as a parameter: rules that differ from the county's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from terrafusion.jobs.request.errors import InvalidRequest
from terrafusion.jobs.request.parameter import Context, Parameter, Schema
from terrafusion.records.errors import InvalidRules
from terrafusion.records.sales.frame import rules_of
from terrafusion.records.sales.rules import Rules


@dataclass(frozen=True)
class Screening(Parameter):
    """Its value stays as it is given; ``Rules.parse`` makes rules of it and of the county's."""

    def parse(self, value: Any, context: Context) -> dict[str, Any]:
        try:
            Rules.parse(value, rules_of(context.county.pk) if context.county else None)
        except InvalidRules as invalid:
            raise InvalidRequest(invalid.faults) from None
        return dict(value)

    def value_schema(self) -> Schema:
        return {"type": "object"}


SCREENING = Screening(
    "screening", {}, 'Rules of sales screening that differ from the county\'s, such as {"min_price": 50000}.'
)
