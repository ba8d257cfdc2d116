"""What the API answers is kept by no browser and no proxy, but for files, which are asked for anew each time."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.jobs.conftest import Submit


@pytest.mark.parametrize(
    "address", ["properties?county_id=COUNTY01", "dummy/jobs", "counties", "dummy/status/none", "nothing", "schema"]
)
def test_answers_are_not_kept(api: APIClient, address: str) -> None:
    for accept in ("application/json", "*/*"):
        assert api.get(f"/api/v1/{address}", headers={"Accept": accept}).headers["Cache-Control"] == "no-store"


def test_refusals_are_not_kept() -> None:
    assert APIClient().get("/api/v1/properties").headers["Cache-Control"] == "no-store"


def test_files_keep_their_etag(run: Submit, api: APIClient) -> None:
    response = api.get(f"/api/v1/dummy/jobs/{run().pk}/download")
    assert response.headers["Cache-Control"] == "private, no-cache"
    response.getvalue()
