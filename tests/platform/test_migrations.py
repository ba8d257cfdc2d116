"""The linter of migrations looks at all of ours, and refuses what code of before cannot run on."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib

import pytest
from django.apps import apps

from tests.conftest import ROOT


def configuration() -> dict[str, list[str]]:
    settings: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
        "django_migration_linter"
    ]
    return settings


def test_it_looks_at_each_app_of_ours() -> None:
    packages = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"])
    ours = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in packages}
    with_migrations = {
        config.label
        for config in apps.get_app_configs()
        if config.label in ours and any((ROOT / config.path / "migrations").glob("0*.py"))
    }
    assert set(configuration()["include_apps"]) == with_migrations


def test_what_is_ignored_is_there() -> None:
    names = {path.stem for path in ROOT.glob("*/migrations/0*.py")}
    names |= {path.stem for path in ROOT.glob("terrafusion/*/migrations/0*.py")}
    assert set(configuration()["ignore_name"]) <= names


@pytest.mark.parametrize(
    ("app", "name", "refused"),
    [("records", "0004_max_result_days", True), ("reporting", "0006_origin", False)],
)
def test_a_column_without_a_default_of_the_database_is_refused(app: str, name: str, refused: bool) -> None:
    command = [sys.executable, "manage.py", "lintmigrations", app, name, "--no-cache", "--ignore-name", "none"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode != 0) is refused, done.stdout
    assert ("NOT NULL constraint" in done.stdout) is refused
