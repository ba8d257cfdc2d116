"""Reports made through HTTP and the runner, and the files that came of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from reporting.document.blocks import Document
from reporting.models import ReportJob
from reporting.render.files import RenderContext, Rendered
from reporting.render.formats import FORMATS
from terrafusion.jobs import runner
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, CountyAccess
from tests.conftest import ClientOf, MakeUser, wait_for_job

URL = "/api/v1/reporting"
Make = Callable[..., tuple[ReportJob, Path]]
Render = Callable[..., Rendered]


@pytest.fixture
def keeper(make_user: MakeUser, county: County, client_of: ClientOf) -> APIClient:
    """A client of an analyst who may see personal data."""
    return client_of(make_user("keeper", CountyAccess.Role.ANALYST, county, may_see_personal_data=True))


@pytest.fixture
def boss(make_user: MakeUser, county: County, client_of: ClientOf) -> APIClient:
    """May do everything that a report can ask for."""
    return client_of(make_user("boss", CountyAccess.Role.MANAGER, county, may_see_personal_data=True))


@pytest.fixture
def make(transactional_db: None, county: County, api: APIClient) -> Make:
    """``make("assessment_roll", "pdf", client=..., area=..., **parameters)``: the finished job and its file."""

    def run(report: str, file_format: str, client: APIClient = api, area: Any = None, **parameters: Any) -> Any:
        body = {
            "report_type": report,
            "county_id": county.pk,
            "format": file_format,
            "area_of_interest": area,
            "parameters": {**parameters, "fresh": True},
        }
        response = client.post(f"{URL}/run", body, format="json")
        assert response.status_code == 202, response.content
        job = ReportJob.objects.get(pk=response.data["job_id"])
        runner.run("reporting.ReportJob", str(job.pk))
        job = wait_for_job(job)
        assert job.status == Status.COMPLETED, job.message
        return job, Path(default_storage.path(job.result_file))

    return run


@pytest.fixture
def render(tmp_path: Path) -> Render:
    def run(made: Document, name: str) -> Rendered:
        folder = tmp_path / f"{name}{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return FORMATS[name].render(made, RenderContext(folder))

    return run
