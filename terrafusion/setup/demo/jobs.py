"""Jobs as a client has them: submitted, waited for, and their files downloaded and compared."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrafusion.setup.demo.client import Client
from terrafusion.setup.errors import SetupError
from terrafusion.setup.postgres import PROJECT
from terrafusion.words import counted

FOLDER = PROJECT / "build" / "demo"
PATIENCE = 900.0


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


@dataclass
class Job:
    """One that was submitted; others may run beside it until ``end`` waits for it."""

    client: Client
    title: str
    asked: dict[str, Any]
    state: dict[str, Any]
    began: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return str(self.state["job_id"])

    @property
    def page(self) -> str:
        """Where its result is read."""
        return str(self.state["links"]["results"]).removeprefix(self.client.site)

    def end(self) -> dict[str, Any]:
        """Its result, as soon as it is completed; ``SetupError`` where it ends otherwise."""
        shown = ""
        while self.state["status"] in ("PENDING", "RUNNING", "CANCELLING"):
            if time.monotonic() - self.began > PATIENCE:
                raise SetupError(f"The {self.title} was still {self.state['status']} after {PATIENCE:.0f} seconds.")
            self.state = self.client.call("GET", self.state["links"]["status"])
            state = f"{self.state['status']} {self.state['progress']}%"
            if state != shown:
                say(f"{self.title}: {state}")
                shown = state
            else:
                time.sleep(0.3)
        if self.state["status"] != "COMPLETED":
            raise SetupError(
                f"The {self.title} ended {self.state['status']}: {self.state.get('error_code')} {self.state['message']}"
            )
        say(f"{self.title}: {self.state['message']}")
        self.state = self.client.call("GET", self.page)
        return dict(self.state["result"])

    def download(self) -> tuple[Path, str]:
        """The result's file, in build/demo, and its SHA-256, which is what the server says."""
        path, sha256 = self.client.save(self.state["links"]["download"], FOLDER)
        result = self.state["result"]
        if sha256 != result["result_file_sha256"] or path.stat().st_size != result["result_file_bytes"]:
            raise SetupError(
                f"{path} is not what the server says: SHA-256 {sha256} and {counted(path.stat().st_size, 'byte')}."
            )
        return path, sha256

    def save(self, name: str) -> Path:
        """One file of the result's package."""
        (file,) = [file for file in self.client.call("GET", self.state["links"]["files"]) if file["name"] == name]
        path, sha256 = self.client.save(file["url"], FOLDER)
        if sha256 != file["sha256"]:
            raise SetupError(f"{path} is not what the server says: its SHA-256 is {sha256}.")
        return path


def submit(client: Client, title: str, address: str, body: dict[str, Any]) -> Job:
    """POST the request."""
    job = Job(client, title, body, client.call("POST", address, body))
    say(f"{title}: submitted {job.id}")
    return job
