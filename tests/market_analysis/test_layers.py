"""What an analysis found of areas is a layer that exports take."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import fiona
import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.urls import reverse
from rest_framework.test import APIClient

from gis_export.models import GisExportJob
from market_analysis.models import MarketAnalysisJob, MarketArea
from terrafusion.jobs import runner
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County
from tests.conftest import ClientOf, wait_for_job
from tests.gis_export.conftest import close_writer

HOT_SPOTS = {"analysis_type": "hot_spots", "geography": "hexgrid:300", "parameters": {"min_sales": 2}}


@pytest.fixture(scope="module", autouse=True)
def _writer() -> Iterator[None]:
    """The writer keeps connections to the test database, which could not be dropped under it."""
    yield
    close_writer()


def completed(api: APIClient, name: str, model: type[AbstractJob], request: dict[str, Any]) -> Any:
    response = api.post(reverse(f"{name}:run"), request, format="json")
    assert response.status_code == 202, response.content
    job = model.objects.get(pk=response.data["job_id"])
    if job.completed_at is None:
        runner.run(model._meta.label, str(job.pk))
    job = wait_for_job(job)
    assert job.status == "COMPLETED", job.message
    return job


def layer_names(api: APIClient, county: County) -> list[str]:
    return [layer["name"] for layer in api.get(reverse("gis_export:layers"), {"county_id": county.pk}).json()]


@pytest.fixture
def analysed(transactional_db: None, api: APIClient, market_county: County) -> Any:
    assert "market_hot_spots" not in layer_names(api, market_county)
    return completed(api, "market_analysis", MarketAnalysisJob, {**HOT_SPOTS, "county_id": market_county.pk})


def test_hot_spots_as_a_geopackage(
    analysed: Any, api: APIClient, market_county: County, outsider: Any, client_of: ClientOf, tmp_path: Path
) -> None:
    assert "market_hot_spots" in layer_names(api, market_county)
    request = {"export_format": "GeoPackage", "county_id": market_county.pk, "layers": ["market_hot_spots"]}
    job = completed(api, "gis_export", GisExportJob, request)
    path = Path(default_storage.path(job.result_file))
    areas = {area.key: area for area in MarketArea.objects.filter(job=analysed)}
    with fiona.open(path) as layer:
        assert layer.schema["geometry"] == "MultiPolygon"
        features = list(layer)
    assert len(features) == len(areas) == job.record_count > 20
    for feature in features:
        area = areas[feature.properties["place"]]
        assert feature.properties["sales"] == area.sales
        assert feature.properties["z"] == area.values.get("z")
        assert feature.properties["spot"] == area.values.get("spot")
        assert (feature.properties["withheld"] or "") == area.withheld
        assert area.geometry is not None
        assert json.loads(area.geometry.json)["coordinates"][0][0][0] == pytest.approx(
            list(feature.geometry.coordinates[0][0][0]), abs=1e-9
        )
    with closing(sqlite3.connect(path)) as database:  # a reader without GDAL, which wrote the file
        assert database.execute("SELECT count(*) FROM market_hot_spots").fetchone() == (len(areas),)
    assert client_of(outsider).post(reverse("gis_export:run"), request, format="json").status_code == 400


def test_the_layer_is_that_of_the_latest_job_and_goes_with_the_last(
    analysed: Any, api: APIClient, market_county: County
) -> None:
    other = {**HOT_SPOTS, "county_id": market_county.pk, "geography": "hexgrid:400"}
    second = completed(api, "market_analysis", MarketAnalysisJob, other)
    assert _places(api, market_county) == second.areas.count() != analysed.areas.count()
    # The first request again is answered with its result, which is then the latest.
    again = completed(api, "market_analysis", MarketAnalysisJob, {**HOT_SPOTS, "county_id": market_county.pk})
    assert again.reused_from == analysed
    assert _places(api, market_county) == analysed.areas.count()
    MarketAnalysisJob.objects.exclude(pk=second.pk).update(expires_at=Now() - timedelta(seconds=1))
    sweep()
    assert _places(api, market_county) == second.areas.count()
    third = completed(api, "market_analysis", MarketAnalysisJob, {**other, "parameters": {"min_sales": 3}})
    assert set(MarketArea.objects.values_list("job", flat=True)) == {second.pk, third.pk}
    MarketAnalysisJob.objects.update(expires_at=Now() - timedelta(seconds=1))
    sweep()
    assert "market_hot_spots" not in layer_names(api, market_county)


def _places(api: APIClient, county: County) -> int:
    request = {"export_format": "CSV", "county_id": county.pk, "layers": ["market_hot_spots"]}
    return int(completed(api, "gis_export", GisExportJob, request).record_count)
