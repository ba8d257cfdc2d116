"""The documentation builds as a site that needs no network; its reference is the code's, and its lines are short."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from terrafusion.setup.reference import pages
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def build(project: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "properdocs"
    return subprocess.run([program, "build", "--strict"], cwd=project, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What the site is built of, to be changed."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "terrafusion" / "setup").mkdir(parents=True)
    for name in ("properdocs.yml", "CHANGELOG.md", "terrafusion/setup/site_hooks.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_site_needs_no_network_and_has_its_diagrams(project: Path) -> None:
    done = build(project)
    assert done.returncode == 0, done.stderr
    built = {path: path.read_text(encoding="utf-8") for path in (project / "build" / "docs").rglob("*.html")}
    loaded = re.compile(r"<(?:script|img|link rel=\"(?:stylesheet|icon)\")[^>]*(?:src|href)=\"(?:https?:)?//")
    assert [path.name for path, text in built.items() if loaded.search(text)] == []
    architecture = next(text for path, text in built.items() if path.name == "architecture.html")
    source = (ROOT / "docs/developer/architecture.md").read_text(encoding="utf-8")
    assert architecture.count("<svg") == source.count("```mermaid") >= 5


@pytest.mark.parametrize(
    ("page", "text", "fault"),
    [
        ("index.md", "[gone](user/gone.md)", "user/gone.md"),
        ("index.md", "[gone](user/areas.md#no-such-part)", "no-such-part"),
        ("user/orphan.md", "# On no list", "orphan.md"),
    ],
)
def test_a_broken_link_or_a_page_on_no_list_stops_the_build(project: Path, page: str, text: str, fault: str) -> None:
    with (project / "docs" / page).open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")
    done = build(project)
    assert done.returncode != 0
    assert fault in done.stderr


def test_a_missing_a_stale_and_an_old_page_are_named(tmp_path: Path) -> None:
    pages.write(tmp_path)
    (tmp_path / "metrics.md").unlink()
    with (tmp_path / "commands.md").open("a") as file:
        file.write("by hand\n")
    (tmp_path / "flags.md").write_text("# Flags\n")
    assert pages.faults(tmp_path) == [
        "commands.md is missing or stale.",
        "metrics.md is missing or stale.",
        "flags.md is not generated: delete it.",
    ]


def test_what_operators_and_clients_depend_on_is_in_the_reference() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in pages.FOLDER.glob("*.md")}
    assert {"worker_lost", "limit_exceeded", "unknown_key", "preview_stale"} <= _codes(texts["error-codes"])
    assert {"SITE_URL", "PORT", "Q_WORKERS"} <= _codes(texts["environment-settings"])
    assert {"living_area_sqft", "sale_price"} <= _codes(texts["loadable-fields"])
    assert {"separate_certifier", "max_result_days"} <= _codes(texts["county-settings"])
    assert {"jobs_waiting", "schedule_slots_total"} <= _codes(texts["metrics"])
    assert {"POST /api/v1/valuation/jobs/{job_id}/decisions"} <= _codes(texts["endpoints"])
    assert {"minimum_change_percent", "permutations"} <= _codes(texts["job-parameters"])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_of_prose_is_longer_than_120_characters(path: Path) -> None:
    assert [line for line in _prose(path.read_text(encoding="utf-8")) if len(line) > 120] == []


def _codes(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def _prose(text: str) -> Iterator[str]:
    """Lines outside of blocks of code and tables, which cannot be broken."""
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.lstrip().startswith("|"):
            yield line
