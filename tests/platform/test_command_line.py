"""What is wrong with the installation is told by manage.py in a line or two, without a traceback or a password."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SERVER = "postgis://user:hush-hush@127.0.0.1"


def manage(tmp_path: Path, url: str, *more: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "SECRET_KEY": "x"}
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", *more]
    return subprocess.run(
        command, cwd=ROOT, env={**given, "DATABASE_URL": url}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"{SERVER}:1/none", "The database cannot be used: connection failed"),
        ("mysql://user:hush-hush@127.0.0.1/x", "The setting DATABASE_URL must begin with postgis://"),
    ],
)
def test_a_database_that_cannot_be_used(tmp_path: Path, url: str, message: str) -> None:
    done = manage(tmp_path, url)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) <= 2
    assert "hush-hush" not in done.stdout + done.stderr


def test_the_traceback_is_there_for_who_asks(tmp_path: Path) -> None:
    done = manage(tmp_path, f"{SERVER}:1/none", "--traceback")
    assert "Traceback" in done.stderr
    assert "hush-hush" not in done.stderr
