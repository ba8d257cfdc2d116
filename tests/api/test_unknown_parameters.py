"""The parameters of each kind of job, its areas and its conditions: a key with one letter wrong is refused, and the
nearest one is named. They are read from where the plugins declare them, so that a new one is covered by itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from rest_framework.test import APIClient

from gis_export import parameters as export_parameters
from gis_export.formats import registry as formats
from gis_export.models import GisExportJob
from market_analysis.catalogue import ANALYSES
from market_analysis.models import MarketAnalysisJob
from reporting.models import ReportJob
from reporting.reports import registry as reports
from reporting.reports.levy.report import LEVY
from terrafusion.jobs import options
from terrafusion.records.models import CountySettings
from terrafusion.records.sales.rules import Rules
from tests.api.data import CountyData
from tests.misspelled import misspellings, names_the_nearest
from valuation import methods
from valuation.models import ValuationJob

Case = tuple[str, dict[str, Any], tuple[str, ...], tuple[str, ...]]
"""Job type, body, way to an object inside it, and the keys of that object."""

RULES = tuple(field.name for field in fields(Rules))
EXPORT = {"export_format": "GeoJSON", "county_id": "COUNTY01", "layers": ["parcels"]}
RUN = {"valuation_method": "mass_appraisal", "valuation_date": "2021-01-01", "scope": "all"}
CONDITION = {"field": "zoning", "op": "=", "value": "R-1"}
AREAS: dict[str, dict[str, Any]] = {
    "bbox": {"type": "bbox", "coordinates": [-122, 47, -121, 48], "crs": "EPSG:4326"},
    "polygon": {"type": "Polygon", "coordinates": [], "bbox": [], "crs": "EPSG:4326"},
    "wkt": {"type": "wkt", "wkt": "POLYGON EMPTY", "crs": "EPSG:4326"},
    "parcels": {"type": "parcels", "parcels": ["000001"]},
    "district": {"type": "district", "layer": "zoning", "where": {}},
    "buffer": {"type": "buffer", "parcels": ["000001"], "distance": 1, "units": "ft"},
    "upload": {"type": "upload", "id": ""},
    "collection": {"type": "collection", "areas": []},
}


def _cases() -> Iterator[Case]:
    names = (*export_parameters.NAMES, *options.NAMES)
    yield "gis-export", EXPORT, ("parameters",), names
    yield "gis-export", EXPORT, ("parameters", "simplify"), ("tolerance", "units")
    yield "gis-export", EXPORT, ("parameters", "where", "[]"), ("field", "op", "value", "ignore_case")
    for made in formats.all_formats().values():
        if made.options:
            known = tuple(option.name for option in made.options)
            yield "gis-export", {**EXPORT, "export_format": made.name}, ("parameters", "options"), known
    for name, analysis in ANALYSES.items():
        body = {"analysis_type": name, "county_id": "COUNTY01", "geography": "neighborhood"}
        known = tuple(parameter.name for parameter in analysis.parameters)
        yield "market-analysis", body, ("parameters",), (*known, "screening", *options.NAMES)
        yield "market-analysis", body, ("parameters", "screening"), RULES
        yield "market-analysis", body, ("period",), ("from", "to", "step")
    for name, report in reports.ALL.items():
        body = {"report_type": name, "county_id": "COUNTY01"}
        known = tuple(parameter.name for parameter in report.parameters)
        yield "reporting", body, ("parameters",), (*known, *options.NAMES)
        if "levies" in known:
            yield "reporting", body, ("parameters", "levies", "[]"), tuple(member.name for member in LEVY.members)
        if "valuation_job" in known:
            yield "reporting", body, ("parameters", "valuation_job"), (*RUN, "parameters")
    for method in methods.all_methods():
        body = {**RUN, "county_id": "COUNTY01", "valuation_method": method.name}
        yield "valuation", body, ("parameters",), (*(one.name for one in method.parameters), *options.NAMES)
        yield "valuation", body, ("parameters", "screening"), RULES


CASES = list(_cases())


def _with(body: dict[str, Any], inside: tuple[str, ...], inner: dict[str, Any]) -> dict[str, Any]:
    nested: Any = inner
    for name in reversed(inside):
        nested = [nested] if name == "[]" else {name: nested}
    return {**body, **nested}


@pytest.fixture(autouse=True)
def _any_format(county: CountyData) -> None:
    CountySettings.objects.update(allowed_formats=[])


def test_parameters(admin_api: APIClient, county: CountyData) -> None:
    wrongly = []
    for kind, body, inside, known in CASES:
        chance = random.Random(f"{kind} {inside} {known}")
        for name in known:
            for wrong in chance.sample(list(misspellings(name, known)), 1):
                response = admin_api.post(f"/api/v1/{kind}/run", _with(body, inside, {wrong: 1}), format="json")
                errors = response.json()["errors"] if response.status_code == 400 else []
                named = [fault for fault in errors if (fault["field"] or "").rpartition(".")[2] == wrong]
                if not (named and names_the_nearest(named[0])):
                    wrongly.append((kind, inside, wrong, response.status_code, errors))
    assert not wrongly, "\n".join(map(str, wrongly))
    _nothing_is_done()


@pytest.mark.parametrize("kind", AREAS)
def test_members_of_areas(admin_api: APIClient, county: CountyData, kind: str) -> None:
    area = AREAS[kind]
    for name in area:
        for wrong in misspellings(name, (*area, "of")):
            given = {member: value for member, value in area.items() if member != name} | {wrong: area[name]}
            response = admin_api.post("/api/v1/gis-export/run", {**EXPORT, "area_of_interest": given}, format="json")
            assert response.status_code == 400, (wrong, response.content)
            if name != "type":
                fault = response.json()["errors"][0]
                assert names_the_nearest({**fault, "field": wrong}), fault
    _nothing_is_done()


def test_a_crs_that_is_misspelled_beside_a_feature(admin_api: APIClient, county: CountyData) -> None:
    ring = [[-122, 47], [-121, 47], [-121, 48], [-122, 47]]
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {"crs": 1}}
    collection = {"type": "FeatureCollection", "features": [feature]}
    address = "/api/v1/gis-export/estimate"
    for area in (feature, collection):
        for wrong in (*misspellings("crs"), "CRS", "srs"):
            body = {**EXPORT, "area_of_interest": {**area, wrong: "EPSG:4269"}}
            response = admin_api.post(address, body, format="json")
            assert response.status_code == 400, (wrong, response.content)
            assert "Did you mean 'crs'?" in response.json()["errors"][0]["detail"]
        body = {**EXPORT, "area_of_interest": {**area, "crs": "EPSG:4269", "name": "A", "class": "B", "style": {}}}
        assert admin_api.post(address, body, format="json").status_code == 200
    inner = {**collection, "features": [{**feature, "crs": "EPSG:2926"}]}
    response = admin_api.post(address, {**EXPORT, "area_of_interest": inner}, format="json")
    assert "once for the whole area" in response.json()["errors"][0]["detail"]


@pytest.mark.parametrize("wrong", ["parcel", "neighborhood", "area_of_intrest", "al"])
def test_kinds_of_a_scope(admin_api: APIClient, county: CountyData, wrong: str) -> None:
    body = {**RUN, "county_id": "COUNTY01", "scope": {wrong: ["000001"]}}
    response = admin_api.post("/api/v1/valuation/run", body, format="json")
    assert response.status_code == 400
    (fault,) = [fault for fault in response.json()["errors"] if fault["field"].startswith("scope")]
    assert "Unknown key" in fault["detail"]
    _nothing_is_done()


def _nothing_is_done() -> None:
    for model in (GisExportJob, MarketAnalysisJob, ReportJob, ValuationJob):
        assert not model._default_manager.exists()
