"""The platform as it is run, for tests that look at it from outside."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, process_environment, stop, wait_until


class Platform:
    """A web server, a supervisor with its cluster, and sweeps, each with a log of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        self._environment = process_environment(
            PORT=port, WEB_CONCURRENCY="1", Q_SHORT_CLUSTER="own", Q_WORKERS="1", **environment
        )
        manage = [sys.executable, "manage.py"]
        web = [sys.executable, "-m", "gunicorn", "--config", "terrafusion/setup/gunicorn.py", "terrafusion.wsgi"]
        self._processes = [
            self._start("web", web),
            self._start("worker", [*manage, "supervise", "--cluster", "own"]),
            self._start("sweep", [*manage, "sweep", "--forever", "--interval", "0.5"]),
        ]
        wait_until(self._answers)

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / name).open("wb") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def _answers(self) -> bool:
        try:
            return bool(self.send("/healthz").status == 200)
        except OSError:
            return False

    def send(self, path: str, body: Any = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **names})
        try:
            return urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            return error

    def stop(self) -> None:
        for process in self._processes:
            stop(process)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text(name).splitlines()]
