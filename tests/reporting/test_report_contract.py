"""What every registered report promises: a new one is tested by being registered.

Where a report needs parameters, ``ASKED`` of ``test_reports`` has them, or its request is refused here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils.module_loading import import_string
from rest_framework.test import APIClient

from reporting.document.labels import label
from reporting.models import ReportJob
from reporting.reports import registry
from reporting.reports.base import Report
from terrafusion.jobs import runner
from terrafusion.jobs.states import Status
from terrafusion.records.models import County
from tests.conftest import ROOT
from tests.reporting import data, valued
from tests.reporting.conftest import URL, Make
from tests.reporting.test_reports import ASKED, files_of

REPORTS = list(registry.ALL.values())
each_report = pytest.mark.parametrize("report", REPORTS, ids=registry.names())


def _package(report: Report) -> str:
    """The package that the report is in: a report is never a module beside others."""
    return ".".join(type(report).__module__.split(".")[:3])


@each_report
def test_a_declaration_is_whole(report: Report) -> None:
    assert registry.ALL[report.name] is report
    assert len(report.name) <= (ReportJob._meta.get_field("report_type").max_length or 0)
    assert label(report.name) == report.title
    assert report.description.endswith(".")
    names = [parameter.name for parameter in report.parameters]
    assert len(set(names)) == len(names)
    assert all(parameter.help.endswith(".") and parameter.label for parameter in report.parameters)
    assert report.start_seconds > 0
    assert report.row_seconds > 0
    assert type(report).read is not Report.read or callable(import_string(report.reader))


def test_every_report_is_built_without_django() -> None:
    builders = sorted({f"{_package(report)}.build" for report in REPORTS})
    lines = ("import sys", *(f"import {name}" for name in builders), "print('django' in sys.modules)")
    looked = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (looked.stdout.strip(), looked.returncode) == ("False", 0), looked.stderr


@each_report
def test_a_parameter_that_no_report_has_is_refused(db: None, boss: APIClient, county: County, report: Report) -> None:
    body = {"report_type": report.name, "county_id": county.pk, "parameters": {"paramter": 1}}
    response = boss.post(f"{URL}/run", body, format="json")
    assert response.status_code == 400
    assert "parameters.paramter" in {error["field"] for error in response.json()["errors"]}


@each_report
def test_a_county_without_records_fails_no_job(
    transactional_db: None, boss: APIClient, county: County, report: Report
) -> None:
    parameters = {name: value for name, value in ASKED.get(report.name, {}).items() if value != "latest"}
    body = {"report_type": report.name, "county_id": county.pk, "format": "json", "parameters": parameters}
    response = boss.post(f"{URL}/run", body, format="json")
    if response.status_code == 400:
        assert all(error["field"] and error["detail"] for error in response.json()["errors"])
        return
    runner.run("reporting.ReportJob", response.data["job_id"])
    job = ReportJob.objects.get()
    assert job.status == Status.COMPLETED or job.error_code not in ("", "internal_error"), job.message


@each_report
def test_a_report_says_the_same_of_the_same_records(
    make: Make, boss: APIClient, county: County, report: Report
) -> None:
    data.load(county, 60)
    valued.run(county)
    asked: dict[str, Any] = ASKED.get(report.name, {})
    documents = [json.loads(_json_of(make(report.name, "json", boss, **asked)[1]).read_text()) for _ in range(2)]
    first, again = (document["blocks"] for document in documents)
    assert first
    tables = [block for block in first if block["type"] == "table"]
    assert all(len(row) == len(table["columns"]) for table in tables for row in table["rows"])
    if report.name != "export_activity":  # which lists the first request itself
        assert again == first


def _json_of(path: Path) -> Path:
    return next(file for file in files_of(path).values() if file.suffix == ".json")


@each_report
def test_owners_are_named_to_nobody_without_that_right(
    transactional_db: None, api: APIClient, county: County, report: Report
) -> None:
    data.load(county, 60)
    valued.run(county)
    body = {
        "report_type": report.name,
        "county_id": county.pk,
        "format": "json",
        "parameters": ASKED.get(report.name, {}),
    }
    response = api.post(f"{URL}/run", body, format="json")
    if response.status_code == 400:  # it is for others
        assert {error["field"] for error in response.json()["errors"]} == {"report_type"}
        return
    runner.run("reporting.ReportJob", response.data["job_id"])
    job = ReportJob.objects.get()
    assert job.status == Status.COMPLETED, job.message
    assert not job.contains_personal_data
    with default_storage.open(job.result_file) as file:
        text = file.read().decode()
    assert "Mail Street" not in text
    assert not any(json.dumps(name)[1:-1] in text for name in data.NAMES[:3])
