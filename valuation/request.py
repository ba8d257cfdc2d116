"""A request for a run: checked, or refused with every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from terrafusion.jobs.request import Context, Faults, JobRequest, read
from terrafusion.types import AnyUser
from valuation import methods
from valuation import scope as scopes
from valuation.models import ValuationJob, ValuationModel

_FIRST, _AHEAD = date(1900, 1, 1), timedelta(days=730)


@dataclass(frozen=True, kw_only=True)
class ValuationRequest(JobRequest):
    model = ValuationJob

    method: str
    valuation_date: date
    scope: scopes.ValuationScope

    def columns(self) -> dict[str, Any]:
        return {
            "valuation_method": self.method,
            "valuation_date": self.valuation_date,
            "scope": self.scope.submitted,
            "estimated_parcels": self.scope.parcels().count(),
        }


def build(members: Mapping[str, Any], user: AnyUser, faults: Faults) -> ValuationRequest | None:
    """The request that ``user`` makes with these members; what is wrong with them goes into ``faults``."""
    county, method, day = (members.get(name) for name in ("county_id", "valuation_method", "valuation_date"))
    if day and not _FIRST <= day <= date.today() + _AHEAD:
        faults.add("valuation_date", f"Give a day from {_FIRST} to two years from now.")
    scope: scopes.ValuationScope | None = None
    if county and "scope" in members:
        with faults.at("scope"):
            scope = scopes.parse(members["scope"], county, user)
    values: dict[str, Any] = {}
    if method and "parameters" in members:
        values = read(methods.get(method).parameters, members["parameters"], faults, Context(county, user))
        if values.get("sales_from") and values.get("sales_to") and values["sales_from"] > values["sales_to"]:
            faults.add("parameters.sales_to", "This is before sales_from.")
    if faults or not (county and method and scope and "parameters" in members):
        return None
    if settle := methods.get(method).settle:
        with faults.at(""):
            day = settle(values, county, day)
    if faults or day is None:  # which a method that settles it alone may leave out
        return None
    if values.get("model"):
        _check_model(values["model"], day, faults)
    return ValuationRequest(
        county=county, area=scope.area, values=values, method=method, valuation_date=day, scope=scope
    )


def _check_model(model: str, valuation_date: date, faults: Faults) -> None:
    trained = ValuationModel.objects.values_list("valuation_date", flat=True).get(pk=model)
    if trained != valuation_date:
        reason = f"The model is of {trained}: its values are of that day. Ask for it, or train another."
        faults.add("parameters.model", reason)
