"""``make bench-queue``: an hour (MINUTES=60) of long jobs with a queue behind them, on the platform of `make serve`.

Valuations of HOMES=100000 parcels, three of them waiting at any time, and an export of a small area every few seconds.
Writes build/bench/queue.json: jobs by how they ended, seconds that the small exports took, attempts beyond the first,
and each line that the supervisor or a worker logged as a warning or worse. On a sound platform there is none.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import platform
from benchmarks.valuation_job import DATE, county_of_homes
from terrafusion import env
from terrafusion.setup.demo.client import Client

_WAITING = 3
_EVERY_SECONDS = 10.0
_POLL_SECONDS = 0.05
_SEVERITY = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b|Traceback")
_BOX = [-122.3, 47.6, -122.28, 47.62]


def run() -> None:
    platform.use_benchmark_database()
    county = county_of_homes(env.integer("HOMES", 100_000))
    minutes = env.integer("MINUTES", 60)
    with platform.site("short", "medium", "long") as client:
        long, quick = _keep_busy(client, county, minutes * 60)
        ended = [client.call("GET", f"/api/v1/valuation/status/{job}") for job in long]
        for job in ended:
            if job["completed_at"] is None:
                client.call("POST", f"/api/v1/valuation/jobs/{job['job_id']}/cancel", {})
        lines = (platform.FOLDER / "processes.log").read_text(errors="replace").splitlines()
    result = {
        "minutes": minutes,
        "valuations": dict(Counter(job["status"] for job in ended)),
        "valuation_seconds": _spread([_seconds(job) for job in ended if job["status"] == "COMPLETED"]),
        "attempts_beyond_the_first": sum(max(job["attempt"] - 1, 0) for job in ended),
        "exports": len(quick),
        "export_seconds": _spread(quick),
        "warnings": [line for line in lines if _SEVERITY.search(line)],
    }
    print(result)
    platform.save("queue", result)


def _keep_busy(client: Client, county: str, seconds: float) -> tuple[list[str], list[float]]:
    """The ids of the valuations, and the seconds that each export took."""
    long: list[str] = []
    quick: list[float] = []
    end = time.monotonic() + seconds
    while (begun := time.monotonic()) < end:
        while len(list(_open(client, long))) < _WAITING + 1:
            long.append(_submit(client, county, len(long)))
        quick.append(_export(client, county))
        time.sleep(max(0.0, _EVERY_SECONDS - (time.monotonic() - begun)))
    return long, quick


def _open(client: Client, jobs: list[str]) -> Iterator[str]:
    for job in jobs[-2 * _WAITING :]:
        if client.call("GET", f"/api/v1/valuation/status/{job}")["completed_at"] is None:
            yield job


def _submit(client: Client, county: str, seed: int) -> str:
    body = {
        "valuation_method": "mass_appraisal",
        "county_id": county,
        "scope": "all",
        "valuation_date": str(DATE),
        "parameters": {"seed": seed, "fresh": True},
    }
    job: str = client.call("POST", "/api/v1/valuation/run", body)["job_id"]
    return job


def _export(client: Client, county: str) -> float:
    area = {"type": "bbox", "coordinates": _BOX}
    body = {"export_format": "CSV", "county_id": county, "layers": ["parcels"], "area_of_interest": area}
    begun = time.perf_counter()
    job = client.call("POST", "/api/v1/gis-export/run", {**body, "parameters": {"fresh": True}})
    while job["completed_at"] is None:
        time.sleep(_POLL_SECONDS)
        job = client.call("GET", f"/api/v1/gis-export/status/{job['job_id']}")
    if job["status"] != "COMPLETED":
        raise RuntimeError(f"An export failed: {job['error_code']} {job['message']}")
    return time.perf_counter() - begun


def _seconds(job: dict[str, Any]) -> float:
    begun, done = (np.datetime64(job[name].rstrip("Z")) for name in ("started_at", "completed_at"))
    return float((done - begun) / np.timedelta64(1, "s"))


def _spread(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    return {
        "median": round(statistics.median(seconds), 2),
        "p95": round(float(np.quantile(seconds, 0.95)), 2),
        "longest": round(max(seconds), 2),
    }


if __name__ == "__main__":
    platform.main(run)
