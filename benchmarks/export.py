"""``make bench-export``: each format, ours and a peer, alternating. ROWS, FORMATS and REPEAT in the environment.

Ours is timed from RUNNING to COMPLETED, with checks, hash and packaging; of REPEAT runs the fastest counts on both
sides. The same formats are then run on a quarter of the rows, which shows how time and memory grow. A clip by a
polygon of 5,000 vertices and a reprojection follow, and how the time grows with the share of rows that an area selects.
"""

from __future__ import annotations

import json
import math
import os
import time
from typing import Any

from benchmarks import memory, platform
from benchmarks.peers import COLUMNS, FEWER, PEERS, CopyBinary, Ogr2ogr, Peer

_POLL_SECONDS = 0.1
_STEP, _WEST, _SOUTH, _ROW = 0.0005, -122.5, 47.0, 1000  # the grid of parcels.sql
_VERTICES = 5_000
_SHARES = (0.01, 0.05, 0.25, 1.0)


def run() -> None:
    from gis_export.formats import registry

    rows = int(os.environ.get("ROWS", "1000000"))
    repeat = int(os.environ.get("REPEAT", "1"))
    formats = os.environ.get("FORMATS", ",".join(registry.all_formats())).split(",")
    platform.use_benchmark_database()
    results = []
    with platform.running(platform.supervisor("short"), platform.supervisor("long")):
        for size in (1000, max(rows // 4, 100_001)):  # starts the writers of both clusters
            _ours("CSV", platform.county_of(size))
        print(f"{'format':<12}{'rows':>10}{'ours s':>9}{'peer s':>9}{'ratio':>7}{'peak MB':>9}  peer")
        for name in formats:
            size_limit = min(rows, FEWER.get(name, rows))
            if size_limit < rows:
                print(f"{name:<12} is not made for more: {size_limit:,} rows")
            for size in (size_limit // 4, size_limit):
                results.append(_report(_compare(name, platform.county_of(size), PEERS.get(name), repeat)))
        if "GeoParquet" in formats:
            results.append(_report(_compare("GeoParquet", platform.county_of(rows), CopyBinary(), repeat)))
        if "GeoPackage" in formats:
            results += _clipped_and_reprojected(platform.county_of(rows // 10), repeat)  # ogr2ogr takes minutes
        if "GeoJSON" in formats:
            platform.save("export_scaling", _scaling(rows))
    platform.save("export", results)


def _compare(
    name: str, county: str, peer: Peer | None, repeat: int, *options: str, area: Any = None, **parameters: Any
) -> dict[str, Any]:
    ours, theirs, peaks = [], [], []
    for _ in range(repeat):
        seconds, peak, _ = _ours(name, county, area, **parameters)
        ours.append(seconds)
        peaks.append(peak)
        if peer is not None:
            with platform.scratch() as folder:
                theirs.append(peer.seconds(platform.conninfo(), county, folder, *options))
    return {
        "format": name,
        "rows": int(county.removeprefix("BENCH")),
        "ours_s": round(min(ours), 2),
        "peer": peer.name if peer else None,
        "peer_s": round(min(theirs), 2) if theirs else None,
        "ratio": round(min(theirs) / min(ours), 2) if theirs else None,
        "ours_peak_rss_mb": round(max(peaks)),
    }


def _report(result: dict[str, Any]) -> dict[str, Any]:
    theirs = f"{result['peer_s']:>9.1f}{result['ratio']:>7.2f}" if result["peer"] else f"{'-':>9}{'-':>7}"
    print(
        f"{result['format']:<12}{result['rows']:>10,}{result['ours_s']:>9.1f}{theirs}"
        f"{result['ours_peak_rss_mb']:>9.0f}  {result['peer'] or 'none'} {result.get('task', '')}",
        flush=True,
    )
    return result


def _clipped_and_reprojected(county: str, repeat: int) -> list[dict[str, Any]]:
    """Beside ogr2ogr doing the same; GeoPackage, the format that both write best."""
    rows = int(county.removeprefix("BENCH"))
    peer = PEERS["GeoPackage"]
    assert isinstance(peer, Ogr2ogr)
    outline = platform.FOLDER / "clip.geojson"
    star = _star(rows)
    outline.write_text(json.dumps(star))
    clip = ("-clipsrc", str(outline))
    clipped = _compare("GeoPackage", county, peer, repeat, *clip, area=star, spatial_operation="clip")
    moved = _compare("GeoPackage", county, peer, repeat, "-t_srs", "EPSG:2926", crs="EPSG:2926")
    return [
        _report({**clipped, "task": f"clip by {_VERTICES:,} vertices"}),
        _report({**moved, "task": "to State Plane"}),
    ]


def _star(rows: int) -> dict[str, Any]:
    """A wavy ring in the middle of the county."""
    width, height = _ROW * _STEP, rows / _ROW * _STEP
    ring = []
    for i in range(_VERTICES - 1):
        turn = 2 * math.pi * i / (_VERTICES - 1)
        reach = 0.4 + 0.05 * math.sin(40 * turn)
        ring.append([_WEST + width * (0.5 + reach * math.cos(turn)), _SOUTH + height * (0.5 + reach * math.sin(turn))])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _scaling(rows: int) -> list[dict[str, Any]]:
    """Time against the share of the county's parcels that a box selects; GeoJSON."""
    county = platform.county_of(rows)
    timings = []
    for share in _SHARES:
        north = _SOUTH + rows / _ROW * _STEP * share - _STEP / 2
        box = {"type": "bbox", "coordinates": [_WEST - 0.01, _SOUTH - 0.01, _WEST + _ROW * _STEP + 0.01, north]}
        seconds, _, records = _ours("GeoJSON", county, box)
        timings.append({"share": share, "records": records, "seconds": round(seconds, 2)})
        print(f"{share:>7.0%} of the rows: {records:>9,} in {seconds:.2f} s", flush=True)
    return timings


def _ours(name: str, county: str, area: Any = None, **given: Any) -> tuple[float, float, int]:
    """Seconds from RUNNING to COMPLETED, the peak memory of the worker with its writer, and the records."""
    from django.core.files.storage import default_storage

    from gis_export.serializers import ExportRunSerializer
    from terrafusion.jobs import dispatch
    from terrafusion.jobs.request import request_of, unsaved_job

    body: dict[str, Any] = {"export_format": name, "county_id": county, "layers": ["parcels"], "area_of_interest": area}
    body["parameters"] = {"fields": list(COLUMNS), **given}
    context = {"request": request_of(platform.user())}
    job: Any = unsaved_job(ExportRunSerializer, body, context)
    job, _ = dispatch.submit(job, fresh=True)
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
    return (job.completed_at - job.started_at).total_seconds(), peak, job.record_count or 0


if __name__ == "__main__":
    platform.main(run)
