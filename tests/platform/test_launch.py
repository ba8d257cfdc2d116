"""The environment that the make targets give to what they run."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from terrafusion.setup import launch, postgis, processes
from terrafusion.setup.errors import SetupError
from terrafusion.setup.postgres import Cluster
from tests.conftest import ROOT

GIVEN = {"SECRET_KEY", "SECRET_KEY_FILE", "DATABASE_URL", "DATABASE_URL_FILE"}


def test_env_file_values(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# comment\n\nA=1\nexport B='two words'\nC=\"x=y\"\nD=\n")
    assert launch.read_env_file(file) == {"A": "1", "B": "two words", "C": "x=y", "D": ""}
    assert launch.read_env_file(tmp_path / "none") == {}
    file.write_text("A=1\nnonsense\n")
    with pytest.raises(SetupError, match=r"\.env, line 2"):
        launch.read_env_file(file)


def test_the_environment_wins_over_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=postgis://file\nLOG_LEVEL=ERROR\nQ_WORKERS=7\n")
    monkeypatch.setenv("DATABASE_URL", "postgis://environment")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.delenv("Q_WORKERS", raising=False)
    with launch.environment(tmp_path) as env:
        assert (env["DATABASE_URL"], env["LOG_LEVEL"], env["Q_WORKERS"]) == ("postgis://environment", "DEBUG", "7")
    assert not (tmp_path / "build" / "postgres").exists()


def test_what_python_compiles_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgis://environment")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "module.py").write_text("")
    with launch.environment(tmp_path) as env:
        subprocess.run([sys.executable, "-c", "import module"], cwd=tmp_path, env=env, check=True)
    assert list(tmp_path.glob("__pycache__/module.*.pyc"))


def test_a_secret_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = launch.secret_key_file(tmp_path)
    key = path.read_text()
    assert len(key) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert launch.secret_key_file(tmp_path).read_text() == key


def test_exports_are_signed_with_a_key_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgis://environment")
    monkeypatch.delenv("EXPORT_SIGNING_KEY_FILE", raising=False)
    with launch.environment(tmp_path) as env:
        path = Path(env["EXPORT_SIGNING_KEY_FILE"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() != launch.secret_key_file(tmp_path).read_text()
    monkeypatch.setenv("EXPORT_SIGNING_KEY", "given")
    with launch.environment(tmp_path) as env:
        assert "EXPORT_SIGNING_KEY_FILE" not in env


def checkout(tmp_path: Path) -> Path:
    """The set-up alone, as another project."""
    project = tmp_path / "a checkout"
    for name in ("terrafusion/__init__.py", "terrafusion/setup"):
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target)
    return project


def launched(project: Path, *command: str) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if name not in GIVEN} | {
        "PGPORT": "9",
        "PGHOST": "nowhere",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "terrafusion.setup.launch", *command],
        cwd=project, env=env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


ASK = "import os; print(os.environ['DATABASE_URL'], 'PGPORT' in os.environ, flush=True)"


@pytest.mark.skipif(postgis.find() is None, reason="no PostgreSQL with PostGIS on this machine")
def test_the_last_user_of_the_private_server_stops_it(tmp_path: Path) -> None:
    project = checkout(tmp_path)
    cluster = Cluster(project)
    try:
        first = launched(project, sys.executable, "-c", f"{ASK}; import time; time.sleep(600)")
        assert first.stdout is not None
        assert first.stdout.readline().split() == [cluster.url, "False"]
        server = set(processes.with_children(int((cluster.data / "postmaster.pid").read_text().split()[0])))
        assert len(server) > 5
        second = launched(project, sys.executable, "-c", f"{ASK}; raise SystemExit(7)")
        assert second.communicate(timeout=60)[0].split() == [cluster.url, "False"]
        assert second.returncode == 7  # the command's own
        assert cluster.running()  # the first one uses it still
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 128 + signal.SIGTERM
        first.stdout.close()
        assert not cluster.running()
        listed = subprocess.run(["ps", "-e", "-o", "pid="], capture_output=True, text=True, check=True).stdout.split()
        assert not server & set(map(int, listed))  # not even as a process that nobody has waited for
    finally:
        cluster.remove()


@pytest.mark.skipif(postgis.find() is None, reason="no PostgreSQL with PostGIS on this machine")
def test_a_server_started_by_hand_stays(tmp_path: Path) -> None:
    project = checkout(tmp_path)
    cluster = Cluster(project)
    by_hand = [sys.executable, "-m", "terrafusion.setup.postgres"]
    try:
        started = subprocess.run([*by_hand, "start"], cwd=project, capture_output=True, text=True, check=True)
        assert started.stdout.strip() == cluster.url
        process = launched(project, "true")
        process.communicate(timeout=60)
        assert process.returncode == 0
        time.sleep(0.2)
        shown = subprocess.run([*by_hand, "status"], cwd=project, capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == cluster.url
        subprocess.run([*by_hand, "stop"], cwd=project, check=True, capture_output=True)
        assert not cluster.running()
    finally:
        cluster.remove()


def test_without_postgis_and_without_root_the_command_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgis, "_installed", list)
    monkeypatch.setattr(postgis, "_may_sudo", lambda: False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(SetupError, match="sudo apt-get install -y --no-install-recommends postgresql-postgis libgomp1"):
        postgis.find_or_install()


@pytest.mark.parametrize(
    ("message", "code", "asked"), [("E: Could not get lock lists/lock", 0, 3), ("E: No network", 1, 1)]
)
def test_installing_waits_for_another_apt_get_and_for_nothing_else(
    tmp_path: Path, message: str, code: int, asked: int
) -> None:
    (tmp_path / "apt-get").write_text(
        f"""#!/bin/sh
        echo "$@" >> {tmp_path}/asked
        if [ "$1" = update ] && [ "$(wc -l < {tmp_path}/asked)" -lt 3 ]; then echo "{message}" >&2; exit 100; fi"""
    )
    (tmp_path / "sleep").write_text("#!/bin/sh")
    for program in ("apt-get", "sleep"):
        (tmp_path / program).chmod(0o755)
    done = subprocess.run(
        [Path(postgis.__file__).with_name("debian.sh"), "a-package"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    calls = (tmp_path / "asked").read_text().splitlines()
    assert (done.returncode, sum("update" in call for call in calls)) == (code, asked)
    assert (calls[-1].endswith("install -y --no-install-recommends a-package")) == (code == 0)
    assert code == 0 or message in done.stderr
