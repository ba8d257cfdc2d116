"""One page, followed from its first block to its last."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.core.management import call_command

from terrafusion.jobs import runner
from terrafusion.jobs.registry import public_types
from terrafusion.jobs.states import Status
from tests.documentation.answers import differences, expected
from tests.documentation.blocks import NO_COMMANDS, Block, Command, commands

_STATE = "state.sh"
_PRELUDE = f"""set -euo pipefail
curl() {{ command curl --fail-with-body "$@"; }}
source {_STATE}
"""
_KEPT = ("SITE", "TOKEN", "DECISIONS")
JSON_OF = {
    "docs/user/reports.md": ("POST", "reporting/run", None),
    "docs/user/schedules.md": ("POST", "schedules", None),
    "docs/user/ratio-studies.md": ("PATCH", "counties/KING/settings", "assessment_classes"),
    "docs/user/valuation.md": ("PATCH", "counties/KING/settings", "monotone_characteristics"),
}
"""Where the JSON of a page goes, and as which member."""


class Page:
    """``folder`` is where commands are run; ``site`` is the URL of the live server, ``token`` the demo user's."""

    def __init__(self, folder: Path, site: str, token: str) -> None:
        self.folder, self.site = folder, site
        (folder / _STATE).write_text(f"SITE={site}/api/v1\nTOKEN={token}\nDECISIONS=\n")
        self.job_id = ""
        self.answer: Any = None

    def follow(self, block: Block) -> None:
        if block.language == "json":
            self._send(block)
            return
        for command in commands(block.text):
            if not any(command.text.startswith(start) for start in NO_COMMANDS):
                self._run(command)
                self._work()

    def _send(self, block: Block) -> None:
        method, path, member = JSON_OF[block.page]
        body = json.loads(block.text)
        data = json.dumps(body if member is None else {member: body})
        self._shell(
            f'curl -s -X {method} -H "Authorization: Token $TOKEN" -H "Content-Type: application/json" '
            f"$SITE/{path} -d {shlex.quote(data)}"
        )
        self._work()

    def _run(self, command: Command) -> None:
        if command.text.startswith("make manage ARGS="):
            self._manage(command)
            return
        self._shell(self._filled(command.text))
        if command.answer:
            shown, whole = expected(command.answer)
            assert differences(shown, self.answer, whole=whole) == [], command.text

    def _manage(self, command: Command) -> None:
        (_, _, given) = shlex.split(command.text, comments=True)
        words = shlex.split(given.removeprefix("ARGS=").replace("/data/", ""))
        out = io.StringIO()
        more = ["--no-input"] if words[0] == "createsuperuser" else []
        with contextlib.chdir(self.folder):
            call_command(*words, *more, stdout=out)
        if command.answer:
            shown, line = (re.sub(r"[\d,.]+", "0", text.splitlines()[0]) for text in (command.answer, out.getvalue()))
            assert line == shown

    def _filled(self, text: str) -> str:
        """The command with what earlier answers gave in the place of what the page shows."""
        answer = self.answer if isinstance(self.answer, dict) else {}
        text = text.replace("http://127.0.0.1:8000", self.site).replace("JOB_ID", self.job_id)
        text = text.replace("password=...", "password=secret-of-tests")
        text = re.sub(r"(?<=schedules/)\{id\}", str(answer.get("schedule_id", "")), text)
        text = re.sub(r"tf_0123456789ab", str(self._token_id()), text)
        preview = {name: answer.get(name) for name in ("count", "token")}
        return re.sub(r'"count": \d+, "token": "\.\.\."', json.dumps(preview)[1:-1], text)

    def _token_id(self) -> str:
        return self.answer[0]["id"] if isinstance(self.answer, list) and self.answer else ""

    def _shell(self, text: str) -> None:
        kept = "".join(f'printf "%s=%q\\n" {name} "${name}" >>{_STATE}\n' for name in _KEPT)
        done = subprocess.run(
            ["bash", "-c", f"{_PRELUDE}{text}\n{kept}"],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        body = re.sub(r"\AHTTP/.*?\n\n", "", done.stdout, flags=re.DOTALL).strip()
        if body.startswith(("{", "[")):
            self.answer = json.loads(body)
        if isinstance(self.answer, dict):
            self.job_id = self.answer.get("job_id") or self.job_id

    def _work(self) -> None:
        """What workers do: every job that waits is run here, and has a result."""
        for job_type in public_types():
            for job in job_type.model.objects.filter(status=Status.PENDING):
                runner.run(job_type.label, str(job.pk))
                job.refresh_from_db()
                assert job.status == Status.COMPLETED, f"{job_type.name}: {job.message}"
