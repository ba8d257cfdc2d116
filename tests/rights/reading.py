"""Jobs made through HTTP and the runner, and all that somebody gets to read of one."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.jobs import runner
from terrafusion.jobs.registry import all_types, type_of
from tests.conftest import wait_for_job


def made(client: APIClient, plugin: str, body: dict[str, Any]) -> Any:
    """The completed job of a request."""
    response = client.post(reverse(f"{plugin}:run"), body, format="json")
    assert response.status_code == 202, response.content
    return finished(plugin, response.json()["job_id"])


def finished(plugin: str, job_id: str) -> Any:
    (job_type,) = (one for one in all_types() if one.name == plugin)
    job = job_type.model.objects.get(pk=job_id)
    if job.completed_at is None:
        runner.run(job_type.label, job_id)
    job = wait_for_job(job)
    assert job.status == "COMPLETED", job.message
    return job


def addresses(job: Any) -> list[str]:
    """Of everything that serves the job or its result."""
    name = type_of(job).name
    own = [reverse(f"{name}:{action}", args=[job.pk]) for action in ("status", "results", "download", "files")]
    members = [member["name"] for member in job.result_members] or [job.result_file.rsplit("/", 1)[-1]]
    return [*own, reverse(f"{name}:jobs"), *(reverse(f"{name}:file", args=[job.pk, member]) for member in members)]


def content(response: Any) -> str:
    """What came, also out of packages, as text."""
    body = response.getvalue() if getattr(response, "streaming", False) else response.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            body += b"".join(package.read(name) for name in package.namelist())
    return str(body.decode("utf-8", "replace"))


def read(client: APIClient, job: Any) -> dict[str, tuple[int, str]]:
    """Status and content of each address."""
    contents = {}
    for address in addresses(job):
        for accept in ("application/json", "text/html"):
            response = client.get(address, headers={"Accept": accept})
            contents[f"{address} as {accept}"] = (response.status_code, content(response))
    return contents
