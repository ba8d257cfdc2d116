"""Every request that there is: each route with each of its methods, of either county, with a sound body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.sites import site
from django.urls import reverse

from tests.api.routes import Route, routes
from tests.rights.matrix.world import World, bodies
from tests.valuation.test_rate_tables import FIGURES

EDITS = {"counties": {"result_days": 20}, "schedules": {"enabled": False}}
DECISION = {"step": "review", "selection": "all", "reason": "Seen."}


@dataclass(frozen=True)
class Asked:
    """``name`` is the line of the table."""

    name: str
    method: str
    path: str
    body: Any = None


def asked(world: World) -> Iterator[Asked]:
    for route in routes("api/v1/"):
        if route.template.startswith("api/v1/dummy/"):
            continue
        path = "/" + route.template % {name: _key(route, name, world) for name in route.parameters}
        for method in set(route.methods) - {"head"}:  # REST adds it to a view with its first request
            query = f"?county_id={world.county.pk}" if method == "get" and _takes_county(route) else ""
            yield Asked(f"{method.upper()} {route.template}", method, path + query, _body(route, method, world))
    yield from _pages(world)


def _takes_county(route: Route) -> bool:
    """Lists of rows of several counties, what a county has or allows, and the newest value of one of its parcels."""
    words = route.template.split("/")[2:]
    named = words[0] in ("properties", "sales", "reference-layers", "personal-data-access", "schedules")
    kept = words[-1] in ("jobs", "formats", "layers", "models") or "rate-tables" in words
    return ((named or kept) and not route.parameters) or words[-1] == "valuation"


def _key(route: Route, name: str, world: World) -> str:
    words = route.template.split("/")[2:]
    if name == "name":  # a file of the job
        return _file_of(words[0], world)
    if name == "parcel":
        return world.keys["parcel"]
    for place in ("/".join(words[1:3]), words[1] if len(words) > 1 else "", words[0]):
        if place in world.keys:
            return world.keys[place]
    return "00000000-0000-0000-0000-000000000000"


def _file_of(plugin: str, world: World) -> str:
    return world.files.get(plugin, "none.csv")


def _body(route: Route, method: str, world: World) -> Any:
    words = route.template.split("/")[2:]
    if method in ("get", "head", "delete"):
        return None
    if method == "patch" and words[0] in EDITS:
        return EDITS[words[0]]
    if words[0] in bodies(world) and words[-1] in ("run", "estimate"):
        return bodies(world)[words[0]]
    if words[0] == "reporting" and words[-1] == "preview":
        return bodies(world)["reporting"]
    if words == ["schedules"]:
        return {"name": "New", "job_type": "gis_export", "cron": "0 6 * * *", "request": bodies(world)["gis-export"]}
    if "rate-tables" in words:
        figures = FIGURES[words[2]]
        if method == "patch":
            return {"source": "Board"}
        start = "2025-01-01" if method == "post" else "2024-01-01"
        return {"county_id": world.county.pk, "effective_from": start, **figures}
    if "decisions" in words:
        return DECISION
    return {}


def _pages(world: World) -> Iterator[Asked]:
    """The lists of the admin, whose rows are those of the user's counties, and the page of each record that is made."""
    for model in site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        yield Asked(f"GET admin {name}", "get", reverse(f"admin:{name}_changelist"))
        if {field.name for field in model._meta.concrete_fields} >= {"county"}:
            row = model._default_manager.filter(county=world.county).order_by("pk").first()
            if row is not None:
                yield Asked(f"GET admin {name} row", "get", reverse(f"admin:{name}_change", args=[row.pk]))
