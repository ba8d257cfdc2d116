"""The people of ``make load``, for locust: each asks something every PACE seconds, mostly how a job is doing."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant_pacing, task

from benchmarks.load_bodies import export

_GIVEN: dict[str, Any] = json.loads(Path(os.environ["LOAD_FILE"]).read_text())
"""``county``; ``tokens`` of the accounts; ``pace``, the seconds between two requests of one person."""
_BASE = "/api/v1/gis-export"


class Analyst(FastHttpUser):
    """Submits a small export now and then, asks for its status, downloads it, and looks at lists."""

    wait_time = constant_pacing(_GIVEN["pace"])
    network_timeout = connection_timeout = 60.0

    def on_start(self) -> None:
        self.headers = {"Authorization": f"Token {random.choice(_GIVEN['tokens'])}"}
        self.job: dict[str, Any] | None = None

    @task(12)
    def status(self) -> None:
        if self.job is None:
            self.submit()
            return
        with self.rest("GET", f"{_BASE}/status/{self.job['job_id']}", name="status", headers=self.headers) as answer:
            if answer.status_code == 200:
                self.job = answer.js

    @task(1)
    def submit(self) -> None:
        body = export(_GIVEN["county"], random.randrange(10_000))
        with self.rest("POST", f"{_BASE}/run", name="submit", json=body, headers=self.headers) as answer:
            if answer.status_code == 202:
                self.job = answer.js

    @task(1)
    def download(self) -> None:
        if self.job is not None and self.job["status"] == "COMPLETED":
            path = f"{_BASE}/jobs/{self.job['job_id']}/download"
            self.client.get(path, name="download", headers=self.headers)

    @task(2)
    def jobs(self) -> None:
        self.client.get(f"{_BASE}/jobs?page_size=20", name="jobs", headers=self.headers)

    @task(2)
    def parcels(self) -> None:
        query = f"?county_id={_GIVEN['county']}&page_size=20"
        self.client.get(f"/api/v1/properties{query}", name="parcels", headers=self.headers)

    @task(1)
    def formats(self) -> None:
        self.client.get(f"{_BASE}/formats", name="formats", headers=self.headers)
