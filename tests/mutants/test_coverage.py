"""Nearly every branch of the core is taken by its own tests, as branch coverage counts; ``make mutants`` asks whether
they would notice a fault in it, and takes most of an hour.

Only these tests are run for it, in one process: to count those of the whole suite would double its time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT
from tests.mutants.modules import MODULES

FLOOR = 99
"""Percent of a module's lines and branches together."""


@pytest.mark.xdist_group("coverage")
def test_the_core_is_covered_by_its_own_tests(tmp_path: Path) -> None:
    data, report = f"--data-file={tmp_path / 'coverage'}", tmp_path / "coverage.json"
    tests = sorted({file for module in MODULES for file in module.tests})
    core = "--include=" + ",".join(module.path for module in MODULES)
    _coverage("run", "--branch", core, data, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *tests)
    _coverage("json", data, "--quiet", "-o", str(report))
    files = json.loads(report.read_text())["files"]
    shares = {path: row["summary"]["percent_covered"] for path, row in files.items()}
    assert shares.keys() == {module.path for module in MODULES}
    low = {
        path: (files[path]["missing_lines"], files[path]["missing_branches"]) for path in shares if shares[path] < FLOOR
    }
    assert not low, f"Below {FLOOR} %, with these lines and branches missed: {low}"


def _coverage(*arguments: str) -> None:
    suffix = "_".join(["", "coverage", os.environ.get("PYTEST_XDIST_WORKER", ""), os.environ.get("TEST_DB_SUFFIX", "")])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "coverage", *arguments],
        cwd=ROOT,
        env={**environment, "TEST_DB_SUFFIX": suffix},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
