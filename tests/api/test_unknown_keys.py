"""Over the whole product: a documented key with one letter wrong is refused, the nearest one is named, and nothing is
done. What is documented is read from the OpenAPI schema, so that a new address is covered by itself."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import FloatField
from django.db.models.functions import Now
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient
from rest_framework.views import APIView

from gis_export.models import GisExportJob
from terrafusion.api import keys
from terrafusion.api.views import KnownParameters
from terrafusion.jobs.models import Schedule
from tests.api.data import CountyData
from tests.api.routes import routes
from tests.misspelled import misspellings, names_the_nearest
from valuation.models import SCHEDULES, ValuationJob

_DONE = {"status": "COMPLETED", "completed_at": Now()}
_WATCHED = ("accounts", "gis_export", "jobs", "market_analysis", "records", "reporting", "valuation", "dummy")


@cache
def schema() -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


@dataclass(frozen=True)
class Documented:
    """``keys``: of the query string, or of one depth of the body. ``inside``: the way there through the body."""

    method: str
    path: str
    keys: tuple[str, ...]
    inside: tuple[str, ...] | None = None
    form: bool = False

    def __str__(self) -> str:
        place = "query" if self.inside is None else ".".join(("body", *self.inside))
        return f"{self.method} {self.path} {place}" + (" as a form" if self.form else "")


def _operations() -> Iterator[tuple[str, str, Any]]:
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _queries() -> Iterator[Documented]:
    for method, path, operation in _operations():
        given = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
        yield Documented(method, path, tuple(name for name in given if name != "where"))


def _bodies() -> Iterator[Documented]:
    for method, path, operation in _operations():
        kinds = operation.get("requestBody", {}).get("content", {})
        for kind, content in kinds.items():
            if kind != "application/x-www-form-urlencoded":
                form = kind != "application/json"
                depths = _depths(content["schema"], ())
                yield from (Documented(method, path, names, at, form) for at, names in depths if not (form and at))


def _depths(given: Any, inside: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each object whose members are all documented, with the way to it; [] stands for an item of a list."""
    if reference := given.get("$ref"):
        given = schema()["components"]["schemas"][reference.rpartition("/")[2]]
    for part in (*given.get("allOf", ()), *given.get("oneOf", ()), *given.get("anyOf", ())):
        yield from _depths(part, inside)
    if "items" in given:
        yield from _depths(given["items"], (*inside, "[]"))
    properties = given.get("properties", {})
    if properties:
        yield inside, tuple(properties)
        for name, inner in properties.items():
            yield from _depths(inner, (*inside, name))


_BASES = {"/api/v1/market-analysis/run": {"analysis_type": "price_trend", "county_id": "COUNTY01"}}
"""What must be there for the insides of a body to be looked at."""
QUERIES = list(_queries())
BODIES = [body for body in _bodies() if "parameters" not in (body.inside or ())]
"""``parameters`` depend on the kind of job: test_unknown_parameters.py has those of each."""


@pytest.fixture
def paths(county: CountyData) -> dict[str, str]:
    """Something that is there, by the name of the path's parameter."""
    job = GisExportJob.objects.create(county=county.county, export_format="GeoJSON", layers=["parcels"], **_DONE)
    run = ValuationJob.objects.create(
        county=county.county, valuation_method="cost", valuation_date="2022-01-01", scope="all", **_DONE
    )
    schedule = Schedule.objects.create(
        county=county.county,
        name="S",
        job_type="gis_export",
        request={},
        cron="0 5 * * MON",
        time_zone="UTC",
        enabled=False,
    )
    rates = {f"rate-tables/{kind}": str(_rate(table, county).pk) for kind, table in SCHEDULES.items()}
    return {
        **rates,
        "job_id": str(job.pk),
        "valuation": str(run.pk),
        "schedule_id": str(schedule.pk),
        "properties": str(county.parcels[0].pk),
        "sales": str(county.sales[0].pk),
        "reference-layers": str(county.layer.pk),
        "counties": county.county.pk,
    }


def _rate(table: Any, county: CountyData) -> Any:
    """A row of a table of rates."""
    numbers = [column.name for column in table._meta.concrete_fields if isinstance(column, FloatField)]
    return table.objects.create(county=county.county, effective_from="2020-01-01", **dict.fromkeys(numbers, 1))


def _address(path: str, there: dict[str, str]) -> str:
    group = max((group for group in there if f"/{group}/" in path), key=len, default=None)

    def value(match: re.Match[str]) -> str:
        return there.get(group or match[1], str(uuid.UUID(int=1)))

    return re.sub(r"\{([^}]*)\}", value, path)


def _some(documented: Documented, count: int = 2) -> Iterator[str]:
    """Misspellings of each key: two of them, others for each place, and the same in each run."""
    chance = random.Random(str(documented))
    for name in documented.keys:
        wrong_names = list(misspellings(name, documented.keys))
        yield from chance.sample(wrong_names, min(count, len(wrong_names)))


def _rows() -> dict[str, int]:
    models = [model for app in apps.get_app_configs() if app.label in _WATCHED for model in app.get_models()]
    return {model._meta.label: model._default_manager.count() for model in models}


def _refused(response: Any, wrong: str, code: str) -> bool:
    """Whether it is, with the nearest key named."""
    faults = response.json()["errors"] if response.status_code == 400 else []
    named = [fault for fault in faults if (fault["field"] or "").rpartition(".")[2] == wrong]
    return [fault["code"] for fault in named] == [code] and names_the_nearest(named[0])


def test_query_strings(admin_api: APIClient, paths: dict[str, str]) -> None:
    before = _rows()
    wrongly = []
    for documented in QUERIES:
        call, address = getattr(admin_api, documented.method), _address(documented.path, paths)
        for wrong in (*_some(documented), "formt"):
            response = call(f"{address}?{wrong}=1")
            if not _refused(response, wrong, "unknown_parameter"):
                wrongly.append((str(documented), wrong, response.status_code, response.content[:500]))
    assert not wrongly, "\n".join(map(str, wrongly))
    assert _rows() == before


def test_bodies(admin_api: APIClient, paths: dict[str, str]) -> None:
    before = _rows()
    wrongly = []
    for documented in BODIES:
        call, address = getattr(admin_api, documented.method), _address(documented.path, paths)
        for wrong in _some(documented):
            body: Any = {wrong: SimpleUploadedFile("a.txt", b"1") if documented.form else "1"}
            for name in reversed(documented.inside or ()):
                body = [body] if name == "[]" else {name: body}
            if documented.inside:
                body = {**_BASES.get(documented.path, {}), **body}
            response = call(address, body, format="multipart" if documented.form else "json")
            if not _refused(response, wrong, "unknown_key"):
                wrongly.append((str(documented), wrong, response.status_code, response.content[:500]))
    assert not wrongly, "\n".join(map(str, wrongly))
    assert _rows() == before


def test_every_view_knows_its_keys() -> None:
    for route in routes("api/v1/"):
        view = getattr(route.view, "cls", None) or getattr(route.view, "view_class", None)
        if view is None:
            continue
        assert issubclass(view, APIView)
        assert issubclass(view, KnownParameters), f"{view}: derive it from terrafusion.api.views.KnownParameters"


@pytest.mark.parametrize(
    ("given", "known", "meant"),
    [
        ("selektion", ("step", "selection", "reason"), "selection"),
        ("parcel", ("parcels", "neighborhoods", "property_classes"), "parcels"),
        ("SELECTION", ("step", "selection"), "selection"),
        ("bx", ("by", "tiers"), "by"),
        ("t", ("from", "to", "step"), "to"),
        ("zebra", ("county_id", "in_bbox"), None),
        ("anything", (), None),
    ],
)
def test_the_nearest_key(given: str, known: tuple[str, ...], meant: str | None) -> None:
    assert keys.nearest(given, known) == meant
    (message,) = keys.unknown([given], known).values()
    assert message.startswith(f"Unknown key '{given}'.")
    assert ("Did you mean" in message) is (meant is not None)
    assert all(name in message for name in known)
    assert keys.unknown(known, known) == {}


def test_of_every_misspelling_the_nearest_key_is_named() -> None:
    for documented in (*QUERIES, *BODIES):
        noun = "parameter" if documented.inside is None else "key"
        for name in documented.keys:
            for wrong in misspellings(name, documented.keys):
                (message,) = keys.unknown([wrong], documented.keys, noun).values()
                assert names_the_nearest({"field": wrong, "detail": message}), message
