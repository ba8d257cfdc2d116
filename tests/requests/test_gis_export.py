"""What exports answer to requests, for jobs and for estimates."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from gis_export.formats import registry
from gis_export.models import GisExportJob
from terrafusion.records.models import County, CountySettings
from tests.conftest import ClientOf, MakeUser, Role
from tests.gis_export import data
from tests.requests.recording import Case, Form, Recorder, compare, documented, senders

BOX = {"type": "bbox", "coordinates": [data.WEST - 0.01, data.SOUTH - 0.01, data.WEST + 0.01, data.SOUTH + 0.01]}
SWAPPED = {"type": "bbox", "coordinates": [46.0, -120.5, 46.5, -120.0]}
EXPORT = {"export_format": "GeoJSON", "county_id": "COUNTY01", "layers": ["parcels"]}
R1 = {"field": "zoning", "op": "=", "value": "R-1"}
MEMBERS: list[dict[str, Any]] = [
    {"export_format": "Shape"},
    {"export_format": None},
    {"export_format": ""},
    {"export_format": {}},
    {"export_format": 5},
    {"layers": []},
    {"layers": None},
    {"layers": "parcels"},
    {"layers": ["parcels", "rivers", "lakes"]},
    {"layers": ["parcels", "parcels"]},
    {"layers": ["parcels", "rivers", "rivers"]},
    {"layers": [5, None, {}]},
    {"layers": ["parcels"] * 51},
    {"layers": ["parcels", "sales", "zoning", "roads", "trees"]},
    {"area_of_interest": BOX},
    {"area_of_interest": None},
    {"area_of_interest": SWAPPED},
    {"area_of_interest": {"type": "bbox", "coordinates": [1, 2]}},
    {"area_of_interest": {"type": "bbox", "coordinates": [170, -10, -170, 10]}},
    {"area_of_interest": "POINT (1 2)"},
    {"area_of_interest": "POLYGON ((-122 47, -121 47, -121 48, -122 47))"},
    {"area_of_interest": 5},
    {"area_of_interest": []},
    {"area_of_interest": {"type": "square"}},
    {"area_of_interest": {"type": "parcels", "parcels": ["0000", "0001"]}},
    {"area_of_interest": {"type": "parcels", "parcels": ["nowhere"], "parcel": 1}},
    {"area_of_interest": {"type": "buffer", "parcels": ["0000"], "distance": 300, "units": "ft"}},
    {"area_of_interest": {"type": "district", "layer": "zoning", "where": {"label": "0012"}}},
    {"area_of_interest": {"type": "upload", "id": "x"}},
    {"area_of_interest": [BOX, {"type": "parcels", "parcels": ["0000"]}]},
    {"parameters": []},
    {"parameters": None},
    {"parameters": "{}"},
    {"county_id": None},
    {"county_id": "NOWHERE"},
    {"county_id": "COUNTY02"},
    {"county_id": 5},
    {"exportformat": "CSV", "layer": "parcels", "aera_of_interest": BOX},
]
PARAMETERS: list[dict[str, Any]] = [
    {"spatial_operation": "touches"},
    {"spatial_operation": ["clip"]},
    {"spatial_operation": None},
    {"spatial_operation": "within"},
    {"crs": "EPSG:12"},
    {"crs": 4326.5},
    {"crs": ""},
    {"crs": {}},
    {"crs": None},
    {"crs": "EPSG:2926"},
    {"crs": "EPSG:6244"},
    {"crs": "state_plane"},
    {"precision": -1},
    {"precision": 16},
    {"precision": True},
    {"precision": "6"},
    {"precision": 1.5},
    {"precision": None},
    {"precision": 6},
    {"simplify": 10},
    {"simplify": {}},
    {"simplify": None},
    {"simplify": {"tolerance": 0, "units": "m"}},
    {"simplify": {"tolerance": "5", "units": "m"}},
    {"simplify": {"tolerance": 11, "units": "km"}},
    {"simplify": {"tolerance": 1, "units": ["m"]}},
    {"simplify": {"tolerance": 1, "units": "m", "keep": True}},
    {"simplify": {"tolerance": 10, "units": "ft"}},
    {"as_of": "2024-13-01"},
    {"as_of": 2024},
    {"as_of": "2024-01-01"},
    {"as_of": "2024-01-01", "changed_since": "2024-01-01"},
    {"as_of": "2024-01-01", "changed_since": "2023-01-01"},
    {"changed_since": "yesterday"},
    {"changed_since": None},
    {"include_assessment_data": "yes"},
    {"include_assessment_data": 1},
    {"include_assessment_data": False},
    {"include_assessment_data": True},
    {"fields": {"parcels": ["color"]}},
    {"fields": {"roads": ["label"]}},
    {"fields": {"parcels": [], "parcel": ["zoning"]}},
    {"fields": {"parcels": "parcel_number"}},
    {"fields": {"parcels": [1]}},
    {"fields": {"parcels": ["zoning", "zoning"]}},
    {"fields": {"parcels": ["parcel_number", "owner_name"]}},
    {"fields": ["parcel_number", "zoning"]},
    {"fields": ["x"]},
    {"fields": 5},
    {"fields": {}},
    {"fields": None},
    {"where": [R1]},
    {"where": {"parcels": [R1]}},
    {"where": {"roads": []}},
    {"where": []},
    {"where": None},
    {"where": "zoning = 'R'"},
    {"where": ["zoning = 'R'"]},
    {"where": [{"field": "color", "op": "=", "value": "red"}]},
    {"where": [{"field": "parcel_number", "op": "like", "value": "1%"}]},
    {"where": [{"field": "total_value", "op": "contains", "value": "1"}]},
    {"where": [{"field": "total_value", "op": "=", "value": "500"}]},
    {"where": [{"field": "total_value", "op": "between", "value": [2, 1]}]},
    {"where": [{"field": "total_value", "op": "in", "value": []}]},
    {"where": [{"field": "zoning", "op": "=", "value": "R", "case": True}]},
    {"where": [{"field": "owner_name", "op": "contains", "value": "x"}]},
    {"where": [R1, {"any": [{"field": "zoning", "op": "=", "value": 1}, R1]}]},
    {"where": [{"any": []}]},
    {"where": [R1] * 201},
    {"where": [[[[[[[R1]]]]]]]},
    {"package": "tar"},
    {"package": None},
    {"package": "zip"},
    {"options": []},
    {"options": {"geometry": "point"}},
    {"options": None},
    {"sql": "1; DROP TABLE x", "crz": 1, "form": 2},
    {"fresh": True, "expires_in": "30d"},
    {"fresh": "perhaps", "expires_in": 5, "webhook": "x", "crs": "EPSG:12"},
    {"x" * 300: 1},
]
WRONG = {
    "export_format": "GeoJSONN",
    "county_id": "COUNTY01",
    "layers": ["parcels", "rivers"],
    "area_of_interest": SWAPPED,
    "parameters": {"crs": "EPSG:12", "fields": {"parcels": ["color"]}, "package": "tar", "sql": "1"},
}
UNREADABLE: list[dict[str, Any]] = [
    {"county_id": "NOWHERE"},
    {"county_id": None},
    {"layers": []},
    {"export_format": {}},
    {"parameters": []},
    {"area_of_interest": "{"},
    {"layrs": 1},
]
TWO_LAYERS: list[dict[str, Any]] = [
    {"fields": ["zoning"]},
    {"fields": {"parcels": ["zoning"], "zoning": ["label", "big"]}},
    {"where": [R1]},
    {"where": {"parcel": [R1]}},
    {"where": {"parcels": [R1], "zoning": [{"field": "big", "op": "is_null"}]}},
    {"where": {"zoning": [{"field": "big", "op": "in", "value": [1, "x"]}], "parcels": {"any": [R1, R1]}}},
    {"as_of": "2024-01-01", "include_assessment_data": True, "simplify": {"tolerance": 1, "units": "km"}},
]
SHAPES: list[Case] = [
    ("nothing", {}),
    ("a list", []),
    ("no JSON", b"{"),
    ("by default", EXPORT),
    ("a form", Form(export_format="CSV", county_id="COUNTY01", layers="parcels, zoning", area_of_interest="")),
    ("a form of nonsense", Form(export_format="x", county_id="COUNTY01", layers="", parameters="{")),
    ("dates without parcels", {**EXPORT, "layers": ["sales"], "parameters": {"as_of": "2024-01-01"}}),
    ("personal data", {**EXPORT, "parameters": {"fields": ["owner_name"]}}, "keeper"),
    (
        "a filter by personal data",
        {**EXPORT, "parameters": {"where": [{"field": "owner_name", "op": "contains", "value": "x"}]}},
        "keeper",
    ),
    ("a viewer", EXPORT, "viewer"),
    ("an outsider", EXPORT, "outsider"),
    ("everything at once", WRONG),
    *((f"everything and {next(iter(given))} {number}", {**WRONG, **given}) for number, given in enumerate(UNREADABLE)),
]


def cases() -> list[Case]:
    all_cases = [*SHAPES]
    all_cases += [(f"member {number} {next(iter(given))}", {**EXPORT, **given}) for number, given in enumerate(MEMBERS)]
    for number, given in enumerate(PARAMETERS):
        all_cases.append((f"parameters {number} {next(iter(given))[:30]}", {**EXPORT, "parameters": given}))
    both = {**EXPORT, "export_format": "GeoPackage", "layers": ["parcels", "zoning"]}
    all_cases += [(f"of two layers {number}", {**both, "parameters": given}) for number, given in enumerate(TWO_LAYERS)]
    for name, made in registry.all_formats().items():
        body = {**EXPORT, "export_format": name}
        all_cases.append((f"{name} by default", body))
        if made.options:
            wrong: dict[str, Any] = {"misspelled": 1, **{option.name: [] for option in made.options}}
            chosen = {option.name: option.default for option in made.options}
            all_cases.append((f"{name} with wrong options", {**body, "parameters": {"options": wrong}}))
            all_cases.append((f"{name} with its options", {**body, "parameters": {"options": chosen}}))
    return all_cases


@pytest.fixture
def clients(
    county: County,
    other_county: County,
    analyst: Any,
    viewer: Any,
    outsider: Any,
    make_user: MakeUser,
    client_of: ClientOf,
) -> Any:
    data.load(county)
    keeper = make_user("keeper", Role.ANALYST, county, may_see_personal_data=True)
    return senders(client_of, analyst=analyst, viewer=viewer, outsider=outsider, keeper=keeper)


def test_answers(county: County, clients: Any) -> None:
    recorder = Recorder(GisExportJob, reverse("gis_export:run"), county, clients)
    compare("gis_export", recorder.answers([*cases(), *documented("parameters.md", "export_format", county)]))


def test_answers_of_estimates(county: County, clients: Any) -> None:
    recorder = Recorder(GisExportJob, reverse("gis_export:estimate"), county, clients)
    compare("gis_export_estimate", recorder.answers(SHAPES))


def test_answers_where_the_county_has_settings(county: County, clients: Any) -> None:
    defaults = {
        "spatial_operation": "within",
        "package": "zip",
        "precision": 5,
        "as_of": "2022-01-01",
        "changed_since": "2020-06-01",
        "include_assessment_data": False,
        "simplify": {"tolerance": 1, "units": "m"},
        "options": {"geometry": "point", "of_another_format": 1},
        "fields": {"parcels": ["parcel_number", "total_value", "gone"], "sales": ["sale_id"]},
        "where": {"parcels": [R1], "roads": [{"field": "big", "op": "is_null"}]},
    }
    CountySettings.objects.create(
        county=county,
        default_crs=2926,
        default_parameters=defaults,
        allowed_formats=["CSV", "KML", "GeoJSON", "GeoPackage"],
        max_records=100,
        max_area_vertices=10,
    )
    explicit = {
        "spatial_operation": "clip",
        "package": "auto",
        "precision": None,
        "as_of": None,
        "changed_since": None,
        "include_assessment_data": True,
        "simplify": None,
        "fields": None,
        "where": None,
        "crs": "EPSG:4326",
        "options": {"geometry": "none"},
    }
    csv = {**EXPORT, "export_format": "CSV"}
    around = ", ".join(f"{-122 + i / 100} {47 + i * i / 1000}" for i in range(11))
    all_cases: list[Case] = [
        ("by default", csv),
        ("in a format of one CRS", EXPORT),
        ("other layers", {**csv, "layers": ["zoning"]}),
        ("two layers", {**csv, "export_format": "GeoPackage", "layers": ["parcels", "sales"]}),
        ("explicit", {**csv, "parameters": explicit}),
        ("the State Plane", {**csv, "parameters": {"crs": "state_plane"}}),
        ("a format that is not allowed", {**csv, "export_format": "Shapefile"}),
        ("too many vertices", {**csv, "area_of_interest": f"POLYGON (({around}, -122 47))"}),
        (
            "too many records",
            {**csv, "layers": ["parcels", "sales", "zoning", "roads", "trees"], "parameters": explicit},
        ),
    ]
    recorder = Recorder(GisExportJob, reverse("gis_export:run"), county, clients)
    compare("gis_export_settings", recorder.answers(all_cases))
