"""Settings come from the environment, fail loudly with their names, and are all described."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

READERS = {"text", "integer", "boolean", "items", "database"}
GOOD = {"SECRET_KEY": "x", "DATABASE_URL": "postgis://user:pw@localhost/nowhere"}


def load_settings(tmp_path: Path, show: str = "'ok'", **environment: str) -> subprocess.CompletedProcess[str]:
    """Import the settings in a fresh process whose environment holds nothing else; print ``show``."""
    given = {"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"), **environment}
    code = f"from terrafusion import settings; print({show})"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, env=given, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": None}, "The setting SECRET_KEY is missing"),
        ({"SECRET_KEY": ""}, "The setting SECRET_KEY is empty"),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nowhere/key"}, "The setting SECRET_KEY is not valid"),
        ({"DATABASE_URL": None}, "The setting DATABASE_URL is missing"),
        ({"DATABASE_URL": "mysql://user:pw@localhost/x"}, "The setting DATABASE_URL must begin with postgis://"),
        ({"DEBUG": "perhaps"}, "The setting DEBUG must be true or false, not 'perhaps'"),
        ({"CONN_MAX_AGE": "long"}, "The setting CONN_MAX_AGE is not valid"),
        ({"Q_WORKERS": "0"}, "The setting Q_WORKERS must be at least 1"),
        ({"OTLP_ENDPOINT": "collector:4318"}, "The setting OTLP_ENDPOINT must begin with https:// or http://"),
        ({"LOG_FORMAT": "xml"}, "The setting LOG_FORMAT must be text or json, not 'xml'"),
        ({"LOG_LEVEL": "loud"}, "The setting LOG_LEVEL must be such as INFO"),
        ({"PROMETHEUS_MULTIPROC_DIR": "/proc/none"}, "The setting PROMETHEUS_MULTIPROC_DIR names a folder"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(tmp_path: Path, change: dict[str, str | None], named: str) -> None:
    environment = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    done = load_settings(tmp_path, **environment)
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {named}" in done.stderr


def test_a_refused_database_url_does_not_show_its_password(tmp_path: Path) -> None:
    done = load_settings(tmp_path, **{**GOOD, "DATABASE_URL": "postgis://user:hush-hush@host:port/x"})
    assert done.returncode != 0
    assert "DATABASE_URL" in done.stderr
    assert "hush-hush" not in done.stderr


def test_a_secret_comes_from_a_file_without_its_line_break(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    environment = {"DATABASE_URL": GOOD["DATABASE_URL"], "SECRET_KEY_FILE": str(tmp_path / "key")}
    done = load_settings(tmp_path, "repr(settings.SECRET_KEY)", **environment)
    assert done.stdout.strip() == "'from a file'", done.stderr


def test_a_socket_folder_in_the_database_url_is_the_host(tmp_path: Path) -> None:
    environment = {**GOOD, "DATABASE_URL": "postgis://me@/county?host=/tmp/a%20b"}
    done = load_settings(
        tmp_path, "[settings.DATABASES['default'][k] for k in ('HOST', 'NAME', 'USER')]", **environment
    )
    assert done.stdout.strip() == "['/tmp/a b', 'county', 'me']", done.stderr


def test_https_makes_cookies_secure_and_results_go_to_the_bucket(tmp_path: Path) -> None:
    environment = {**GOOD, "HTTPS": "true", "AWS_STORAGE_BUCKET_NAME": "results", "AWS_SECRET_ACCESS_KEY": "k"}
    show = "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.STORAGES['default']['BACKEND']"
    done = load_settings(tmp_path, show, **environment)
    assert done.stdout.strip() == "True True storages.backends.s3.S3Storage", done.stderr


def settings_read() -> Iterator[str]:
    """Names in calls such as ``env.text("NAME", ...)``, and of os.environ in what starts the platform."""
    for folder in ("terrafusion", "gis_export"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "env"
                    and node.func.attr in READERS
                ):
                    name = node.args[0]
                    assert isinstance(name, ast.Constant), f"{path}:{node.lineno}: the name must be written out"
                    yield str(name.value)


def test_each_setting_is_described_in_env_example() -> None:
    described = {
        line.lstrip("#").partition("=")[0]
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line and not line.startswith("# ")
    }
    read = set(settings_read())
    assert len(read) > 30  # the search finds them
    assert read - described == set()
    gunicorn = (ROOT / "terrafusion" / "setup" / "gunicorn.py").read_text()
    web_server = set(re.findall(r"os\.environ\.get\([\'\"](\w+)", gunicorn)) - read
    assert {"WEB_HOST", "PORT"} <= web_server
    assert described - read == web_server
