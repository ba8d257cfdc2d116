"""What a contributor finds at the root: one version, its changelog, and hooks and CI that run the same commands."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from terrafusion import __version__
from tests.conftest import ROOT


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_in_one_place() -> None:
    project = tomllib.loads(_read("pyproject.toml"))
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "terrafusion.__version__"}


def test_the_changelog_begins_with_the_version() -> None:
    headings = re.findall(r"^(##+) (.+)$", _read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == ("##", __version__)
    assert {title for level, title in headings if level == "###"} <= {"Added", "Changed", "Fixed"}


def test_hooks_and_hosted_ci_run_what_everybody_runs() -> None:
    config = ROOT / ".pre-commit-config.yaml"
    program = Path(sys.executable).parent / "pre-commit"
    subprocess.run([program, "validate-config", config], check=True, capture_output=True)
    assert re.findall(r"^\s+entry: (.+)$", config.read_text(), re.MULTILINE) == ["make check"]
    assert re.findall(r"^\s+- run: (.+)$", _read(".github/workflows/test.yml"), re.MULTILINE) == ["make test"]


def test_the_license_is_the_one_that_the_project_names() -> None:
    assert tomllib.loads(_read("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    assert _read("LICENSE").lstrip().startswith("Apache License\n                           Version 2.0, January 2004")
