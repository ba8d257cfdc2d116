"""No parameter of any plugin leads to a personal field without the right to it; with it, the result is personal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from gis_export import parameters as export_parameters
from gis_export.serializers import ExportRunSerializer
from market_analysis.catalogue import ANALYSES
from market_analysis.serializers import MarketAnalysisRunSerializer
from reporting.reports import registry
from reporting.serializers import ReportRunSerializer
from terrafusion.areas.reading import KINDS
from terrafusion.jobs.registry import all_types
from terrafusion.records.models import County, CountyAccess, ReferenceLayer
from tests.conftest import ClientOf
from tests.rights.conftest import MARK
from tests.rights.reading import content, finished, made, read
from valuation import methods
from valuation.api.run import ValuationRunSerializer

LAYER = "zones"
Case = tuple[str, dict[str, Any], str]
"""A plugin, a valid body, and the dotted path of one of its members."""


def shapes(plugin: str) -> list[Any]:
    """A personal field, in every shape in which a request may name one; for exports, which name fields, also one of
    parcels."""
    fields = [(LAYER, "HOLDER"), *([("parcels", "owner_name")] if plugin == "gis_export" else [])]
    return [shape for layer, field in fields for shape in _shapes(layer, field)]


def _shapes(layer: str, field: str) -> list[Any]:
    asks = {"field": field, "op": "starts_with", "value": "X"}
    return [
        *(field, f"{layer}.{field}", f"attributes__{field}"),
        *([field], {layer: [field]}, {field: "X"}, [asks]),
    ]


def bodies(county: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """Of each plugin and kind of job a valid body, and the names of its parameters."""
    export = {"export_format": "CSV", "county_id": county, "layers": [LAYER]}
    yield "gis_export", export, list(export_parameters.NAMES)
    yield "gis_export", {**export, "layers": ["parcels"]}, list(export_parameters.NAMES)
    for name, analysis in ANALYSES.items():
        body = {"analysis_type": name, "county_id": county, "geography": LAYER, "parameters": {}}
        if any(one.required for one in analysis.parameters):
            body["parameters"] = {"subject": "a"}
        yield "market_analysis", body, [*(one.name for one in analysis.parameters), "screening"]
    for name, report in registry.ALL.items():
        given: dict[str, Any] = {"district_layer": LAYER} if name == "assessment_roll" else {}
        body = {"report_type": name, "county_id": county, "format": "json", "parameters": given}
        yield "reporting", body, [one.name for one in report.parameters]
    for method in methods.all_methods():
        body = {"valuation_method": method.name, "county_id": county, "valuation_date": "2026-01-01", "parameters": {}}
        yield "valuation", body, [one.name for one in method.parameters]


MEMBERS = {
    "gis_export": ExportRunSerializer,
    "market_analysis": MarketAnalysisRunSerializer,
    "reporting": ReportRunSerializer,
    "valuation": ValuationRunSerializer,
}


def cases(county: str) -> Iterator[Case]:
    walked: set[Any] = set()  # a parameter that several kinds of job share; of reports each has its own
    for plugin, body, parameters in bodies(county):
        for member in [] if plugin in walked else MEMBERS[plugin]().fields:
            if member not in ("parameters", "county_id"):
                yield plugin, body, member
        walked.add(plugin)
        for name in parameters:
            if plugin not in ("market_analysis", "valuation") or (plugin, name) not in walked:
                yield plugin, body, f"parameters.{name}"
            walked.add((plugin, name))


def with_value(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {**body, first: {**body.get(first, {}), rest: value} if rest else value}


def asked(client: APIClient, plugin: str, body: dict[str, Any]) -> Iterator[Any]:
    for action in ("run", *{"reporting": ["preview"], "gis_export": ["estimate"]}.get(plugin, [])):
        yield client.post(reverse(f"{plugin}:{action}"), body, format="json")


def queued() -> list[Any]:
    return [job for job_type in all_types() for job in job_type.model.objects.all()]


def test_the_walk_knows_every_plugin(ground: County) -> None:
    public = {one.name for one in all_types() if not one.internal} - {"dummy"}
    assert {plugin for plugin, _, _ in cases("X")} == public == set(MEMBERS)


@pytest.mark.timeout(600)  # 5,000 requests
def test_no_parameter_leads_to_a_personal_field(transactional_db: None, ground: County, api: APIClient) -> None:
    """Every one is refused, but where any text may stand, which is looked up nowhere."""
    accepted = set()
    for plugin, body, path in cases(ground.pk):
        for value in shapes(plugin):
            response = api.post(reverse(f"{plugin}:run"), with_value(body, path, value), format="json")
            assert MARK not in content(response), (plugin, path, value)
            if response.status_code == 202:
                accepted.add((plugin, path))
            else:
                assert response.status_code in (400, 403), (plugin, path, value, response.content)
    assert accepted == TAKE_ANY_TEXT
    assert {job.analysis_type for job in queued()} == {"comparable_market_area"}


TAKE_ANY_TEXT = {("market_analysis", "parameters.subject")}
"""The name of a place, of which there may be one when the analysis runs."""


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_area_is_made_of_a_personal_field(
    kind: str, ground: County, api: APIClient, theirs: APIClient
) -> None:
    """Not for those with the right either: the area stays on the job, which whoever sees the county sees."""
    district = {"type": "district", "layer": LAYER, "where": {"HOLDER": MARK}}
    area = {**district, "type": kind, "areas": [district], "area": district, "distance": 5, "units": "ft"}
    for member in ([], ["areas"], ["area"], ["layer", "where"]):
        given = {name: value for name, value in area.items() if name not in member}
        for client in (api, theirs):
            for plugin, body in {plugin: body for plugin, body, _ in bodies(ground.pk)}.items():
                path = "scope" if plugin == "valuation" else "area_of_interest"
                wanted = {"area_of_interest": given} if plugin == "valuation" else given
                for response in asked(client, plugin, with_value(body, path, wanted)):
                    assert response.status_code == 400, (plugin, given, response.content)
    assert not queued()


NAMING: list[tuple[str, dict[str, Any]]] = [
    ("gis_export", {"export_format": "CSV", "layers": [LAYER], "parameters": {"fields": ["HOLDER"]}}),
    (
        "gis_export",
        {
            "export_format": "CSV",
            "layers": [LAYER],
            "parameters": {"where": [{"field": "HOLDER", "op": "=", "value": MARK}]},
        },
    ),
    ("gis_export", {"export_format": "CSV", "layers": ["parcels"], "parameters": {"fields": ["owner_name"]}}),
    ("market_analysis", {"analysis_type": "sales_activity", "geography": f"{LAYER}.HOLDER"}),
    (
        "reporting",
        {
            "report_type": "assessment_roll",
            "format": "json",
            "parameters": {"district_layer": LAYER, "district_label": "HOLDER"},
        },
    ),
]


@pytest.mark.parametrize(("plugin", "body"), NAMING, ids=lambda value: str(value)[:60])
def test_with_the_right_it_is_had_and_the_result_is_personal(
    transactional_db: None,
    plugin: str,
    body: dict[str, Any],
    ground: County,
    api: APIClient,
    theirs: APIClient,
    viewer: Any,
    manager: Any,
    trusted: Any,
    client_of: ClientOf,
) -> None:
    body = {"county_id": ground.pk, **body}
    for response in asked(api, plugin, body):
        assert response.status_code == 400, response.content
        assert "You have no right to personal data" in content(response)
    assert not queued()

    job = made(theirs, plugin, body)
    assert job.contains_personal_data
    seen = read(theirs, job)
    assert {status for status, _ in seen.values()} == {200}
    assert any(MARK in text for _, text in seen.values())
    assert theirs.get(reverse(f"{plugin}:results", args=[job.pk])).json()["result"]["contains_personal_data"] is True
    for user in (viewer, manager):
        seen = read(client_of(user), job)
        assert not [address for address, (_, text) in seen.items() if MARK in text]
        status = {address.partition(" ")[0]: status for address, (status, _) in seen.items()}
        assert status[reverse(f"{plugin}:download", args=[job.pk])] == 403
        assert status[reverse(f"{plugin}:files", args=[job.pk])] == 403
        assert client_of(user).get(reverse(f"{plugin}:results", args=[job.pk])).json()["result"] is None

    # An identical request of another finds the result, and does not get it; nor does a rerun that names the field.
    assert theirs.post(reverse(f"{plugin}:run"), body, format="json").json()["reused_from"] == str(job.pk)
    again = client_of(manager).post(reverse(f"{plugin}:rerun", args=[job.pk]))
    if again.status_code == 202:  # exports withhold what the one who asks may not have
        other = finished(plugin, again.json()["job_id"])
        assert not other.contains_personal_data
        assert not any(MARK in text for _, text in read(client_of(viewer), other).values())
    else:
        assert again.status_code in (400, 409)

    # The right is asked when the result is read, too.
    CountyAccess.objects.filter(user=trusted).update(may_see_personal_data=False)
    assert not [text for _, text in read(theirs, job).values() if MARK in text]


def test_a_personal_analysis_fills_no_layer(
    transactional_db: None, ground: County, api: APIClient, theirs: APIClient
) -> None:
    plain = {"analysis_type": "sales_activity", "county_id": ground.pk, "geography": LAYER}
    public = made(api, "market_analysis", plain)
    made(theirs, "market_analysis", {**plain, "geography": f"{LAYER}.HOLDER"})
    export = {"export_format": "CSV", "county_id": ground.pk, "layers": ["market_sales_activity"]}
    job = made(api, "gis_export", export)
    assert job.contains_personal_data is False
    assert MARK not in " ".join(text for _, text in read(api, job).values())
    layers = api.get(reverse("gis_export:layers"), {"county_id": ground.pk}).json()
    (shown,) = (layer for layer in layers if layer["name"] == "market_sales_activity")
    assert str(public.pk) in shown["source"]


def test_a_report_of_a_personal_analysis_is_personal(
    transactional_db: None, ground: County, api: APIClient, theirs: APIClient, viewer: Any, client_of: ClientOf
) -> None:
    analysis = made(
        theirs,
        "market_analysis",
        {"analysis_type": "sales_activity", "county_id": ground.pk, "geography": f"{LAYER}.HOLDER"},
    )
    for named in (str(analysis.pk), "latest"):
        body = {
            "report_type": "market_summary",
            "county_id": ground.pk,
            "format": "json",
            "parameters": {"market_jobs": [named]},
        }
        for response in asked(api, "reporting", body):
            assert response.status_code == 400
            assert MARK not in content(response)
        job = made(theirs, "reporting", body)
        assert job.contains_personal_data
        assert not [text for _, text in read(client_of(viewer), job).values() if MARK in text]


def test_a_field_that_is_declared_personal_while_the_job_waits(
    transactional_db: None, ground: County, api: APIClient
) -> None:
    body = {"analysis_type": "sales_activity", "county_id": ground.pk, "geography": f"{LAYER}.CODE"}
    waiting = api.post(reverse("market_analysis:run"), body, format="json").json()["job_id"]
    ReferenceLayer.objects.filter(name=LAYER).update(
        field_schema=[{"name": name, "type": "text", "personal": True} for name in ("CODE", "HOLDER")]
    )
    with pytest.raises(AssertionError, match="no right to personal data: CODE of zones"):
        finished("market_analysis", waiting)
