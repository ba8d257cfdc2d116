"""The check of spelling refuses misspellings, British spellings, and retired words, wherever text is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terrafusion.setup import spelling
from tests.conftest import ROOT


def faults(folder: Path, name: str, text: str) -> list[str]:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return spelling.faults(folder, [name])


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("page.md", "The manifest tells it.\n", "page.md:1: tells ==>"),
        ("page.md", "The colour of a feild.\n", "page.md:1: colour ==> color"),
        ("page.md", "One\n\nDated within a tier of worth.\n", "page.md:3: tier of worth ==> value tier"),
        ("module.py", '"""What the user is told."""\n', "module.py:1: told ==>"),
        ("module.py", "x = 1  # in metres from the neighbour\n", "module.py:1: neighbour ==> neighbor"),
        ("module.py", 'raise ValueError(f"{x} is not to be had.")\n', "module.py:1: to be had ==> available"),
        ("module.py", "fewest_sales = 3\n", "module.py:1: fewest_sales ==> min, minimum"),
        ("module.py", "class JudgedSale: pass\n", "module.py:1: JudgedSale ==> holdout, evaluated"),
        ("module.py", "trial.held_back = 1\n", "module.py:1: held_back ==> calibration_sales"),
        ("module.py", "def _most(): pass\n", "module.py:1: _most ==> maximum"),
        ("page.md", "Each class is judged alone.\n", "page.md:1: judged ==> evaluated"),
        ("page.md", "An index drawn toward 100.\n", "page.md:1: drawn toward ==> shrunk toward"),
        ("module.py", "def _told(): pass\n", "module.py:1: _told ==> the thing's own noun"),
        (
            "tests/test_it.py",
            "def test_a_sale_is_judged(): pass\n",
            "tests/test_it.py:1: test_a_sale_is_judged ==> holdout",
        ),
        ("page.html", "<p>There is no such job for you.</p>\n", "page.html:1: There is no such  ==> Not found:"),
    ],
)
def test_a_retired_or_misspelled_word_is_refused_with_its_place(
    tmp_path: Path, name: str, text: str, fault: str
) -> None:
    assert any(line.startswith(fault) for line in faults(tmp_path, name, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.md", "The parameter `neighbours` takes a color.\n"),
        ("module.py", "place = colour(file.tell())  # a name of the code\n"),
        ("module.py", "at_least = least_squares = most_common = drawing = held = 1\n"),
        ("tests/test_it.py", 'answer = "The feild is told."  # misspelled on purpose\n'),
        ("module.py", 'said = f"A parcel of {told} and {colour}."\n'),
    ],
)
def test_names_of_the_code_pass(tmp_path: Path, name: str, text: str) -> None:
    assert faults(tmp_path, name, text) == []


def test_make_check_fails_on_a_retired_word(tmp_path: Path) -> None:
    """The step of check.sh, run on a project with a page that has one."""
    step = next(line for line in (ROOT / "terrafusion/setup/check.sh").read_text().splitlines() if "spelling" in line)
    assert step.endswith(".venv/bin/python -m terrafusion.setup.spelling")
    (tmp_path / "terrafusion" / "setup").mkdir(parents=True)
    for name in ("pyproject.toml", "terrafusion/setup/spelling.py", "terrafusion/setup/retired_words.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("terrafusion/__init__.py", "terrafusion/setup/__init__.py"):
        (tmp_path / name).touch()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "terrafusion.setup.spelling"]
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)

    (tmp_path / "README.md").write_text("The status reports the progress.\n")
    assert check().returncode == 0, check().stdout
    (tmp_path / "README.md").write_text("The status tells the progress.\n")
    assert check().returncode == 1
    assert "README.md:1: tells ==> reports" in check().stdout
