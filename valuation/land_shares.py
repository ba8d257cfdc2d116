"""The county's setting ``land_shares``: by class, the share of land in a value where only allocation gives it."""

from __future__ import annotations

from collections.abc import Mapping

from terrafusion.records.models import CountySettings
from valuation.classes import name_fault

_EXAMPLE = '{"Residential": 0.3, "*": 0.2}'


def shares_of(county_id: str) -> Mapping[str, float]:
    """As the county has set them, for ``classes.set_for``; empty where it has not."""
    given: Mapping[str, float] = CountySettings.of(county_id).land_shares
    return given


def check(settings: CountySettings) -> dict[str, str]:
    """The fault of the setting, for the editors of settings; empty where it is sound."""
    given = settings.land_shares
    if not isinstance(given, dict):
        return {"land_shares": f"Give an object by class, such as {_EXAMPLE}."}
    faults = " ".join(fault for name, share in given.items() if (fault := _fault(name, share)))
    return {"land_shares": faults} if faults else {}


def _fault(name: str, share: object) -> str:
    if fault := name_fault(name):
        return fault
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        return f"{name}: give the land's share of the value, from 0 to 1, such as 0.3."
    return ""
