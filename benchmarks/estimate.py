"""``make bench-estimate``: what was expected of exports beside what came of them; median errors in percent.

Exports of random boxes, in this process, one after the other: the first of each format teach the estimate, the others
evaluate it. Boxes are of three sizes, so that rows are counted for some and guessed by the planner for others.

Before that, each format and option once, of which none was made yet: by what factor the bytes that were expected differ
from those that came.
"""

from __future__ import annotations

import os
import random
import statistics
from typing import Any

from benchmarks import platform
from gis_export.formats import registry

_ROWS = int(os.environ.get("ROWS", "300000"))
_FORMATS = ("GeoPackage", "GeoJSON", "GeoParquet", "FlatGeobuf", "CSV", "KML")
_EXPORTS = int(os.environ.get("EXPORTS", "18"))  # of each format
_TAUGHT = 6
_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    *((name, {}) for name in registry.all_formats()),
    *(("CSV", {"options": {"geometry": geometry}}) for geometry in ("point", "none")),
    *((name, {"package": "zip"}) for name in ("CSV", "GeoJSON", "KML", "GeoPackage", "FlatGeobuf")),
    *((name, {"crs": "state_plane"}) for name in ("CSV", "GeoPackage", "FileGDB", "GML")),
    *((name, {"precision": 4}) for name in ("CSV", "GeoJSON")),
    ("XLSX", {"options": {"geometry": "none"}}),
    ("FileGDB", {"options": {"arcgis": "10.0"}}),
    *(("PMTiles", {"options": {"max_zoom": zoom}}) for zoom in (10, 17)),
    *((name, {"fields": {"parcels": ["parcel_number"]}}) for name in ("CSV", "Shapefile", "XLSX")),
)
"""Formats, and what decides the size of their files."""
_STEP, _COLUMNS = 0.0005, 1000  # of the grid that the generated parcels stand on


def run() -> None:
    platform.use_benchmark_database()
    from django.conf import settings
    from rest_framework.test import APIClient

    from gis_export.models import GisExportJob
    from terrafusion.jobs import runner

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SHORT_CLUSTER = settings.MEDIUM_CLUSTER = settings.LONG_CLUSTER = "unread"  # the jobs run here
    county = platform.county_of(_ROWS)
    GisExportJob.objects.filter(county=county).delete()
    client = APIClient()
    client.force_authenticate(platform.user())
    chance = random.Random(1)

    def export(name: str, box: list[float], parameters: dict[str, Any]) -> GisExportJob:
        body = {
            "export_format": name,
            "county_id": county,
            "layers": ["parcels"],
            "area_of_interest": {"type": "bbox", "coordinates": box},
            "parameters": {**parameters, "fresh": True},
        }
        response = client.post("/api/v1/gis-export/run", body, format="json")
        assert response.status_code == 202, response.content
        runner.run("gis_export.GisExportJob", response.data["job_id"])
        job = GisExportJob.objects.get(pk=response.data["job_id"])
        assert job.status == "COMPLETED", job.message
        return job

    factors = {}
    for name, parameters in _KINDS:
        job = export(name, _box(random.Random(2), 0.2), parameters)
        kind = " ".join([name, *(f"{key}={value}" for key, value in parameters.items())])
        assert job.estimated_bytes
        assert job.result_file_bytes
        factors[kind] = round(job.estimated_bytes / job.result_file_bytes, 2)
        print(f"{factors[kind]:6.2f} times the bytes: {kind}", flush=True)
    GisExportJob.objects.filter(county=county).delete()
    measured: list[dict[str, Any]] = []
    for number in range(_EXPORTS):
        for name in _FORMATS:
            job = export(name, _box(chance, (0.02, 0.15, 0.7)[number % 3]), {})
            if job.record_count:
                measured.append({"format": name, "taught": number < _TAUGHT, "count": job.record_count, **_errors(job)})
    evaluated = [row for row in measured if not row["taught"]]
    result: dict[str, Any] = {"rows": _ROWS, "exports": len(evaluated), "all": _medians(evaluated)}
    for name in _FORMATS:
        result[name] = _medians([row for row in evaluated if row["format"] == name])
    from gis_export.estimates.expected import COUNT_BELOW

    if guessed := [row["records"] for row in measured if row["count"] > COUNT_BELOW]:
        result["guessed_records"] = {"records": round(statistics.median(guessed), 1)}
    result["before_learning"] = _medians([row for row in measured if row["taught"]])
    for name, errors in result.items():
        if isinstance(errors, dict):
            print(f"{name:16}", *(f"{quantity} {error:6.1f} %" for quantity, error in errors.items()))
    worst = max(max(factor, 1 / factor) for factor in factors.values())
    print(f"Before any history the bytes are within a factor of {worst:.2f}.")
    platform.save("estimate", {**result, "bytes_before_history": factors})


def _box(chance: random.Random, share: float) -> list[float]:
    """A box of about that share of the county's length and breadth."""
    across, up = _COLUMNS * _STEP, _ROWS / _COLUMNS * _STEP
    wide, high = across * share, up * share
    west = -122.5 + chance.uniform(0, across - wide)
    south = 47.0 + chance.uniform(0, up - high)
    return [round(value, 6) for value in (west, south, west + wide, south + high)]


def _errors(job: Any) -> dict[str, float]:
    """Of each quantity, in percent of the outcome."""
    seconds = (job.completed_at - job.started_at).total_seconds()
    pairs = {
        "records": (job.estimated_records, job.record_count),
        "bytes": (job.estimated_bytes, job.result_file_bytes),
        "seconds": (job.estimated_seconds, seconds),
    }
    return {name: 100 * abs(expected / came - 1) for name, (expected, came) in pairs.items()}


def _medians(rows: list[dict[str, Any]]) -> dict[str, float]:
    return {name: round(statistics.median(row[name] for row in rows), 1) for name in ("records", "bytes", "seconds")}


if __name__ == "__main__":
    assert set(_FORMATS) <= set(registry.all_formats())
    platform.main(run)
