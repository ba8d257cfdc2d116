"""An export in the admin: what was made, and what was lost, can be read there."""

from __future__ import annotations

import json
import re
from html import unescape

from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.records.models import County
from tests.gis_export.conftest import run_export

MARKUP = "<script>alert(1)</script>"


def test_the_manifest_as_tables(transactional_db: None, api: APIClient, loaded: County, admin_client: Client) -> None:
    where = {"parcels": {"field": "zoning", "op": "!=", "value": MARKUP}}
    job = run_export(api, loaded, "Shapefile", ["parcels", "zoning"], parameters={"where": where})
    assert job.status == "COMPLETED", job.message
    page = admin_client.get(reverse("admin:gis_export_gisexportjob_change", args=[job.pk])).content.decode()
    assert MARKUP not in page
    cells = [unescape(cell) for cell in re.findall(r"<td>(?:<code>)?(.*?)(?:</code>)?</td>", page)]
    manifest = job.result_summary
    for file in manifest["files"]:
        assert {file["name"], file["sha256"]} <= set(cells)
    losses = [loss for layer in manifest["layers"] for loss in layer["losses"]]
    assert len(losses) > 2
    assert all({loss["kind"], loss["field"], loss["detail"]} <= set(cells) for loss in losses)
    (text,) = re.findall(r"<details>.*?<pre>(.*?)</pre>\s*</details>", page, re.DOTALL)
    assert json.loads(unescape(text)) == manifest
    assert MARKUP in unescape(text)


def test_a_job_without_a_result(admin_client: Client, api: APIClient, county: County) -> None:
    body = {"export_format": "CSV", "county_id": county.pk, "layers": ["parcels"]}
    job = api.post("/api/v1/gis-export/run", body, format="json").data["job_id"]
    page = admin_client.get(reverse("admin:gis_export_gisexportjob_change", args=[job])).content.decode()
    assert "Manifest" in page
    assert "The whole manifest" not in page
