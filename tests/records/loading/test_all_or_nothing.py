"""A load that dies half way, in whatever manner, leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from django.core.management.base import CommandError
from django.db import connection

from terrafusion.records.loading.upsert import Upsert
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, ReferenceLayer
from tests.conftest import ROOT, process_environment
from tests.records.loading import files

ROWS = 30_000


def _big(folder: Path) -> Path:
    columns: dict[str, Any] = {
        "parcel_number": [f"{n:06d}" for n in range(ROWS)],
        "land_value": list(range(ROWS)),
        "tax_year": [2024] * ROWS,
    }
    column, row = np.arange(ROWS) % 300, np.arange(ROWS) // 300
    west, south = files.X + 100 * column, files.Y + 100 * row
    shapes = shapely.box(west, south, west + 90, south + 90)
    return files.write(folder / "big.gpkg", columns, shapes)


@pytest.mark.django_db(transaction=True)
def test_an_error_in_the_last_step(king: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The features' INSERT fails after the layer's record was written: neither stays."""

    def fail(self: Upsert, cursor: Any) -> None:
        cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(Upsert, "run", fail)
    path = files.write(tmp_path / "z.gpkg", {"Z": ["R"]}, [files.square()])
    with pytest.raises(CommandError, match="The database refused the load, nothing was changed: division by zero"):
        files.load(king, "zoning", path)
    assert not ReferenceLayer.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["COPY", "INSERT INTO"])
def test_kill_9(king: County, tmp_path: Path, moment: str) -> None:
    """A loader that is killed while it copies, or while the rows go into the table."""
    arguments = [sys.executable, str(ROOT / "manage.py"), "load_layer", "KING", "parcels", str(_big(tmp_path))]
    process = subprocess.Popen(
        arguments, env=process_environment(), cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"{moment} %", process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _wait_until_gone(f"{moment} %")
    assert not PropertyOperational.objects.exists()
    assert not PropertyValueHistory.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname = 'load_staging'")
        assert cursor.fetchone() == (0,)
    # And what was interrupted can be done again.
    assert files.load(king, "parcels", tmp_path / "big.gpkg")["inserted"] == ROWS


def _running(pattern: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state = 'active' AND query LIKE %s AND query LIKE %s",
            [pattern, "%load_staging%"],
        )
        return bool(cursor.fetchone()[0])


def _wait_for(pattern: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not _running(pattern):
        assert process.poll() is None, "the loader ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.002)


def _wait_until_gone(pattern: str) -> None:
    deadline = time.monotonic() + 60
    while _running(pattern):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_the_command_as_people_type_it(king: County, tmp_path: Path) -> None:
    """A process of its own: exit codes, the printed summary, one line of error."""
    path = files.write(tmp_path / "p.gpkg", {"parcel_number": ["1", "2"]}, [files.square(0), files.bowtie(1)])

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), "load_layer", *arguments]
        return subprocess.run(command, env=process_environment(), cwd=ROOT, capture_output=True, text=True, check=False)

    good = run("KING", "parcels", str(path))
    assert good.returncode == 0, good.stderr
    assert "KING parcels from p.gpkg: 2 read, 2 inserted, 0 updated, 0 unchanged, 0 refused" in good.stdout
    assert "1 geometry repaired" in good.stdout
    bad = run("KING", "parcels", str(tmp_path / "none.gpkg"))
    assert bad.returncode == 1
    assert bad.stderr.strip() == f"CommandError: There is no file {tmp_path / 'none.gpkg'}."
