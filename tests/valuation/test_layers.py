"""Values, ratios and residuals as layers that are exported like any other."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import fiona
import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs import runner
from terrafusion.jobs.states import Status
from terrafusion.records import versions
from terrafusion.records.layers import layers_of
from terrafusion.records.models import County, PropertyOperational
from tests.conftest import wait_for_job
from tests.gis_export.conftest import close_writer
from tests.valuation import data
from tests.valuation.conftest import certify
from valuation.models import EvaluationSale, ValuationJob


@pytest.fixture(scope="module", autouse=True)
def _writer() -> Iterator[None]:
    """The writer of exports keeps connections to the test database, which could not be dropped under it."""
    yield
    close_writer()


NAMES = {"values", "certified_values", "ratios", "residuals"}


def evaluated(run: ValuationJob) -> None:
    ValuationJob.objects.filter(pk=run.pk).update(median_ratio=1.0)
    EvaluationSale.objects.create(
        county_id=run.county_id,
        job=run,
        sale_id="S1",
        parcel_number="0001",
        sale_date=datetime.date(2022, 3, 1),
        sale_price=310_000,
        adjusted_price=300_000.0,
        value=330_000.0,
        ratio=1.1,
        residual=30_000.0,
        point=Point(data.WEST, data.SOUTH, srid=4326),
    )


def there(county: County) -> dict[str, Any]:
    return {layer.name: layer for layer in layers_of(county) if layer.name in NAMES}


def test_only_where_there_is_something(county: County, parcels: list[Any], assessor: Any) -> None:
    assert there(county) == {}
    run = data.run_of(county)
    data.proposed(run, parcels[1], value=333_000)
    assert set(there(county)) == {"values"}
    evaluated(run)
    assert set(there(county)) == {"values", "ratios", "residuals"}
    certify(run, assessor, "0001")
    assert set(there(county)) == NAMES


def test_the_newest_run_of_the_whole_county(county: County, parcels: list[Any]) -> None:
    whole = data.run_of(county)
    data.run_of(county, scope={"parcels": ["0001"]})
    data.run_of(county, valuation_method="ratio_study")
    data.run_of(county, status=Status.FAILED)
    assert str(whole.pk) in there(county)["values"].description
    shared = data.run_of(county, reused_from=whole)
    assert str(shared.pk) in there(county)["values"].description
    data.proposed(whole, parcels[0])
    assert there(county)["values"].queryset.count() == 1


def test_versions_change_with_what_layers_show(
    transactional_db: None, county: County, parcels: list[PropertyOperational], assessor: Any
) -> None:
    run = data.run_of(county)
    data.proposed(run, parcels[1], value=333_000)

    def version() -> str:
        return versions.of(there(county)["values"].sources)

    seen = [version()]
    certify(run, assessor, "0001")
    seen.append(version())
    pending = data.run_of(county, status=Status.PENDING, completed_at=None)
    assert version() == seen[-1]  # nothing of it can be seen yet
    ValuationJob.objects.filter(pk=pending.pk).update(status=Status.COMPLETED, completed_at=run.completed_at)
    seen.append(version())
    assert len(set(seen)) == 3


def export(api: APIClient, county: County, file_format: str, *names: str) -> bytes:
    body = {"export_format": file_format, "county_id": county.pk, "layers": list(names)}
    response = api.post(reverse("gis_export:run"), body, format="json")
    assert response.status_code == 202, response.content
    runner.run("gis_export.GisExportJob", response.data["job_id"])
    from gis_export.models import GisExportJob

    job = wait_for_job(GisExportJob.objects.get(pk=response.data["job_id"]))
    assert job.status == Status.COMPLETED, job.message
    content: bytes = api.get(reverse("gis_export:download", args=[job.pk])).getvalue()
    return content


@pytest.mark.parametrize("file_format", ["GeoPackage", "Shapefile"])
def test_exported(
    transactional_db: None,
    api: APIClient,
    county: County,
    run: ValuationJob,
    assessor: Any,
    file_format: str,
    tmp_path: Any,
) -> None:
    evaluated(run)
    certify(run, assessor, "0001")
    content = export(api, county, file_format, *sorted(NAMES))
    if file_format == "Shapefile":
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = {name for name in package.namelist() if name.endswith(".shp")}
        assert {name.removesuffix(".shp").rsplit("/")[-1] for name in names} == NAMES
        return
    path = tmp_path / "values.gpkg"
    path.write_bytes(content)
    assert set(fiona.listlayers(path)) == NAMES
    with fiona.open(path, layer="values") as values:
        rows = {row.properties["parcel_number"]: row for row in values}
        assert len(rows) == 5
        one = rows["0001"].properties
        assert (one["value"], one["state"], one["valuation_date"]) == (301_000, "certified", "2022-01-01")
        assert one["change_percent"] == pytest.approx(100 * (301_000 - one["previous_value"]) / one["previous_value"])
        assert rows["0001"].geometry.type == "MultiPolygon"
    with fiona.open(path, layer="residuals") as residuals:
        (only,) = residuals
        assert only.properties["residual"] == 30_000
        assert only.properties["residual_percent"] == pytest.approx(10.0)
    with fiona.open(path, layer="certified_values") as certified:
        assert [row.properties["tax_year"] for row in certified] == [2022]
