"""Each report from request to file: figures compared with the database, the PDF checked, bad input refused."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.core.files.storage import default_storage
from django.db.models import Sum
from rest_framework.test import APIClient

from market_analysis.models import MarketAnalysisJob
from reporting.models import CountyBranding, ReportJob
from reporting.reports import registry
from terrafusion.jobs import runner
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational
from tests.market_analysis import records as market_records
from tests.reporting import data, files, pages, pdfs, valued
from tests.reporting.conftest import URL, Make
from valuation.models import PropertyValuation, ValuationJob

PARCELS = 60
SPAN = {"sales_from": "2025-01-01", "valuation_date": "2026-01-01"}
DISTRICTS = "school_districts"
LEVIES = [{"district": "1", "name": "West", "rate": 10.0}, {"district": "2", "rate": 8.0}]
ASKED: dict[str, dict[str, Any]] = {
    "ratio_study": SPAN,
    "assessment_roll": {},
    "property_record_card": {"parcels": ["0001", "0002", "0003"], "valuation_job": "latest"},
    "change_of_value_notice": {"parcels": ["0004", "0005"]},
    "market_summary": {},
    "neighborhood_profile": {"neighborhood": "8", **SPAN},
    "abatement_packet": {"parcel": "0005", "valuation_job": "latest", **SPAN},
    "valuation_summary": {},
    "county_comparison": {"counties": ["COUNTY01"], **SPAN},
    "tax_projection": {"district_layer": DISTRICTS, "levies": LEVIES, "levy_limit_percent": 1},
    "export_activity": {"every_kind": True},
}


@pytest.fixture
def run(transactional_db: None, county: County) -> ValuationJob:
    data.load(county, PARCELS)
    return valued.run(county)


def files_of(path: Path) -> dict[str, Path]:
    """The files of a result, by name."""
    if path.suffix != ".zip":
        return {path.name: path}
    folder = path.parent / path.stem
    with zipfile.ZipFile(path) as package:
        package.extractall(folder)
        return {name: folder / name for name in package.namelist()}


def blocks_of(path: Path) -> dict[str, Any]:
    """The blocks of a JSON report by their names, those of sections under ``section``."""
    blocks: dict[str, Any] = {}
    for block in json.loads(path.read_text())["blocks"]:
        if block["type"] == "section":
            blocks.setdefault("section", []).append(block)
        blocks.setdefault(block.get("name", block["type"]), block)
    return blocks


def test_every_type_is_asked_for_here() -> None:
    assert set(ASKED) == set(registry.ALL)


@pytest.mark.parametrize("report", list(ASKED))
def test_pdf_of_every_report_is_accessible(make: Make, run: ValuationJob, boss: APIClient, report: str) -> None:
    job, path = make(report, "pdf", boss, **ASKED[report])
    pages = 0
    for name, file in files_of(path).items():
        if name.endswith(".pdf"):
            pdfs.check_accessible(file, None)
            pdfs.check_by_another(file)
            text = pdfs.text_of(file)
            assert str(job.pk) in text
            assert "Data as of" in text
            assert "Page 1 of" in text
            pages += len(pypdf.PdfReader(file).pages)
    assert job.pages == pages > 0


@pytest.mark.parametrize("file_format", ["html", "xlsx", "csv", "json"])
def test_every_report_in_the_other_formats(make: Make, run: ValuationJob, boss: APIClient, file_format: str) -> None:
    for report, parameters in ASKED.items():
        job, path = make(report, file_format, boss, **parameters)
        texts = [files.text_of(file) for file in files_of(path).values() if file.suffix == f".{file_format}"]
        assert texts, report
        for text in texts:
            assert text, report
            assert file_format == "csv" or str(job.pk) in text, report
            assert "NaN" not in text.split(), report
        assert "NaN" not in json.dumps(job.result_summary), report


def test_ratio_study_is_that_of_the_sales(make: Make, run: ValuationJob) -> None:
    _, path = make("ratio_study", "json", **SPAN, values="current", list_sales=True)
    blocks = blocks_of(path)
    figures = {item["name"]: item for item in blocks["ratio_study"]["items"]}
    used = blocks["sales"]["rows"]
    ratios = sorted(row[6] / row[5] for row in used)
    middle = (ratios[(len(ratios) - 1) // 2] + ratios[len(ratios) // 2]) / 2
    assert figures["sales"]["value"] == len(used) == PARCELS - 1  # one parcel has no value
    assert figures["median"]["value"] == pytest.approx(middle, abs=1e-4)
    assert figures["median"]["met"] is (0.9 <= middle <= 1.1)
    excluded = {row[0]: row[1] for row in blocks["excluded"]["rows"]}
    assert excluded["Without a value"] == 1
    by_class = {row[0]: row[2] for row in blocks["by_class"]["rows"]}
    assert sum(by_class.values()) == len(used)
    assert blocks["ratio_histogram"]["alt"].startswith("Histogram of 59 ratios")


def test_few_sales_are_reported_and_withheld(make: Make, run: ValuationJob) -> None:
    area = {"type": "parcels", "parcels": ["0000", "0001", "0004"]}
    _, path = make("ratio_study", "pdf", area=area, **SPAN)
    assert "No statistics are shown: Too few sales (3)" in pdfs.text_of(path)


def test_card_says_what_the_run_says(make: Make, run: ValuationJob, boss: APIClient) -> None:
    _, path = make("property_record_card", "pdf", boss, parcels=["0001", "0002", "0003"], valuation_job=str(run.pk))
    assert pdfs.bookmarks(path) == ["Parcel 0001", "Parcel 0002", "Parcel 0003"]
    text = pdfs.text_of(path)
    assert f"Valuationrun:{run.pk}" in "".join(text.split())  # in as many lines as it takes
    assert "Parcels: " not in text  # a card says nothing of the others
    value = PropertyValuation.objects.get(job=run, parcel_number="0001")
    for expected in (
        f"${value.value:,}",
        data.NAMES[1],
        "No outline on record",  # of 0003
        "No value is on record",  # of 0002
        "No photograph on file",
        "From the model's effect of living area.",
        "Living area (sq ft)",
    ):
        assert expected in text, expected
    for comparable in value.comparables:
        assert f"${comparable['sale_price']:,}" in text
        assert f"${comparable['adjusted_price']:,}" in text


def test_cards_without_the_right_name_nobody(make: Make, run: ValuationJob) -> None:
    _, path = make("property_record_card", "pdf", parcels=["0001", "0004"])
    text = pdfs.text_of(path)
    assert "withheld" in text
    assert "Mail Street" not in text
    assert not any(name in text for name in data.NAMES)


def test_data_of_many_cards_is_one_table(make: Make, run: ValuationJob) -> None:
    _, path = make("property_record_card", "csv", pictures=False)
    files = files_of(path)
    with files["characteristics.csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["key"] for row in rows] == [f"{number:04}" for number in range(PARCELS)]
    assert rows[7]["living_area_sqft"] == "1270.0"


def test_notices_are_bundled_and_have_their_mailing_list(make: Make, run: ValuationJob, boss: APIClient) -> None:
    CountyBranding.objects.create(county=run.county, how_to_appeal="Write to the board.\nWithin 60 days.")
    job, path = make("change_of_value_notice", "pdf", boss, appeal_by="2026-04-01", notice_date="2026-02-01")
    files = files_of(path)
    assert list(files) == [
        "change_of_value_notice-001-98001.pdf",
        "change_of_value_notice-002-98101.pdf",
        "change_of_value_notice-003-98201.pdf",
        "mailing_list.csv",
    ]
    with files["mailing_list.csv"].open(encoding="utf-8", newline="") as file:
        mailed = list(csv.DictReader(file))
    assert len(mailed) == job.pages == PARCELS - 1  # all but the one without a value, one page each
    assert {row["bundle"] for row in mailed} == {"98001", "98101", "98201"}
    letters = [page for file in files.values() if file.suffix == ".pdf" for page in pypdf.PdfReader(file).pages]
    for row, page in zip(mailed, letters, strict=True):
        text = " ".join(page.extract_text().split())
        parcel = PropertyOperational.objects.get(parcel_number=row["parcel_number"])
        assert f"parcel {row['parcel_number']}" in text
        assert f"${parcel.total_value:,}" in text
        assert f"${(parcel.total_value or 0) - 3_000:,}" in text
        assert f"{parcel.mailing_address}" in text
        assert "until Apr 1, 2026" in text
        assert "Least change" not in text  # what the office asked for is nothing to the owner
        assert "Within 60 days." in text


def test_summary_adds_up_to_the_run(make: Make, run: ValuationJob) -> None:
    _, path = make("valuation_summary", "json")
    blocks = blocks_of(path)
    figures = {item["name"]: item["value"] for item in blocks["totals"]["items"]}
    rows = PropertyValuation.objects.filter(job=run)
    assert figures["valued"] == rows.exclude(value=None).count()
    assert figures["refused"] == rows.filter(value=None).count() == 1
    assert figures["total"] == rows.aggregate(total=Sum("value"))["total"]
    assert sum(row[3] for row in blocks["by_class"]["rows"]) == figures["total"]
    ups = [row[6] for row in blocks["largest_up"]["rows"]]
    assert ups == sorted(ups, reverse=True)
    assert blocks["by_class"]["totals"][3] == figures["total"]


def test_projection_within_the_limits(make: Make, run: ValuationJob) -> None:
    _, path = make(
        "tax_projection", "json", district_layer="school_districts", levies=LEVIES, value_change_percent=10,
        levy_limit_percent=1,
    )  # fmt: skip
    west, east = blocks_of(path)["districts"]["rows"]
    assert west[0] == "West"
    for row, rate in ((west, 10.0), (east, 8.0)):
        taxable, projected, levy = row[2], row[3], row[5]
        assert projected == pytest.approx(taxable * 1.1)
        assert levy == pytest.approx(taxable * rate / 1_000)
        assert row[8] == pytest.approx(levy * 1.01)  # the levy limit binds
        assert row[9] == pytest.approx(row[8] / projected * 1_000)
        assert row[10] == "the levy limit"


def test_activity_is_for_managers(api: APIClient, make: Make, run: ValuationJob, boss: APIClient) -> None:
    body = {"report_type": "export_activity", "county_id": run.county_id}
    assert api.post(f"{URL}/run", body, format="json").status_code == 400
    make("assessment_roll", "csv", boss)
    _, path = make("export_activity", "json", boss, every_kind=True)
    requests = blocks_of(path)["requests"]["rows"]
    assert ("boss", "Assessment roll", True) in {(row[1], row[3], row[8]) for row in requests}


def test_market_summary_shows_a_finished_analysis_as_a_new_one(make: Make, run: ValuationJob, api: APIClient) -> None:
    body = {"analysis_type": "price_trend", "county_id": run.county_id, "period": {"step": "quarter"}}
    response = api.post("/api/v1/market-analysis/run", body, format="json")
    assert response.status_code == 202, response.content
    key = response.json()["job_id"]
    runner.run("market_analysis.MarketAnalysisJob", key)
    _, path = make("market_summary", "json", market_jobs=[key])
    blocks = blocks_of(path)
    assert f"from job {key}" in path.read_text()
    _, path = make("market_summary", "json", analyses=["price_trend"], step="quarter")
    made = blocks_of(path)
    assert [row[1:] for row in blocks["price_trend"]["rows"]] == [row[1:] for row in made["price_trend"]["rows"]]
    assert blocks["price_trend_chart"]["alt"] == made["price_trend_chart"]["alt"]
    job, path = make("market_summary", "pdf", market_jobs=[key])
    pdfs.check_accessible(path, job.pages)
    MarketAnalysisJob.objects.filter(pk=key).update(result_file="gone.zip")
    body = {
        "report_type": "market_summary",
        "county_id": run.county_id,
        "parameters": {"market_jobs": [key], "fresh": True},
    }
    gone = ReportJob.objects.get(pk=api.post(f"{URL}/run", body, format="json").data["job_id"])
    runner.run("reporting.ReportJob", str(gone.pk))
    gone.refresh_from_db()
    assert (gone.status, gone.error_code) == (Status.FAILED, "source_outdated")


def test_market_summary_prints_the_checks(make: Make, run: ValuationJob) -> None:
    """The verdict, the sales-ratio trend, the backtest, which index is shown and why, and what cannot be computed."""
    analyses = ["price_index", "time_adjustment", "sales_activity"]
    _, path = make("market_summary", "html", analyses=analyses, step="quarter")
    text = " ".join(pages.read(path.read_text(encoding="utf-8")).texts)
    for line in (
        "Is an adjustment needed?",
        "The sales do not reach back a year.",
        "By the sales-ratio trend, prices over assessed values changed by",
        "The backtest is withheld.",
        "The first index shown is",
        "hold no listings",
        "Index by value tier",
        "Index by neighborhood, shrunk toward that of all places, is withheld: ",
    ):
        assert line in text, line


@pytest.mark.parametrize("as_job", [False, True])
def test_market_summary_shows_small_places_shrunk_toward_all(
    make: Make, county: County, api: APIClient, as_job: bool
) -> None:
    """Of a report's own index, by neighborhood; of a job's, by its places. With what the figures mean."""
    market_records.load(county)
    parameters: dict[str, Any] = {"analyses": ["price_index"], "step": "year"}
    if as_job:
        body = {"analysis_type": "price_index", "county_id": county.pk, "geography": "hexgrid:800"}
        key = api.post("/api/v1/market-analysis/run", {**body, "period": {"step": "year"}}, format="json").data[
            "job_id"
        ]
        runner.run("market_analysis.MarketAnalysisJob", key)
        parameters = {"market_jobs": [key]}
    _, path = make("market_summary", "json", **parameters)
    table = blocks_of(path)["shrunk"]
    assert "the nearer to the latter the less the place's own sales decide" in table["note"]
    places = [row[0] for row in table["rows"]]
    assert len(places) > 4 if as_job else places == ["N0", "N1", "N2", "N3"]
    for _, base, period, shrunk, low, high, own, weight in table["rows"]:
        assert (base, period) == ("2012", "2013")
        assert low < shrunk < high
        assert weight == 0 if own is None else 0 < weight < 1
    job, path = make("market_summary", "pdf", **parameters)
    pdfs.check_accessible(path, job.pages)


def test_result_is_in_storage_under_the_county(make: Make, run: ValuationJob) -> None:
    job, _ = make("valuation_summary", "html")
    assert job.result_file == f"reports_output/{job.county_id}/{job.pk}_valuation_summary.html"
    assert default_storage.exists(job.result_file)
