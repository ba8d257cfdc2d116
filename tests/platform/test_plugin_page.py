"""The page on plugins, followed to the letter: the copy that it makes is a plugin, and Django starts with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from terrafusion.setup.reference.markdown import PARTS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "developer" / "add-a-plugin.md").read_text(encoding="utf-8")
_OWN = re.compile(rf"^(docs|tests|benchmarks|{'|'.join(PARTS[1:])})/|/migrations/|^terrafusion/setup/spelling\.py$")
"""Files that need not name a plugin; the last names modules that are not mended yet."""
_SETTINGS = """
from terrafusion.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "appeals"]
ROOT_URLCONF = "appeal_urls"
"""
_URLS = """
from django.urls import include, path

from terrafusion.urls import urlpatterns

urlpatterns = [path("api/v1/appeals/", include("appeals.urls")), *urlpatterns]
"""
_START = """
import django
from django.core.management import call_command

django.setup()
call_command("makemigrations", "appeals")
call_command("check")
call_command("makemigrations", check_changes=True)
call_command("spectacular", validate=True, fail_on_warn=True, file="schema.yaml")
"""


def test_the_copy_is_a_plugin(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tests" / "dummy_plugin", tmp_path / "tests" / "dummy_plugin", ignore=ignored)
    subprocess.run(["bash", "-euc", block], cwd=tmp_path, check=True)
    shutil.rmtree(tmp_path / "tests")
    assert not [path for path in tmp_path.rglob("*.py") if "dummy" in path.read_text().lower()]

    (tmp_path / "appeal_settings.py").write_text(_SETTINGS)
    (tmp_path / "appeal_urls.py").write_text(_URLS)
    places = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "DJANGO_SETTINGS_MODULE": "appeal_settings"}
    subprocess.run([sys.executable, "-c", _START], cwd=tmp_path, env={**os.environ, **places}, check=True)
    schema = (tmp_path / "schema.yaml").read_text()
    assert {"/api/v1/appeals/run", "AppealRunBody"} <= set(re.findall(r"[\w/]+", schema))


def test_every_place_that_names_a_plugin_is_on_the_page() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        if _OWN.search(name) or name.endswith((".md", ".lock")):
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        if all(re.search(rf"\b{plugin}\b", text) for plugin in PARTS[1:]):
            assert f"`{name}`" in PAGE, name
