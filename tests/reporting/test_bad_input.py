"""What cannot be reported, refused before anything is queued; and what is odd, told on the page, in every format."""

from __future__ import annotations

import csv
import io
import json
import uuid
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from market_analysis.models import MarketAnalysisJob
from reporting.models import ReportJob
from reporting.render.formats import FORMATS
from reporting.reports import registry
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, Sale
from tests.conftest import ClientOf
from tests.reporting import data, pages, pdfs, valued
from tests.reporting.conftest import URL, Make
from tests.reporting.test_reports import ASKED, DISTRICTS, files_of
from valuation.models import ValuationJob

PARCELS = len(data.NAMES) + 4  # so that each name has a parcel with all values and an outline
ODD = ["0002", "0003"]  # without a value, without an outline


@pytest.fixture
def run(transactional_db: None, county: County) -> ValuationJob:
    data.load(county, PARCELS)
    return valued.run(county)


def texts_of(path: Path) -> list[str]:
    """The texts of a report, as a program of the format's reads them."""
    if path.suffix == ".pdf":
        return [pdfs.text_of(path)]
    if path.suffix == ".html":
        page = pages.read(path.read_text(encoding="utf-8"))
        assert not {"script", "i", "a", "object", "iframe"} & set(page.tags)
        return page.texts
    if path.suffix == ".xlsx":
        cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert not any(cell.data_type == "f" for cell in cells)
        return [str(cell.value) for cell in cells if cell.value is not None]
    if path.suffix == ".csv":
        return [cell for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))) for cell in row]
    texts: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                walk(inner)
        else:
            texts.append(str(value))

    walk(json.loads(path.read_text(encoding="utf-8")))
    return texts


def shown(name: str, file_format: str) -> str:
    """A name as the format has it: a bell is no character of any, a formula is quoted in CSV."""
    if file_format == "csv":
        return f"'{name}" if name[0] in "=@" else name
    name = name.replace("\x07", "\ufffd").replace("\x1b", "\ufffd")
    return name.replace("\U00013000", "\ufffd") if file_format == "pdf" else name


@pytest.mark.parametrize("file_format", list(FORMATS))
@pytest.mark.parametrize("report", ["property_record_card", "assessment_roll"])
def test_names_of_any_script_are_texts(
    make: Make, run: ValuationJob, boss: APIClient, report: str, file_format: str
) -> None:
    more = {"pictures": False} if report == "property_record_card" else {}
    job, path = make(report, file_format, boss, **more)
    texts = [text for file in files_of(path).values() for text in texts_of(file)]
    whole = " ".join(texts)
    for name in data.NAMES:
        text = shown(name, file_format)
        if file_format == "pdf" and not text.isascii():  # letters of some scripts are read in another order
            assert set(text) <= set(whole), name
        elif file_format == "pdf":  # in as many lines as it takes
            assert "".join(text.split()) in "".join(whole.split())
        else:
            assert text in texts, name
    missing = "U+13000" in job.message
    assert missing == (file_format == "pdf")


@pytest.mark.parametrize("file_format", list(FORMATS))
def test_a_parcel_without_a_value_and_one_without_an_outline(
    make: Make, run: ValuationJob, boss: APIClient, file_format: str
) -> None:
    _, path = make("property_record_card", file_format, boss, parcels=ODD)
    texts = [text for file in files_of(path).values() for text in texts_of(file)]
    whole = " ".join(texts)
    assert "nan" not in whole.lower().split()
    assert all(number in whole for number in ODD)
    if file_format in ("pdf", "html", "json"):
        assert "No value is on record" in whole
        assert "No outline on record" in whole
    _, path = make("assessment_roll", file_format, boss)
    whole = " ".join(text for file in files_of(path).values() for text in texts_of(file))
    assert all(number in whole for number in ODD)
    if file_format != "csv":
        assert "Without a total value on record: 1 parcel." in whole


def test_notices_go_to_those_whose_value_is_known(make: Make, run: ValuationJob, boss: APIClient) -> None:
    job, _ = make("change_of_value_notice", "pdf", boss, parcels=[*ODD, "0001"], bundle_by="none")
    assert job.result_summary["notices"] == 2  # one needs no outline to get a letter


def test_a_county_without_parcels(boss: APIClient, county: County, transactional_db: None) -> None:
    for report, parameters in ASKED.items():
        body = {"report_type": report, "county_id": county.pk, "parameters": parameters}
        response = boss.post(f"{URL}/run", body, format="json")
        if report == "export_activity":  # of what was handed out there is a record, if an empty one
            assert response.status_code == 202
            continue
        assert response.status_code == 400, (report, response.content)
        details = " ".join(error["detail"] for error in response.json()["errors"])
        assert county.pk in details, (report, details)
    assert ReportJob.objects.count() == 1


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("property_record_card", {"parcels": ["0001", "nowhere"]}, "parameters.parcels"),
    ("property_record_card", {"valuation_job": str(uuid.UUID(int=1))}, "parameters.valuation_job"),
    ("property_record_card", {"valuation_job": "soon"}, "parameters.valuation_job"),
    ("property_record_card", {"neighborhoods": ["99"]}, "parameters.neighborhoods"),
    ("property_record_card", {"property_class": ["Residential"], "parcels": ["0000"]}, "parameters"),
    ("change_of_value_notice", {}, "report_type"),  # without the right to personal data
    ("neighborhood_profile", {}, "parameters.neighborhood"),
    ("neighborhood_profile", {"neighborhood": "99"}, "parameters.neighborhood"),
    ("abatement_packet", {"parcel": "x"}, "parameters.parcel"),
    ("ratio_study", {"sales_from": "2026-01-01", "sales_to": "2025-01-01"}, "parameters.sales_to"),
    ("ratio_study", {"property_kind": "castle"}, "parameters.property_kind"),
    ("county_comparison", {"counties": ["COUNTY02"]}, "parameters.counties"),
    ("tax_projection", {"district_layer": DISTRICTS, "levies": [{"district": "9", "rate": 1}]}, "parameters.levies"),
    ("tax_projection", {"district_layer": DISTRICTS, "levies": [{"district": "1"}]}, "parameters.levies.0.rate"),
    ("market_summary", {"market_jobs": [str(uuid.UUID(int=2))]}, "parameters.market_jobs"),
    ("market_summary", {"period_from": "2190-01-01"}, "parameters.period_to"),
]  # fmt: skip


def test_bad_input_is_named_and_queues_nothing(api: APIClient, run: ValuationJob, other_county: County) -> None:
    for report, parameters, field in BAD:
        body = {"report_type": report, "county_id": run.county_id, "parameters": parameters}
        response = api.post(f"{URL}/run", body, format="json")
        assert response.status_code == 400, (report, parameters, response.content)
        named = {error["field"] for error in response.json()["errors"]}
        assert any(f"{at}.".startswith(f"{field}.") for at in named), (report, response.json())  # or an item of it


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (Status.FAILED, "failed: no luck"),
        (Status.RUNNING, "wait until it is completed"),
        (Status.CANCELLED, "cannot be read"),
    ],
)
def test_runs_that_cannot_be_read(api: APIClient, run: ValuationJob, status: str, message: str) -> None:
    over = status in (Status.FAILED, Status.CANCELLED)
    ValuationJob.objects.filter(pk=run.pk).update(
        status=status,
        message="no luck",
        completed_at=run.completed_at if over else None,
        claim_token=uuid.uuid4(),
        heartbeat_at="2026-01-01T00:00:00Z",
    )
    reading = [
        name for name, report in registry.ALL.items() if "valuation_job" in [one.name for one in report.parameters]
    ]
    assert len(reading) == 8
    for report in reading:
        parameters = {**ASKED[report], "valuation_job": str(run.pk)}
        body = {"report_type": report, "county_id": run.county_id, "parameters": parameters}
        response = api.post(f"{URL}/run", body, format="json")
        assert (response.status_code, message in response.content.decode()) == (400, True), (report, response.content)
    assert not ReportJob.objects.exists()


def test_a_run_of_another_county_is_not_found(
    api: APIClient, run: ValuationJob, other_county: County, outsider: Any, client_of: ClientOf
) -> None:
    data.load(other_county, 4)
    body = {
        "report_type": "property_record_card",
        "county_id": other_county.pk,
        "parameters": {"valuation_job": str(run.pk)},
    }
    response = client_of(outsider).post(f"{URL}/run", body, format="json")
    assert response.status_code == 400
    assert f"COUNTY02 has no valuation run {run.pk}" in response.content.decode()


def test_no_sales_is_an_honest_refusal(api: APIClient, run: ValuationJob) -> None:
    Sale.objects.all().delete()
    for report in ("ratio_study", "market_summary"):
        body = {"report_type": report, "county_id": run.county_id}
        response = api.post(f"{URL}/run", body, format="json")
        assert response.status_code == 400, report
        assert "has no sales" in response.content.decode()


def test_analyses_that_cannot_be_read(api: APIClient, run: ValuationJob, other_county: County) -> None:
    made: dict[str, Any] = {"analysis_type": "price_trend", "completed_at": timezone.now(), "message": "no luck"}
    failed = MarketAnalysisJob.objects.create(county=run.county, status=Status.FAILED, **made)
    foreign = MarketAnalysisJob.objects.create(county=other_county, status=Status.COMPLETED, **made)
    body = {
        "report_type": "market_summary",
        "county_id": run.county_id,
        "parameters": {"market_jobs": [str(failed.pk), str(foreign.pk)]},
    }
    response = api.post(f"{URL}/run", body, format="json")
    assert response.status_code == 400
    answer = response.content.decode()
    assert f"{failed.pk} failed: no luck" in answer
    assert f"{run.county_id} has no market analysis run {foreign.pk}" in answer
