"""/healthz, /readyz and /metrics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import DatabaseError
from django.test import Client

from terrafusion.health import parts
from terrafusion.jobs import canary
from terrafusion.records.models import County

pytestmark = pytest.mark.django_db
CLUSTERS = ("one", "two", "three")  # not those that may be running beside, and sing


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    parts.forget()
    yield
    parts.forget()


@pytest.fixture
def singing(settings: Any) -> None:
    settings.SHORT_CLUSTER, settings.MEDIUM_CLUSTER, settings.LONG_CLUSTER = CLUSTERS
    for cluster in CLUSTERS:
        canary.record_activity(cluster)


def test_healthz_needs_nothing_but_the_process(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@pytest.mark.usefixtures("singing")
def test_ready_when_every_part_is_and_nothing_is_left_in_storage(client: Client, settings: Any) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200, response.content
    assert response.json()["parts"] == dict.fromkeys(("database", "broker", "storage", "workers"), "ok")
    folder = Path(settings.MEDIA_ROOT) / ".health"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_not_ready_when_no_worker_ever_did_anything(client: Client, settings: Any) -> None:
    settings.SHORT_CLUSTER, settings.MEDIUM_CLUSTER, settings.LONG_CLUSTER = CLUSTERS
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["workers"] == (
        "No sign of life from the workers of: one (never), two (never), three (never)."
    )


@pytest.mark.usefixtures("singing")
def test_not_ready_when_the_canary_is_old(client: Client, settings: Any) -> None:
    settings.CANARY_STALE_AFTER = -1
    assert client.get("/readyz").json()["parts"]["workers"].startswith("No sign of life from the workers of: one")


@pytest.mark.usefixtures("singing")
def test_not_ready_when_storage_takes_nothing(client: Client, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of the folder")
    settings.MEDIA_ROOT = str(tmp_path / "file")
    storages._storages.clear()  # type: ignore[attr-defined]
    try:
        response = client.get("/readyz")
    finally:
        storages._storages.clear()  # type: ignore[attr-defined]
    assert response.status_code == 503
    assert response.json()["parts"]["storage"] == "The storage of results does not take files."
    assert str(tmp_path) not in response.content.decode()


@pytest.mark.usefixtures("singing")
def test_a_database_that_is_away_is_named_without_its_secrets(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseError("could not connect with password hush-hush")

    monkeypatch.setitem(parts.PARTS, "database", (away, parts.PARTS["database"][1]))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == "The database does not answer."
    assert b"hush-hush" not in response.content


@pytest.mark.usefixtures("singing")
def test_asking_often_does_not_write_often(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setitem(parts.PARTS, "storage", (lambda: asked.append(1), "-"))
    for _ in range(5):
        client.get("/readyz")
    assert len(asked) == 1


def test_metrics_are_for_this_machine_without_a_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 403


def test_metrics_take_the_token_from_anywhere(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "right"

    def status(**sent: str) -> int:
        return client.get("/metrics", REMOTE_ADDR="10.0.0.7", headers=sent).status_code

    assert status(Authorization="Bearer right") == 200
    assert status(Authorization="Bearer wrong") == 403
    assert status() == 403
    assert client.get("/metrics").status_code == 403


def test_the_page_has_requests_and_jobs_by_state(client: Client, county: County) -> None:
    client.get("/healthz")
    response = client.get("/metrics")
    page = response.content.decode()
    assert response["Content-Type"].startswith("text/plain")
    assert (
        'django_http_requests_total_by_view_transport_method_total{method="GET",transport="http",view="healthz"}'
        in page
    )
    assert 'gis_export_jobs{status="PENDING"} 0.0' in page


def test_counts_of_another_machine_are_added(client: Client, settings: Any, tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "from prometheus_client import Counter; Counter('apples', 'a', ['kind']).labels('red').inc(3)"
    for host in ("one", "two"):
        folder = tmp_path / host
        folder.mkdir()
        subprocess.run([sys.executable, "-c", code], env={"PROMETHEUS_MULTIPROC_DIR": str(folder)}, check=True)
    settings.METRICS_ROOT = str(tmp_path)
    assert 'apples_total{kind="red"} 6.0' in client.get("/metrics").content.decode()
