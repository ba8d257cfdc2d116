"""What reports answer to requests, for jobs and for previews."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from reporting.models import ReportJob
from reporting.reports import registry
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, Sale
from tests.conftest import ClientOf, MakeUser, Role
from tests.reporting import data, valued
from tests.requests.recording import Case, Form, Recorder, compare, documented, senders
from valuation.models import ValuationJob

COMPLETED, FAILED, STUDIED = (f"00000000-0000-0000-0000-00000000000{digit}" for digit in (1, 2, 3))
BOX = {"type": "bbox", "coordinates": [data.WEST - 0.01, data.SOUTH - 0.01, data.WEST + 0.0012, data.SOUTH + 0.01]}
NOWHERE = {"type": "bbox", "coordinates": [10, 10, 11, 11]}
ROLL = {"report_type": "assessment_roll", "county_id": "COUNTY01", "format": "csv"}
DISTRICTS = {"district_layer": "school_districts"}
SPAN = {"sales_from": "2025-01-01", "sales_to": "2025-12-31"}
NEW_RUN: dict[str, Any] = {"valuation_method": "cost", "valuation_date": "2026-01-01", "scope": {"parcels": ["0001"]}}
MEMBERS: list[dict[str, Any]] = [
    {"report_type": "roll"},
    {"report_type": None},
    {"report_type": []},
    {"format": "docx"},
    {"format": None},
    {"format": ["pdf"]},
    {"format": "json"},
    {"area_of_interest": BOX},
    {"area_of_interest": None},
    {"area_of_interest": NOWHERE},
    {"area_of_interest": {"type": "bbox", "coordinates": [1, 2]}},
    {"area_of_interest": {"type": "buffer", "parcels": ["0001"], "distance": 100, "units": "ft"}},
    {"area_of_interest": "POINT (1 2)"},
    {"parameters": []},
    {"parameters": None},
    {"parameters": "{}"},
    {"county_id": None},
    {"county_id": "NOWHERE"},
    {"county_id": "COUNTY02"},
    {"form": "pdf", "area": BOX},
    {"format": "docx", "area_of_interest": 5, "parameters": {"tax_year": "soon"}},
    {"area_of_interest": 5, "parameters": {"tax_year": "soon", "fresh": "x"}},
]
PARAMETERS: list[tuple[str, dict[str, Any]]] = [
    ("assessment_roll", {"order": "address"}),
    ("assessment_roll", {"order": "color", "tax_year": "soon", "property_class": "Residential"}),
    ("assessment_roll", {"color": "red", "tax_year": 1700, "oder": 1}),
    ("assessment_roll", {"tax_year": 2025}),
    ("assessment_roll", {"tax_year": 1990}),
    ("assessment_roll", {"tax_year": None, "order": "neighborhood", "property_class": ["Residential"]}),
    ("assessment_roll", {"property_class": ["Castle", "Residential"]}),
    ("assessment_roll", {"property_class": [1, None, ["x"]]}),
    ("assessment_roll", {"property_class": ["x" * 41] + ["y"] * 100}),
    ("assessment_roll", {"district_layer": "rivers"}),
    ("assessment_roll", {"district_layer": "school_districts", "district_label": "x"}),
    ("assessment_roll", {"district_layer": "school_districts", "district_label": "called"}),
    ("assessment_roll", {"district_label": "called"}),
    ("assessment_roll", {"district_layer": ""}),
    ("property_record_card", {"parcels": ["0001", "0004"], "valuation_job": "latest", "pictures": False}),
    ("property_record_card", {"parcels": ["0001"], "valuation_job": COMPLETED, "bundle_by": "neighborhood"}),
    ("property_record_card", {"parcels": ["0001", "nowhere"]}),
    ("property_record_card", {"valuation_job": "00000000-0000-0000-0000-000000000009"}),
    ("property_record_card", {"valuation_job": FAILED}),
    ("property_record_card", {"valuation_job": STUDIED}),
    ("property_record_card", {"valuation_job": "soon", "pictures": "perhaps", "bundle_by": "x"}),
    ("property_record_card", {"valuation_job": 5}),
    ("property_record_card", {"valuation_job": None, "neighborhoods": ["8"]}),
    ("property_record_card", {"neighborhoods": ["99"]}),
    ("property_record_card", {"property_class": ["Residential"], "parcels": ["0000"]}),
    ("property_record_card", {"valuation_job": NEW_RUN}),
    ("property_record_card", {"valuation_job": {}}),
    ("property_record_card", {"valuation_job": {**NEW_RUN, "valuation_method": "guess"}}),
    ("property_record_card", {"valuation_job": {**NEW_RUN, "valuation_method": "ratio_study"}}),
    ("property_record_card", {"valuation_job": {**NEW_RUN, "valuation_date": "soon", "scope": {"parcels": ["x"]}}}),
    ("property_record_card", {"valuation_job": {**NEW_RUN, "parameters": {"comparables": 1000, "seed": -1}}}),
    ("property_record_card", {"valuation_job": {**NEW_RUN, "county_id": "COUNTY02", "valuation_day": 1}}),
    ("change_of_value_notice", {}),
    ("change_of_value_notice", {"minimum_change_percent": -1, "notice_date": "soon", "appeal_by": 5}),
    ("change_of_value_notice", {"notice_date": "2026-03-01", "appeal_by": "2026-03-01"}),
    ("neighborhood_profile", {}),
    ("neighborhood_profile", {"neighborhood": "99"}),
    ("neighborhood_profile", {"neighborhood": "8", **SPAN}),
    ("abatement_packet", {"parcel": "x"}),
    ("abatement_packet", {"parcel": ""}),
    ("abatement_packet", {"parcel": "0005", "valuation_job": "latest", **SPAN}),
    ("ratio_study", {}),
    ("ratio_study", {"sales_from": "2026-01-01", "sales_to": "2025-01-01"}),
    ("ratio_study", {**SPAN, "valuation_date": "2011-01-01"}),
    ("ratio_study", {**SPAN, "values": "certified"}),
    ("ratio_study", {**SPAN, "values": "x", "property_kind": "castle", "list_sales": "x"}),
    ("ratio_study", {**SPAN, "valuation_job": COMPLETED, "list_sales": True}),
    ("county_comparison", {}),
    ("county_comparison", {"counties": []}),
    ("county_comparison", {"counties": ["COUNTY02"]}),
    ("county_comparison", {"counties": ["COUNTY01"], **SPAN}),
    ("tax_projection", {}),
    ("tax_projection", {**DISTRICTS, "levies": []}),
    ("tax_projection", {**DISTRICTS, "levies": [{"district": "9", "rate": 1}]}),
    ("tax_projection", {**DISTRICTS, "levies": [{"district": "1"}, {"rate": 2000, "nam": "x"}, 5]}),
    ("tax_projection", {**DISTRICTS, "levies": [{"district": "1", "rate": 2}, {"district": "1", "rate": 2}]}),
    ("tax_projection", {**DISTRICTS, "levies": [{"district": "1", "rate": 2, "name": "One"}], "rate_limit": 3}),
    ("tax_projection", {"district_layer": "x", "levies": [{"district": "1", "rate": 2}], "value_change_percent": -91}),
    ("tax_projection", {"district_layer": "x", "levies": [{"district": "1", "rate": 2}]}),
    ("market_summary", {}),
    ("market_summary", {"market_jobs": ["00000000-0000-0000-0000-000000000002"]}),
    ("market_summary", {"market_jobs": ["latest"]}),
    ("market_summary", {"market_jobs": "latest", "analyses": ["tea"], "step": "week"}),
    ("market_summary", {"analyses": ["price_trend"], "period_from": "2025-01-01", "step": "month"}),
    ("market_summary", {"period_from": "2990-01-01"}),
    ("market_summary", {"period_from": "2025-06-01", "period_to": "2025-01-01"}),
    ("valuation_summary", {}),
    ("valuation_summary", {"valuation_job": COMPLETED}),
    ("valuation_summary", {"valuation_job": None}),
    ("valuation_summary", {"valuation_job": "soon", "valuation_jop": 1}),
    ("export_activity", {}),
    ("assessment_roll", {"fresh": True, "expires_in": "30d"}),
    ("assessment_roll", {"fresh": "perhaps", "expires_in": "x", "webhook": "x", "order": "x"}),
]
SHAPES: list[Case] = [
    ("nothing", {}),
    ("a list", []),
    ("no JSON", b"{"),
    ("by default", {"report_type": "assessment_roll", "county_id": "COUNTY01"}),
    ("a form", Form(**ROLL, area_of_interest="", parameters='{"order": "address"}')),
    ("a form of nonsense", Form(**ROLL, area_of_interest="{", parameters="[]")),
    ("a viewer", ROLL, "viewer"),
    ("an outsider", ROLL, "outsider"),
    ("activity for a manager", {**ROLL, "report_type": "export_activity"}, "manager"),
    (
        "activity of every kind",
        {**ROLL, "report_type": "export_activity", "parameters": {"every_kind": True, "last_day": "2026-01-31"}},
        "manager",
    ),
    (
        "activity backward",
        {**ROLL, "report_type": "export_activity", "parameters": {"first_day": "2026-02-01", "last_day": "2026-01-31"}},
        "manager",
    ),
    ("notices", {**ROLL, "report_type": "change_of_value_notice"}, "keeper"),
    (
        "notices of a day",
        {
            **ROLL,
            "report_type": "change_of_value_notice",
            "parameters": {"notice_date": "2026-03-01", "appeal_by": "2026-04-01", "valuation_job": COMPLETED},
        },
        "keeper",
    ),
]


def cases() -> list[Case]:
    all_cases = [
        *SHAPES,
        *[(f"member {number} {next(iter(given))}", {**ROLL, **given}) for number, given in enumerate(MEMBERS)],
    ]
    for number, (report, given) in enumerate(PARAMETERS):
        all_cases.append((f"parameters {number} {report}", {**ROLL, "report_type": report, "parameters": given}))
    return [
        *all_cases,
        *(
            (f"{report} of an area", {**ROLL, "report_type": report, "area_of_interest": BOX})
            for report in registry.ALL
        ),
    ]


@pytest.fixture
def clients(
    county: County,
    other_county: County,
    analyst: Any,
    viewer: Any,
    manager: Any,
    outsider: Any,
    make_user: MakeUser,
    client_of: ClientOf,
) -> Any:
    data.load(county)
    done = valued.run(county, pk=COMPLETED)
    columns: dict[str, Any] = {"county": county, "valuation_date": valued.DAY, "scope": "all"}
    columns |= {"valuation_method": "cost", "message": "No luck.", "completed_at": done.completed_at}
    ValuationJob.objects.create(pk=FAILED, status=Status.FAILED, **columns)
    ValuationJob.objects.create(pk=STUDIED, status=Status.COMPLETED, **{**columns, "valuation_method": "ratio_study"})
    ValuationJob.objects.filter(pk=COMPLETED).update(completed_at="2036-01-01T00:00:00Z")
    keeper = make_user("keeper", Role.ANALYST, county, may_see_personal_data=True)
    return senders(client_of, analyst=analyst, viewer=viewer, manager=manager, outsider=outsider, keeper=keeper)


def test_answers(county: County, clients: Any) -> None:
    recorder = Recorder(ReportJob, reverse("reporting:run"), county, clients)
    answers = recorder.answers([*cases(), *documented("reports.md", "report_type", county)])
    Sale.objects.all().delete()
    answers |= recorder.answers(
        (f"{report} without sales", {**ROLL, "report_type": report}) for report in ("ratio_study", "market_summary")
    )
    compare("reporting", answers)


def test_answers_of_previews(county: County, clients: Any) -> None:
    recorder = Recorder(ReportJob, reverse("reporting:preview"), county, clients)
    new_run = {**ROLL, "report_type": "property_record_card", "parameters": {"valuation_job": NEW_RUN}}
    all_cases = [*SHAPES, ("a new run", new_run), ("a misspelled key", {**ROLL, "parameters": {"oder": 1}, "frmat": 1})]
    compare("reporting_preview", recorder.answers(all_cases))
