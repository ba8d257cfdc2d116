"""``make bench-latency``: 200 small exports over HTTP, one after the other, from POST to COMPLETED; seconds.

Each takes the parcels of a box with about 500; the formats take turns. Web server and worker are those of `make serve`.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

from benchmarks import platform
from gis_export.formats import registry
from terrafusion.setup.demo.client import Client

_EXPORTS = int(os.environ.get("EXPORTS", "200"))
_ROWS = 100_000
_POLL_SECONDS = 0.02
# The generated parcels stand on a grid of 0.0005 degrees.
_BOX_COLUMNS, _BOX_ROWS, _STEP = 25, 20, 0.0005


def run() -> None:
    platform.use_benchmark_database()
    county = platform.county_of(_ROWS)
    with platform.site("short") as client:
        formats = list(registry.all_formats())
        for name in formats:
            _export(client, county, name, 0)  # workers start their writers
        measured = [_export(client, county, formats[i % len(formats)], i) for i in range(_EXPORTS)]
    _report([post for post, _ in measured], [total for _, total in measured])


def _export(client: Client, county: str, name: str, number: int) -> tuple[float, float]:
    """Seconds of the POST alone, and from its beginning to COMPLETED."""
    west, south = -122.5 + number % 30 * _STEP * 20, 47.0 + number % 4 * _STEP * 20
    box = [west, south, west + _BOX_COLUMNS * _STEP, south + _BOX_ROWS * _STEP]
    area = {"type": "bbox", "coordinates": box}
    body: dict[str, Any] = {"export_format": name, "county_id": county, "layers": ["parcels"], "area_of_interest": area}
    body["parameters"] = {"fresh": True}  # the work is timed, not the answer that there is already
    begun = time.perf_counter()
    job = client.call("POST", "/api/v1/gis-export/run", body)
    posted = time.perf_counter() - begun
    while job["completed_at"] is None:
        time.sleep(_POLL_SECONDS)
        job = client.call("GET", f"/api/v1/gis-export/status/{job['job_id']}")
    if job["status"] != "COMPLETED":
        raise RuntimeError(f"{name} failed: {job['error_code']} {job['message']}")
    return posted, time.perf_counter() - begun


def _report(posts: list[float], totals: list[float]) -> None:
    cuts = statistics.quantiles(totals, n=20)
    result: dict[str, Any] = {
        "exports": len(totals),
        "p50": round(statistics.median(totals), 3),
        "p95": round(cuts[18], 3),
        "post_p50": round(statistics.median(posts), 3),
    }
    print(" ".join(f"{name}={value}" for name, value in result.items()))
    platform.save("latency", result)


if __name__ == "__main__":
    platform.main(run)
