"""The real thing: HTTP in, a real cluster, files out, and workers that die."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.db import connection
from rest_framework.test import APIClient

from gis_export.models import GisExportJob
from terrafusion.jobs import dispatch
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County
from tests.conftest import Cluster, wait_until
from tests.gis_export import data
from tests.gis_export.conftest import URL

AREA = {"type": "bbox", "coordinates": [data.WEST - 0.01, data.SOUTH - 0.01, data.WEST + 0.02, data.SOUTH + 0.01]}


@pytest.fixture
def loaded(cluster: Cluster, county: County) -> County:
    data.load(county)
    return county


def submit(api: APIClient, county: County, **more: Any) -> Any:
    body = {"export_format": "GeoJSON", "county_id": county.pk, "layers": ["parcels"], **more}
    response = api.post(f"{URL}/run", body, format="json")
    assert response.status_code == 202, response.content
    return response


@contextmanager
def reference_features_locked() -> Iterator[None]:
    """An export of a reference layer stops in the writer's query until this ends; the worker itself goes on."""
    with psycopg.connect(**connection.get_connection_params()) as blocker:
        blocker.execute("LOCK TABLE records_referencefeature IN ACCESS EXCLUSIVE MODE")
        yield


def waiting_for_the_lock() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def results() -> list[str]:
    folder = Path(default_storage.path("gis_exports_output"))
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_from_request_to_file(cluster: Cluster, api: APIClient, loaded: County) -> None:
    accepted = submit(api, loaded, layers=["parcels", "zoning"], area_of_interest=AREA)
    assert accepted.data["status"] == "PENDING"
    assert accepted.data["parameters"] == {"area_of_interest": AREA, "layers": ["parcels", "zoning"]}
    location = accepted.headers["Location"]
    wait_until(lambda: api.get(location).json()["completed_at"])
    shown = api.get(location).json()
    assert (shown["status"], shown["progress"], shown["error_code"]) == ("COMPLETED", 100, "")

    job_id = shown["job_id"]
    result = api.get(f"{URL}/results/{job_id}").json()["result"]
    location = f"gis_exports_output/COUNTY01/{job_id}_parcels_zoning.zip"
    assert result["result_file_location"] == location
    assert result["result_record_count"] == 16
    assert result["result_summary"]["data_as_of"] <= shown["completed_at"]

    address = f"{URL}/jobs/{job_id}/download"
    whole = api.get(address).getvalue()
    assert hashlib.sha256(whole).hexdigest() == result["result_file_sha256"]
    middle = len(whole) // 2
    parts = [
        api.get(address, headers={"Range": wanted}).getvalue()
        for wanted in (f"bytes=0-{middle - 1}", f"bytes={middle}-")
    ]
    assert b"".join(parts) == whole
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert sorted(archive.namelist()) == [
            "area_of_interest.geojson",
            "manifest.json",
            "parcels.geojson",
            "zoning.geojson",
        ]
        manifest = json.loads(archive.read("manifest.json"))
        for file in manifest["files"]:
            assert hashlib.sha256(archive.read(file["name"])).hexdigest() == file["sha256"]
        assert len(json.loads(archive.read("parcels.geojson"))["features"]) == 8


def test_a_worker_killed_in_mid_export_costs_an_attempt(
    cluster: Cluster, api: APIClient, loaded: County, settings: Any
) -> None:
    settings.JOB_LOST_AFTER = 3
    before = results()
    with reference_features_locked():
        job = _submitted_while_locked(loaded)
        cluster.wait(job, "RUNNING")
        wait_until(waiting_for_the_lock)
        worker = psutil.Process(int(job.worker.rpartition(":")[2]))
        writers = [child for child in worker.children() if "gis_export.writer" in child.cmdline()]
        assert len(writers) == 1
        worker.kill()
        wait_until(lambda: not psutil.pid_exists(writers[0].pid))
        wait_until(lambda: not waiting_for_the_lock(), 30)  # the server has seen it, too
        assert results() == before
        wait_until(lambda: sweep().retried == 1)
    job = cluster.wait(job)
    assert (job.status, job.attempt, job.record_count) == ("COMPLETED", 2, 24), job.message
    assert [name for name in results() if name not in before] == [f"{job.pk}_zoning.gpkg"]
    assert GisExportJob.objects.count() == 1


def test_a_writer_killed_in_mid_export_costs_the_job_only(cluster: Cluster, api: APIClient, loaded: County) -> None:
    before = results()
    with reference_features_locked():
        job = _submitted_while_locked(loaded)
        cluster.wait(job, "RUNNING")
        wait_until(waiting_for_the_lock)
        worker = psutil.Process(int(job.worker.rpartition(":")[2]))
        (writer,) = (child for child in worker.children() if "gis_export.writer" in child.cmdline())
        writer.kill()
        job = cluster.wait(job)
    assert (job.status, job.error_code, job.attempt) == ("FAILED", "writer_crashed", 1)
    assert results() == before
    assert worker.is_running()
    after = cluster.wait(GisExportJob.objects.get(pk=submit(api, loaded).data["job_id"]))
    assert after.status == "COMPLETED"


def test_cancel_over_http_stops_the_query(cluster: Cluster, api: APIClient, loaded: County) -> None:
    with reference_features_locked():
        job = _submitted_while_locked(loaded)
        cluster.wait(job, "RUNNING")
        wait_until(waiting_for_the_lock)
        assert api.post(f"{URL}/jobs/{job.pk}/cancel").status_code == 202
        wait_until(lambda: not waiting_for_the_lock(), 30)
        job = cluster.wait(job)
    assert (job.status, job.result_file) == ("CANCELLED", "")


def _submitted_while_locked(county: County) -> GisExportJob:
    """A pending job whose layer is locked; over HTTP the estimate would wait for the lock."""
    resolved = {
        "crs": "EPSG:4326",
        "fields": None,
        "spatial_operation": "intersects",
        "include_assessment_data": True,
        "package": "auto",
    }
    analyst = get_user_model().objects.get(username="analyst")
    job = GisExportJob(county=county, export_format="GeoPackage", layers=["zoning"], submitted_by=analyst)
    job.parameters, job.resolved, job.estimated_records = {}, resolved, 24
    return dispatch.submit(job)[0]
