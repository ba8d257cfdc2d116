"""What can be proved of docker/ without Docker: the entrypoint starts, and compose asks for roles that exist."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import yaml
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from terrafusion.settings import storage
from tests.conftest import ROOT, stop

ENTRYPOINT = ROOT / "docker" / "entrypoint.sh"


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """A container's, whose database is away: the web server lives all the same."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "METRICS_ROOT": str(tmp_path / "metrics"),
        "STATIC_ROOT": str(tmp_path),
        "SECRET_KEY": "x",
        "DATABASE_URL": "postgis://nobody@127.0.0.1:1/none",
        **more,
    }


def test_an_unknown_role_is_refused_with_the_known_ones() -> None:
    done = subprocess.run([ENTRYPOINT, "cook"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "There is no role cook; there is web, worker, medium, long, sweep, migrate and manage." in done.stderr


def test_the_web_role_lives_and_counts_without_a_database(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", 0))
        port = probe.getsockname()[1]
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        [ENTRYPOINT, "web"],
        env=environment(tmp_path, WEB_HOST="127.0.0.2", ALLOWED_HOSTS="127.0.0.2", PORT=str(port), WEB_CONCURRENCY="1"),
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    log.close()
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.2:{port}/healthz", timeout=5) as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.2)
        with urllib.request.urlopen(f"http://127.0.0.2:{port}/metrics", timeout=5) as answer:
            assert b'view="healthz"' in answer.read()
        alive = tmp_path / "metrics" / socket.gethostname() / "alive"
        assert subprocess.run(["flock", "-n", alive, "true"], check=False).returncode == 1  # no other may remove it
    finally:
        stop(process)
    assert (tmp_path / "metrics" / socket.gethostname()).is_dir()


def test_every_user_may_read_what_root_has_collected(tmp_path: Path) -> None:
    """In the image collectstatic runs as root, and the web process as another user."""
    given = {**storage.STORAGES["staticfiles"]["OPTIONS"], "location": tmp_path / "static"}
    files = storages.create_storage({**storage.STORAGES["staticfiles"], "OPTIONS": given})
    files.save("admin/page.css", ContentFile(b"a {}"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "static").rglob("*")}
    modes["static"] = (tmp_path / "static").stat().st_mode & 0o777
    assert modes == {"static": 0o755, "admin": 0o755, "page.css": 0o644}


def test_everything_that_is_copied_is_sent_to_the_build() -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE)) - {"--from=build"}
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["importlinter"]["root_packages"]) <= copied


def test_compose_runs_every_role_and_the_procfile_the_same_commands() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    ours = {name: service["command"] for name, service in compose["services"].items() if "build" in service}
    roles = re.findall(r"^([a-z]+)\) exec (.*?) (?:terrafusion.wsgi )?\"\$@\"", ENTRYPOINT.read_text(), re.MULTILINE)
    assert {command[0] for command in ours.values()} == {"web", "worker", "medium", "long", "sweep", "migrate"}
    commands = dict(roles)
    procfile = dict(re.findall(r"^(\w+): (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE))
    assert set(procfile) <= set(ours)
    for role, command in procfile.items():
        assert command.removesuffix(" terrafusion.wsgi") == commands[role]


FIXED = {"DATABASE_URL", "SECRET_KEY", "MEDIA_ROOT", "STATIC_ROOT", "METRICS_ROOT", "PROMETHEUS_MULTIPROC_DIR", "PORT"}
FIXED |= {"WEB_HOST", "GDAL_LIBRARY_PATH", "GEOS_LIBRARY_PATH", "TERRAFUSION_SHARED_DATA"}
"""Settings that the image, or compose itself, decides."""


def test_compose_passes_every_setting_on() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    lines = (ROOT / ".env.example").read_text().splitlines()
    described = {line.lstrip("#").partition("=")[0] for line in lines if "=" in line and not line.startswith("# ")}
    assert len(described) > 50
    for service in (service for service in compose["services"].values() if "build" in service):
        given = service["environment"]
        assert described - FIXED <= given.keys()
        assert given.keys() - described == set()
        for name, value in given.items():  # empty: as it is where compose runs, or unset; an empty text is no number
            assert value is None or name in FIXED or name in re.findall(r"\$\{(\w+):-", value)
        assert {name for name, value in given.items() if value and value.endswith(":-}")} <= {
            "REDIS_URL",
            "METRICS_TOKEN",
            "OTLP_ENDPOINT",
        }


def test_metrics_of_containers_that_are_gone_are_removed(tmp_path: Path) -> None:
    metrics = tmp_path / "metrics"
    for name in ("gone", "gone before there was a lock"):
        (metrics / name).mkdir(parents=True)
        (metrics / name / "gauge_liveall_7.db").write_bytes(b"x")
    (metrics / "gone" / "alive").touch()
    own = socket.gethostname()
    (metrics / own).mkdir()
    (metrics / own / "gauge_liveall_1.db").write_bytes(b"x")  # of before a restart
    (metrics / "other").mkdir()
    keeper = ["flock", "-s", str(metrics / "other" / "alive"), "sleep", "600"]
    other = subprocess.Popen(keeper, start_new_session=True)
    look = "import os; print(sorted(os.listdir(os.environ['METRICS_ROOT'])), os.environ['PROMETHEUS_MULTIPROC_DIR'])"
    try:
        while not (metrics / "other" / "alive").exists():
            time.sleep(0.05)
        time.sleep(0.2)
        done = subprocess.run(
            [ENTRYPOINT, "manage", "shell", "--no-startup", "-c", look],
            env=environment(tmp_path), capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        stop(other)
    assert not (metrics / own / "gauge_liveall_1.db").exists()
    assert str(sorted([own, "other"])) in done.stdout, done.stderr
    assert str(metrics / own) in done.stdout
