"""The examples of docs/user/parameters.md are accepted, run, and give a file."""

from __future__ import annotations

import json
import re

from rest_framework.test import APIClient

from gis_export import parameters
from gis_export.models import GisExportJob
from terrafusion.jobs import options, runner
from terrafusion.records.models import (
    County,
    PropertyOperational,
    PropertyValueHistory,
    ReferenceFeature,
    ReferenceLayer,
)
from tests.conftest import ROOT
from tests.gis_export import data
from tests.gis_export.conftest import URL

PAGE = (ROOT / "docs" / "user" / "parameters.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_every_parameter_is_on_the_page() -> None:
    table = PAGE.partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)) == sorted([*parameters.NAMES, *options.NAMES])


def test_every_example_runs(transactional_db: None, api: APIClient, county: County) -> None:
    for i in range(3):
        parcel = PropertyOperational.objects.create(
            county=county,
            parcel_number=str(i),
            situs_address=f"{i} Main St",
            use_code="101",
            total_value=600_000,
            year_built=1990 + i,
            geometry=data.shape(data.outline(i)),
        )
        for day, value in (("2022-01-01", 500_000), ("2024-01-01", 600_000)):
            PropertyValueHistory.objects.create(
                county=county, property=parcel, tax_year=int(day[:4]), effective_date=day, total_value=value
            )
    zoning = ReferenceLayer.objects.create(
        county=county, name="zoning", geometry_type="MultiPolygon", field_schema=[{"name": "ZCODE", "type": "text"}]
    )
    ReferenceFeature.objects.create(county=county, layer=zoning, feature_key="1", attributes={"ZCODE": "R-1"})
    assert len(EXAMPLES) >= 6
    for body in EXAMPLES:
        answer = api.post(f"{URL}/estimate", body, format="json")
        assert answer.status_code == 200, (body, answer.content)
        response = api.post(f"{URL}/run", body, format="json")
        assert response.status_code == 202, (body, response.content)
        runner.run("gis_export.GisExportJob", response.data["job_id"])
        job = GisExportJob.objects.get(pk=response.data["job_id"])
        assert job.status == "COMPLETED", (body, job.message)
        assert job.record_count == answer.json()["records"] > 0, body
