"""A result file that is not the one that was made does not go out under its old ETag."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from terrafusion.jobs import intact
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def swap(path: Path) -> None:
    """As long as before, and with its times."""
    seen = path.stat()
    path.write_bytes(path.read_bytes().replace(b"plain", b"PLAIN"))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def download(api: APIClient, job: DummyJob, address: str = "download") -> tuple[int, str]:
    response = api.get(f"/api/v1/dummy/jobs/{job.pk}/{address}")
    if response.status_code == 200:
        response.getvalue()
        return 200, ""
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("damage", [truncate, swap])
def test_a_damaged_file_is_refused(run: Submit, api: APIClient, damage: Callable[[Path], None]) -> None:
    job = run()
    path = Path(default_storage.path(job.result_file))
    addresses = ("download", f"files/{path.name}")
    for _ in range(2):
        assert [download(api, job, address) for address in addresses] == [(200, ""), (200, "")]
    good = path.read_bytes()
    damage(path)
    assert [download(api, job, address) for address in addresses] == [(409, "result_file_damaged")] * 2
    path.write_bytes(good)
    assert download(api, job) == (200, "")


def test_a_hash_is_computed_once_for_each_state_of_a_file(
    run: Submit, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = run()
    intact._sha256.cache_clear()
    for _ in range(3):
        assert download(api, job) == (200, "")
    assert intact._sha256.cache_info().misses == 1
    monkeypatch.setattr(intact, "MAX_HASHED", 10)
    swap(Path(default_storage.path(job.result_file)))
    assert download(api, job) == (200, "")  # too large to be hashed while a request waits
