"""What is answered with work done at once: it takes the role of those who submit jobs, and counts toward a limit."""

from __future__ import annotations

import uuid
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from terrafusion.api.throttles import WorkThrottle
from terrafusion.records.models import County
from tests.conftest import ClientOf

ADDRESSES = ["/api/v1/gis-export/estimate", "/api/v1/reporting/preview"]
RUNS = ["/api/v1/gis-export/run", "/api/v1/reporting/run", "/api/v1/dummy/run"]
BODIES: dict[str, dict[str, Any]] = {
    ADDRESSES[0]: {"export_format": "CSV", "layers": ["parcels"]},
    ADDRESSES[1]: {"report_type": "market_summary"},
}


@pytest.fixture(autouse=True)
def _fresh_throttles() -> Any:
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("address", [*ADDRESSES, *RUNS])
def test_a_viewer_is_refused_before_anything_is_looked_at(
    client_of: ClientOf, viewer: Any, county: County, address: str
) -> None:
    """Also with a body that has faults: to tell them may cost as much as the work."""
    body = {**BODIES.get(address, {}), "county_id": county.pk, "area_of_interest": {"type": "parcels"}}
    with mock.patch("terrafusion.areas.parse", side_effect=AssertionError("looked at")):
        response = client_of(viewer).post(address, body, format="json")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied"), response.content


@pytest.mark.parametrize("address", [*ADDRESSES, f"/api/v1/valuation/jobs/{uuid.UUID(int=1)}/decisions/preview"])
def test_it_counts_toward_a_limit(api: APIClient, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkThrottle, "THROTTLE_RATES", {"work": "2/min"})
    answers = [api.post(address, {}, format="json") for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert api.get("/api/v1/gis-export/layers").status_code == 400  # what else there is goes on
