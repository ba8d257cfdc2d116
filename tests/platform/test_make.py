"""The Makefile and the scripts that it calls."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT


def test_help_describes_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):(?!=)", makefile, re.MULTILINE))
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    described = set(re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE))
    assert targets == described
    assert {"demo", "test", "serve", "check", "bench", "bench-export", "bench-latency", "clean"} <= described


def test_what_ci_runs_is_make_test() -> None:
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shell_scripts_are_clean() -> None:
    scripts = [*ROOT.glob("terrafusion/setup/*.sh"), *ROOT.glob("docker/*.sh"), ROOT / ".ci" / "run"]
    assert len(scripts) == 4
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_purge_deletes_nothing_without_confirmation() -> None:
    done = subprocess.run(["make", "purge"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "make purge CONFIRM=yes" in done.stderr
    assert (ROOT / "build").is_dir()


def test_the_port_is_that_of_the_command_line_else_of_the_env_file() -> None:
    """What make exports wins over .env, so it exports none by itself."""
    clean = {name: value for name, value in os.environ.items() if name != "PORT" and not name.startswith("MAKE")}
    for arguments, port in (([], ""), (["PORT=8001"], "8001")):
        command = ["make", "--silent", "--eval", "port: ; @echo $$PORT", "port", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == port
