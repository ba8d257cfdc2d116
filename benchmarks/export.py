"""``make bench-export``: each format, ours and a peer, alternating. ROWS, FORMATS and REPEAT in the environment.

Ours is timed from RUNNING to COMPLETED, with checks, hash and packaging; of REPEAT runs the fastest counts on both
sides. The same formats are then run on a quarter of the rows, which shows how time and memory grow.
"""

from __future__ import annotations

import os
import time
from typing import Any

from benchmarks import memory, platform
from benchmarks.peers import COLUMNS, PEERS

_POLL_SECONDS = 0.1


def run() -> None:
    rows = int(os.environ.get("ROWS", "1000000"))
    repeat = int(os.environ.get("REPEAT", "1"))
    formats = os.environ.get("FORMATS", ",".join(PEERS)).split(",")
    platform.use_benchmark_database()
    counties = {size: platform.county_of(size) for size in (rows // 4, rows)}
    results = []
    with platform.running(platform.supervisor("short"), platform.supervisor("long")):
        _ours("CSV", platform.county_of(1000))  # starts the short cluster's writer
        print(f"{'format':<12}{'rows':>10}{'ours s':>9}{'peer s':>9}{'ratio':>7}{'peak MB':>9}  peer")
        for name in formats:
            for size, county in counties.items():
                result = _compare(name, size, county, repeat)
                results.append(result)
                print(
                    f"{name:<12}{size:>10,}{result['ours_s']:>9.1f}{result['peer_s']:>9.1f}{result['ratio']:>7.2f}"
                    f"{result['ours_peak_rss_mb']:>9.0f}  {result['peer']}",
                    flush=True,
                )
    platform.save("export", results)


def _compare(name: str, rows: int, county: str, repeat: int) -> dict[str, Any]:
    peer = PEERS[name]
    ours, theirs, peaks = [], [], []
    for _ in range(repeat):
        seconds, peak = _ours(name, county)
        ours.append(seconds)
        peaks.append(peak)
        with platform.scratch() as folder:
            theirs.append(peer.seconds(platform.conninfo(), county, folder))
    return {
        "format": name,
        "rows": rows,
        "ours_s": round(min(ours), 2),
        "peer": peer.name,
        "peer_s": round(min(theirs), 2),
        "ratio": round(min(theirs) / min(ours), 2),
        "ours_peak_rss_mb": round(max(peaks)),
    }


def _ours(name: str, county: str) -> tuple[float, float]:
    """Seconds from RUNNING to COMPLETED, and the peak memory of the worker with its writer."""
    from django.core.files.storage import default_storage

    from gis_export import request
    from gis_export.models import GisExportJob
    from terrafusion.jobs import dispatch
    from terrafusion.records.models import County

    parameters = {"fields": list(COLUMNS)}
    record = County.objects.get(pk=county)
    wanted = request.check(record, name, ["parcels"], None, parameters, user=platform.user())
    job = GisExportJob(
        county=record,
        export_format=name,
        layers=["parcels"],
        parameters=parameters,
        resolved=wanted.resolved(),
        estimated_records=int(county.removeprefix("BENCH")),
        submitted_by=platform.user(),
    )
    job, _ = dispatch.submit(job)
    pid = 0
    while job.completed_at is None:
        time.sleep(_POLL_SECONDS)
        job.refresh_from_db()
        if job.worker and not pid:
            pid = int(job.worker.rpartition(":")[2])
            memory.reset_peaks(pid)
    if job.status != "COMPLETED":
        raise RuntimeError(f"{name} failed: {job.error_code} {job.message}")
    assert job.started_at is not None
    peak = memory.peak_mb(pid)
    default_storage.delete(job.result_file)
    return (job.completed_at - job.started_at).total_seconds(), peak


if __name__ == "__main__":
    platform.main(run)
