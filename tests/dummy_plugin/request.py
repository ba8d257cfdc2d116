"""What can be requested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terrafusion.jobs.request import (
    Boolean,
    Context,
    Faults,
    Integer,
    JobRequest,
    Number,
    Parameter,
    Text,
    read,
    read_area,
)
from tests.dummy_plugin.models import DummyJob

_DAY = 86_400
PARAMETERS: tuple[Parameter, ...] = (
    Integer("lines", 3, "Lines of the file.", 0, 1_000_000),
    Number("seconds", None, "How long the work takes.", 0, _DAY, unit="seconds"),
    Number("deaf_seconds", None, "How long it does not notice that it is to stop.", 0, _DAY, unit="seconds"),
    Number("query_seconds", None, "How long it waits for the database.", 0, _DAY, unit="seconds"),
    Integer("crash_attempts", 0, "Attempts that end the worker.", 0, 10),
    Text("raise", None, "How the work fails: burnt, bug, full, deadlock, or exit."),
    Boolean("no_file", False, "Whether the job has no file."),
)


@dataclass(frozen=True, kw_only=True)
class DummyRequest(JobRequest):
    model = DummyJob
    flavour: str

    def columns(self) -> dict[str, Any]:
        return {"flavour": self.flavour}


def build(members: Mapping[str, Any], user: Any, faults: Faults) -> DummyRequest | None:
    """The request that ``user`` makes with these members; what is wrong with them goes into ``faults``."""
    county, flavour = members.get("county_id"), members.get("flavour")
    values = read(PARAMETERS, members.get("parameters", {}), faults, Context(county, user))
    area = read_area(members.get("area_of_interest"), county, user, faults) if county else None
    if faults or county is None or flavour is None:
        return None
    return DummyRequest(county=county, area=area, values=values, flavour=flavour)
