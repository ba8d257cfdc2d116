"""Runs an analysis from a request over HTTP to its files, without a worker."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from market_analysis import jobs
from market_analysis.models import MarketAnalysisJob
from terrafusion.jobs.context import JobContext
from terrafusion.records.models import County
from tests.market_analysis import records


@dataclass(frozen=True)
class Analysed:
    """``table`` is the CSV; ``files`` are the members of the package by name; ``areas`` those that would be saved."""

    message: str
    summary: dict[str, Any]
    table: pd.DataFrame
    files: dict[str, bytes]


Analyse = Callable[..., Analysed]


@pytest.fixture
def market_county(county: County) -> County:
    records.load(county)
    return county


@pytest.fixture
def analyse(api: APIClient, county: County, tmp_path: Path) -> Analyse:
    def run(
        analysis_type: str, geography: str = "county", meanwhile: Callable[[], Any] | None = None, **more: Any
    ) -> Analysed:
        """``meanwhile``: what happens to the records between the submission and the work."""
        request = {"analysis_type": analysis_type, "county_id": county.pk, "geography": geography, **more}
        response = api.post(reverse("market_analysis:run"), request, format="json")
        assert response.status_code == 202, response.content
        job = MarketAnalysisJob.objects.get(pk=response.data["job_id"])
        if meanwhile:
            meanwhile()
        folder = tmp_path / str(job.pk)
        folder.mkdir()
        outcome = jobs.execute(job, JobContext(folder))
        assert outcome.file is not None
        assert outcome.save is not None
        outcome.save()
        with zipfile.ZipFile(outcome.file.path) as package:
            files = {name: package.read(name) for name in package.namelist()}
            table = pd.read_csv(package.open(f"{analysis_type}.csv"), dtype={"place": str, "period": str})
        json.dumps(outcome.summary, allow_nan=False)
        return Analysed(outcome.message, outcome.summary, table, files)

    return run
