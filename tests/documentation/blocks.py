"""The fenced blocks of the documentation, and which of them are not run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.conftest import ROOT

_FENCED = re.compile(r"^ *```([a-z]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_BACKUP = "tests/platform/test_backup_page.py follows it on a database of its own"

NOT_RUN = {
    "README.md": {"manage.py  Makefile  Procfile  .env.example      what starts it, and every setting": "no command"},
    "docs/developer/add-a-parcel-field.md": {
        "# terrafusion/records/models/parcel.py": "a line to add to a class",
        "# terrafusion/records/parcel_fields.py, in FIELDS, in the order of the columns": "lines to add to a list",
    },
    "docs/developer/add-a-plugin.md": {
        "cp -r tests/dummy_plugin appeals": "tests/platform/test_plugin_page.py runs it",
    },
    "docs/developer/add-a-valuation-method.md": {
        "from valuation import methods": "tests/valuation/test_another_method.py registers that method",
    },
    "docs/operator/backup-and-upgrade.md": {
        "make manage ARGS=check                     # the environment is right": _BACKUP,
        "URL=$(make -s database); URL=${URL/postgis:/postgresql:}": _BACKUP,
        """BEFORE=$(sed -E 's#/[^/?]+([?]|$)#/before\\1#' <<< "$URL")""": _BACKUP,
    },
    "docs/operator/install.md": {
        "# /etc/systemd/system/terrafusion.service": "needs systemd",
        "export POSTGRES_PASSWORD=... SECRET_KEY=...": "needs Docker",
    },
    "docs/operator/report-templates.md": {'#let paper = "us-legal"': "a template, no command"},
    "docs/operator/run.md": {"GRANT USAGE ON SCHEMA public TO terrafusion_app;": "changes roles of a whole server"},
    "docs/user/webhooks.md": {
        "POST /hooks/terrafusion": "TerraFusion sends it; tests/jobs/test_webhooks.py receives it",
        "from standardwebhooks.webhooks import Webhook": "tests/jobs/test_webhooks.py verifies messages so",
    },
}
"""Blocks that are not run, by page and first line, and why."""

NO_COMMANDS = {
    "make check": "starts checks of the whole project",
    "make demo": "tests/platform/test_demo.py asks for all of it; here the county is the test's",
    "make serve": "the live server of the test stands for it",
    "make test": "runs the whole suite",
    ".venv/bin/pre-commit install": "changes the hooks of this checkout",
    "openapi-python-client generate": "tests/platform/test_generated_client.py runs it",
}
"""Commands within blocks that are not run, by how they begin, and the reason of each."""

ELSEWHERE = {
    "docs/user/areas.md": "tests/gis_export/test_areas_page.py",
    "docs/user/parameters.md": "tests/gis_export/test_parameters_page.py",
}
"""Pages whose JSON is run by another test."""

OTHER_LANGUAGES = {"mermaid": "drawn when the site is built", "toml": "written into the files that commands name"}


@dataclass(frozen=True)
class Block:
    page: str
    language: str
    text: str

    @property
    def first(self) -> str:
        return self.text.partition("\n")[0]

    @property
    def is_run(self) -> bool:
        return self.first not in NOT_RUN.get(self.page, {})


def blocks() -> Iterator[Block]:
    """Of README, CONTRIBUTING and so on, and of all pages but the decisions."""
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]):
        page = str(path.relative_to(ROOT))
        if not page.startswith("docs/adr/"):
            for language, text in _FENCED.findall(path.read_text(encoding="utf-8")):
                yield Block(page, language, text)


@dataclass
class Command:
    text: str
    answer: str = ""
    """The JSON that the page shows below it."""


def commands(text: str) -> list[Command]:
    """Those of a block, each with its quotes and backslashes closed."""
    blocks: list[Command] = []
    waiting = ""
    console = text.startswith("$ ")
    for line in text.splitlines():
        shown = not line.startswith("$ ") if console else re.match(r"(# *)?[{\"]", line)
        if not waiting and blocks and shown:
            blocks[-1].answer += line.lstrip("# ") + "\n"
            continue
        waiting += line.removeprefix("$ ") + "\n"
        if _complete(waiting):
            if _words(waiting):
                blocks.append(Command(waiting.strip()))
            waiting = ""
    assert not waiting, f"unbalanced: {waiting}"
    return blocks


def _words(text: str) -> list[str]:
    return shlex.split(text, comments=True)


def _complete(text: str) -> bool:
    if text.rstrip().endswith("\\"):
        return False
    try:
        _words(text)
    except ValueError:
        return False
    return True
