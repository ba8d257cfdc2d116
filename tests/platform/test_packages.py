"""What is pinned is what is locked, by hashes; the audit does not take silence for a good answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from terrafusion.setup import audit, lock
from tests.conftest import ROOT


@pytest.mark.parametrize("name", sorted(lock.LOCKS))
def test_the_lock_has_what_is_pinned(name: str) -> None:
    source = lock.LOCKS[name][0]
    pinned = lock.pins((ROOT / source).read_text())
    locked = lock.pins((ROOT / name).read_text())
    assert pinned
    assert {package: locked.get(package) for package in pinned} == pinned, "make lock"


def test_what_runs_is_what_is_tested() -> None:
    runs, tested = (lock.pins((ROOT / name).read_text()) for name in ("requirements.lock", "requirements-dev.lock"))
    assert {name: tested.get(name) for name in runs} == runs


@pytest.mark.parametrize("name", sorted(lock.LOCKS))
def test_each_package_has_hashes_and_no_host_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "--index" not in text


def test_everything_is_installed_by_hash() -> None:
    for path in ("terrafusion/setup/venv.sh", "docker/Dockerfile"):
        installs = [line for line in (ROOT / path).read_text().splitlines() if re.search(r"pip install", line)]
        assert installs
        assert all("--require-hashes" in line for line in installs)


PACKAGE = {"name": "left-pad", "version": "1.0"}
VULNERABLE = {**PACKAGE, "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
SOUND = {**PACKAGE, "vulns": []}
SKIPPED = {"name": "other", "skip_reason": "no answer"}


@pytest.mark.parametrize(
    ("dependencies", "code"),
    [([SOUND], 0), ([VULNERABLE, SOUND], 1), ([SOUND, SKIPPED], 2), ([VULNERABLE, SKIPPED], 1), ([], 2)],
)
def test_only_a_whole_audit_passes(dependencies: list[dict[str, Any]], code: int) -> None:
    got, lines = audit.verdict(dependencies)
    assert got == code
    assert any("PYSEC-1, fixed in 1.1" in line for line in lines) is (VULNERABLE in dependencies)
    assert any(line.startswith("NOT AUDITED") for line in lines) is (SKIPPED in dependencies or not dependencies)


def test_a_service_that_is_away_is_no_good_answer(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "terrafusion.setup.audit", "--timeout", "2", "--cache-dir", str(tmp_path)],
        cwd=ROOT, env={**os.environ, "NO_PROXY": "", "no_proxy": "", **nowhere},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout
    assert "NOT AUDITED" in done.stderr


def test_the_bill_of_materials_lists_what_runs(tmp_path: Path) -> None:
    recipe = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "cyclonedx-py" in line)
    arguments = recipe.partition("cyclonedx-py ")[2].replace("build/sbom.json", str(tmp_path / "sbom.json")).split()
    program = Path(sys.executable).parent / "cyclonedx-py"
    subprocess.run([program, *arguments], cwd=ROOT, check=True, capture_output=True)
    sbom = json.loads((tmp_path / "sbom.json").read_text())
    listed = {lock.pins(f"{each['name']}=={each['version']}").popitem() for each in sbom["components"]}
    locked = lock.pins((ROOT / "requirements.lock").read_text())
    assert set(locked.items()) <= listed  # some packages have another version for another Python
    assert {name for name, _ in listed} == locked.keys()
    assert all(each["purl"].startswith("pkg:pypi/") for each in sbom["components"])
