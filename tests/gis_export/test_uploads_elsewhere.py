"""An uploaded area, in the requests of the other kinds of job: for its owner, in its county, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from terrafusion.jobs.registry import all_types
from terrafusion.records.models import County, CountyAccess
from tests.conftest import ClientOf
from tests.gis_export.test_uploads import accepted, geojson
from tests.valuation import data

# The two homes in the west of each row.
SHAPE = {
    "type": "Polygon",
    "coordinates": [
        [
            [x, y]
            for x, y in ((-122.301, 47.59), (-122.298, 47.59), (-122.298, 47.7), (-122.301, 47.7), (-122.301, 47.59))
        ]
    ],
}
BODIES: dict[str, dict[str, Any]] = {
    "reporting": {"report_type": "assessment_roll", "format": "csv"},
    "valuation": {
        "valuation_method": "ratio_study",
        "valuation_date": "2021-01-01",
        "parameters": {"values": "current"},
    },
    "market_analysis": {"analysis_type": "price_index"},
}


def submit(client: APIClient, plugin: str, county: County, area: Any) -> Any:
    where = {"scope": {"area_of_interest": area}} if plugin == "valuation" else {"area_of_interest": area}
    address = f"/api/v1/{plugin.replace('_', '-')}/run"
    return client.post(address, {"county_id": county.pk, **BODIES[plugin], **where}, format="json")


@pytest.mark.parametrize("plugin", BODIES)
def test_an_upload_is_its_owners(
    api: APIClient, county: County, other_county: County, analyst: Any, manager: Any, client_of: ClientOf, plugin: str
) -> None:
    for each in (county, other_county):
        data.sales(each, data.homes(each, 40), 60)
    CountyAccess.objects.create(user=analyst, county=other_county, role=CountyAccess.Role.ANALYST)
    area = accepted(api, geojson(SHAPE), "west.geojson")["area_of_interest"]
    for client, at in ((client_of(manager), county), (api, other_county)):
        refused = submit(client, plugin, at, area)
        assert refused.status_code == 400, refused.content
        assert "You have no uploaded area" in refused.content.decode()
    response = submit(api, plugin, county, area)
    assert response.status_code == 202, response.content
    (model,) = (job_type.model for job_type in all_types() if job_type.name == plugin)
    job: Any = model.objects.get()
    assert job.area_of_interest.extent == pytest.approx((-122.301, 47.59, -122.298, 47.7))
