"""What valuations answer to requests."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.urls import reverse

from terrafusion.records.models import County, Sale
from tests.conftest import ClientOf
from tests.requests.recording import Case, Form, Recorder, compare, documented, senders
from tests.valuation import data
from valuation import methods
from valuation.models import ValuationJob, ValuationModel

MODEL = "00000000-0000-0000-0000-000000000005"
BOX = {"type": "bbox", "coordinates": [data.WEST - 0.01, data.SOUTH - 0.01, data.WEST + 0.01, data.SOUTH + 0.01]}
STORED: dict[str, Any] = {
    "method": "mass_appraisal",
    "valuation_date": data.VALUATION_DATE,
    "sales": 6,
    "seed": 1,
    "features": [],
    "metrics": {},
    "parameters": {},
    "software": {},
    "data_version": "1",
    "data_as_of": "2022-01-01T00:00:00Z",
    "artefact": b"",
    "artefact_sha256": "",
    "artefact_bytes": 0,
}
STUDY = {"valuation_method": "ratio_study", "county_id": "COUNTY01", "valuation_date": "2021-01-01"}
RUN = {"valuation_method": "mass_appraisal", "county_id": "COUNTY01", "valuation_date": "2022-01-01"}
MEMBERS: list[dict[str, Any]] = [
    {"valuation_method": "guess"},
    {"valuation_method": None},
    {"valuation_method": ["cost"]},
    {"valuation_date": "soon"},
    {"valuation_date": None},
    {"valuation_date": "1776-07-04"},
    {"valuation_date": "2999-01-01"},
    {"valuation_date": "2021-01-01T00:00:00"},
    {"valuation_date": 5},
    {"scope": "all"},
    {"scope": " all "},
    {"scope": None},
    {"scope": "some"},
    {"scope": '{"neighborhoods": ["North"]}'},
    {"scope": []},
    {"scope": {}},
    {"scope": {"parcels": []}},
    {"scope": {"parcels": "0001"}},
    {"scope": {"parcels": ["0001", " "]}},
    {"scope": {"parcels": ["0001", "a\0b"]}},
    {"scope": {"parcels": ["0001", "0002", "0001"]}},
    {"scope": {"parcels": ["0001", "nowhere", "x1", "x2", "x3", "x4", "x5"]}},
    {"scope": {"parcels": ["0001"], "neighborhoods": ["North"]}},
    {"scope": {"parcel": ["0001"], "neigborhoods": ["North"]}},
    {"scope": {"neighborhoods": ["North"]}},
    {"scope": {"neighborhoods": ["Atlantis"]}},
    {"scope": {"area_of_interest": BOX}},
    {"scope": {"area_of_interest": None}},
    {"scope": {"area_of_interest": {"type": "parcels", "parcels": ["0001"]}}},
    {"scope": {"area_of_interest": {"type": "bbox", "coordinates": [1, 2]}}},
    {"scope": {"area_of_interest": {"type": "bbox", "coordinates": [1, 2, 3, 4]}}},
    {"scope": {"area_of_interest": {"type": "buffer", "parcels": ["0001"], "distance": 100, "units": "m"}}},
    {"parameters": []},
    {"parameters": None},
    {"parameters": "{}"},
    {"parameters": "{"},
    {"county_id": None},
    {"county_id": "NOWHERE"},
    {"county_id": "COUNTY02"},
    {"valuation_day": "2021-01-01", "scop": 1},
]
PARAMETERS: list[tuple[str, dict[str, Any]]] = [
    ("ratio_study", {"values": "yours"}),
    ("ratio_study", {"values": "certified"}),
    ("ratio_study", {"values": None}),
    ("ratio_study", {"values": 5}),
    ("ratio_study", {"values": "x" * 40}),
    ("ratio_study", {"values": "00000000-0000-0000-0000-000000000001"}),
    ("ratio_study", {"sales_from": "2021-02-01", "sales_to": "2021-01-01"}),
    ("ratio_study", {"sales_from": "2021-02-01", "sales_to": "2021-06-01"}),
    ("ratio_study", {"sales_from": "soon", "sales_to": 5}),
    ("ratio_study", {"sales_from": None, "sales_to": None, "property_kind": None}),
    ("ratio_study", {"property_kind": "castle"}),
    ("ratio_study", {"property_kind": "residential_other"}),
    ("ratio_study", {"confidence": 0.9}),
    ("mass_appraisal", {}),
    (
        "mass_appraisal",
        {"seed": -1, "confidence": 2, "comparables": 13, "color": "red", "screening": {"min_price": -1}},
    ),
    ("mass_appraisal", {"seed": 2**31, "confidence": "high", "comparables": None, "screening": 5}),
    ("mass_appraisal", {"seed": "7", "confidence": "0.8", "comparables": 4.0}),
    ("mass_appraisal", {"seed": 1.5, "confidence": None, "comparables": True}),
    ("mass_appraisal", {"seed": 7, "confidence": 0.5, "comparables": 0, "screening": {"min_price": 50_000}}),
    ("mass_appraisal", {"screening": None}),
    ("mass_appraisal", {"screening": {"minprice": 1, "min_price": "x"}}),
    ("mass_appraisal", {"model": MODEL}),
    ("mass_appraisal", {"model": "none"}),
    ("mass_appraisal", {"model": "00000000-0000-0000-0000-000000000009"}),
    ("mass_appraisal", {"model": None}),
    ("mass_appraisal", {"calibrate": True}),
    ("sales_comparison", {"comparables": 2}),
    ("sales_comparison", {"comparables": 3, "model": MODEL}),
    ("cost", {"calibrate": True}),
    ("cost", {"calibrate": "yes", "seed": 5}),
    ("cost", {"calibrate": "perhaps"}),
    ("income", {"confidence": 0.95}),
    ("income", {"comparables": 5}),
    ("reconciled", {"calibrate": True, "comparables": 3, "confidence": 0.75}),
    ("reconciled", {"calibrat": True, "fres": 1}),
    ("reconciled", {"fresh": True, "expires_in": "1d"}),
    ("reconciled", {"fresh": "x", "expires_in": "1x", "webhook": "ftp://x"}),
    ("guess", {"anything": 1}),
]
EVERYTHING = {
    "valuation_method": "mass_appraisal",
    "county_id": "COUNTY01",
    "valuation_date": "1776-07-04",
    "scope": {"parcels": ["0001", "nowhere"]},
    "parameters": {"seed": -1, "color": "red", "confidence": 2, "screening": {"min_price": -1}},
}
SHAPES: list[Case] = [
    ("nothing", {}),
    ("a list", []),
    ("no JSON", b"{"),
    ("the county alone", {"county_id": "COUNTY01"}),
    ("the county and a day", {"county_id": "COUNTY01", "valuation_date": "2022-01-01"}),
    ("a study without a day", {"county_id": "COUNTY01", "valuation_method": "ratio_study"}),
    ("everything at once", EVERYTHING),
    ("everything and no county", {**EVERYTHING, "county_id": "x"}),
    ("everything and no method", {**EVERYTHING, "valuation_method": "x"}),
    ("a form", Form(**RUN, scope='{"neighborhoods": ["North"]}', parameters='{"seed": 3}')),
    ("a form of all", Form(**RUN, scope="all")),
    ("a form of nonsense", Form(**RUN, scope="{", parameters='{"seed": -3}')),
    ("a viewer", RUN, "viewer"),
    ("an outsider", RUN, "outsider"),
]


def cases() -> list[Case]:
    all_cases = [*SHAPES]
    all_cases += [(f"member {number} {next(iter(given))}", {**STUDY, **given}) for number, given in enumerate(MEMBERS)]
    all_cases += [(f"{method} by default", {**RUN, "valuation_method": method}) for method in methods.names()]
    for number, (method, given) in enumerate(PARAMETERS):
        body = {**(STUDY if method == "ratio_study" else RUN), "valuation_method": method, "parameters": given}
        all_cases.append((f"parameters {number} {method}", body))
    return all_cases


def test_answers(
    county: County, other_county: County, analyst: Any, viewer: Any, outsider: Any, client_of: ClientOf
) -> None:
    data.sales(county, data.homes(county, 60), 240)
    call_command("load_example_schedules", county.pk)
    run = data.run_of(county)
    ValuationModel.objects.create(pk=MODEL, county=county, job=run, **STORED)
    clients = senders(client_of, analyst=analyst, viewer=viewer, outsider=outsider)
    recorder = Recorder(ValuationJob, reverse("valuation:run"), county, clients)
    answers = recorder.answers([*cases(), *documented("valuation.md", "valuation_method", county)])
    other_day = {**RUN, "valuation_date": "2021-06-01", "parameters": {"model": MODEL}}
    answers |= recorder.answers([("a model of another day", other_day)])
    Sale.objects.all().delete()
    answers |= recorder.answers(
        (f"{method} without sales", {**RUN, "valuation_method": method}) for method in methods.names()
    )
    compare("valuation", answers)
