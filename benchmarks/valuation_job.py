"""``make bench-valuation-job``: a county valued as a job: seconds and peak memory, for PARCELS=100000.

The job goes through its real runner in a process of its own, on a database of its own.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import time
from typing import Any

import psutil
import psycopg

from benchmarks import platform

DATE = datetime.date(2022, 1, 1)
_METHODS = os.environ.get("METHODS", "mass_appraisal").split(",")


def run() -> None:
    platform.use_benchmark_database()
    results: list[dict[str, Any]] = []
    for size in os.environ.get("PARCELS", "100000").split(","):
        county = county_of_homes(int(size))
        for method in _METHODS:
            results.append(_time(county, method))
            print(results[-1], flush=True)
    platform.save("valuation_job", results)


def county_of_homes(parcels: int) -> str:
    """The id of a county with so many generated homes, a fourth of them sold at most 25,000."""
    county, sales = f"HOMES{parcels}", min(parcels // 4, 25_000)
    with psycopg.connect(platform.conninfo(), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM records_county WHERE id = %s", [county]).fetchone():
            print(f"Generating {parcels:,} homes...", flush=True)
            script = (platform.PROJECT / "benchmarks" / "homes.sql").read_text()
            filled = script.replace(":'county'", f"'{county}'").replace(":rows", str(parcels))
            connection.execute(filled.replace(":sales", str(sales)))
            connection.execute("VACUUM ANALYZE records_propertyoperational")
            connection.execute("VACUUM ANALYZE records_sale")
    return county


def _time(county: str, method: str) -> dict[str, Any]:
    from valuation.models import PropertyValuation, ValuationJob

    resolved = {"confidence": 0.9, "seed": 0, "comparables": 5, "model": None, "calibrate": False}
    job = ValuationJob.objects.create(
        county_id=county,
        valuation_method=method,
        valuation_date=DATE,
        scope="all",
        resolved=resolved,
        estimated_parcels=1_000_000,
        submitted_by=platform.user(),
    )
    work = f"runner.run({job._meta.label!r}, '{job.pk}')"
    code = f"import django; django.setup(); from terrafusion.jobs import runner; {work}"
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], cwd=platform.PROJECT)
    peak, watched = 0, psutil.Process(process.pid)
    marks: dict[int, float] = {}
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        job.refresh_from_db(fields=["progress"])
        marks.setdefault(job.progress, round(time.perf_counter() - begun, 1))
        time.sleep(0.2)
    seconds = time.perf_counter() - begun
    job.refresh_from_db()
    stored = PropertyValuation.objects.filter(job=job)
    return {
        "method": method,
        "parcels": stored.count(),
        "status": job.status,
        "message": job.message,
        "seconds": round(seconds, 1),
        "seconds_until_ready": next((at for mark, at in sorted(marks.items()) if mark >= 50), None),
        "peak_rss_mb": round(peak / 1e6),
        "median": job.median_ratio,
        "cod": job.cod,
    }


if __name__ == "__main__":
    platform.main(run)
