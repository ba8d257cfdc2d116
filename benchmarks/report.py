"""``make bench-report``: property record cards in one PDF, and an assessment roll in each format.

Each report is made by a process of its own, as a worker makes it: claimed, written, hashed, published. Memory is the
peak of that process and of the typesetter that it starts, added up. Every report runs at two sizes, so that memory can
be seen to be flat.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from datetime import date
from typing import Any

from benchmarks import platform

PARCELS = int(os.environ.get("REPORT_PARCELS", "100000"))
_CARDS = 1_000
_TASKS = (
    # report, format, parcels, seconds that it may take
    ("property_record_card", "pdf", _CARDS // 4, None),
    ("property_record_card", "pdf", _CARDS, 60.0),
    ("assessment_roll", "csv", PARCELS // 4, None),
    ("assessment_roll", "csv", PARCELS, 3.0),
    ("assessment_roll", "xlsx", PARCELS // 4, None),
    ("assessment_roll", "xlsx", PARCELS, 20.0),
    ("assessment_roll", "pdf", PARCELS // 4, None),
    ("assessment_roll", "pdf", PARCELS, None),
)
_MAX_MEGABYTES = 700


def run() -> None:
    platform.use_benchmark_database()
    for parcels in {PARCELS, PARCELS // 4}:
        _value(platform.county_of(parcels))
    platform.user()
    measured = []
    print(f"{'report':<22} {'format':<6} {'parcels':>8} {'seconds':>8} {'MB':>5} {'pages':>6} {'bytes':>12}")
    for report, file_format, parcels, limit in _TASKS:
        command = [sys.executable, "-m", "benchmarks.report", report, file_format, str(parcels)]
        answer = subprocess.run(command, cwd=platform.PROJECT, check=True, capture_output=True, text=True).stdout
        made = json.loads(answer.splitlines()[-1])
        measured.append({"report": report, "format": file_format, "parcels": parcels, "limit_s": limit, **made})
        print(
            f"{report:<22} {file_format:<6} {parcels:>8,} {made['seconds']:>8.2f} {made['peak_mb']:>5} "
            f"{made['pages'] or '':>6} {made['bytes']:>12,}",
            flush=True,
        )
    for one in measured:
        if (one["limit_s"] and one["seconds"] > one["limit_s"]) or one["peak_mb"] > _MAX_MEGABYTES:
            print(f"Over its bound: {one}")
    platform.save("report", measured)


def _value(county_id: str) -> None:
    """A finished valuation run of the county's first parcels, with five comparables each, once."""
    from terrafusion.records.models import County, PropertyOperational, Sale
    from tests.reporting import valued
    from valuation.models import ValuationJob

    county = County.objects.get(pk=county_id)
    if ValuationJob.objects.filter(county=county).exists():
        return
    sold = PropertyOperational.objects.filter(county=county).order_by("pk")[:50]
    Sale.objects.bulk_create(
        Sale(
            county=county,
            sale_id=f"S{parcel.pk}",
            parcel_number=parcel.parcel_number,
            property=parcel,
            sale_date=date(2025, 1 + number % 12, 1),
            sale_price=parcel.total_value or 1,
        )
        for number, parcel in enumerate(sold)
    )
    valued.run(county, max_parcels=_CARDS)


def one(report: str, file_format: str, parcels: int) -> None:
    """Make one report in this process, whose environment has the benchmark's database, and print what it took."""
    import django

    django.setup()
    from reporting.models import ReportJob
    from reporting.render.formats import FORMATS
    from terrafusion.jobs import runner
    from terrafusion.records.models import PropertyOperational

    is_roll = report == "assessment_roll"
    county_id = f"BENCH{parcels if is_roll else PARCELS}"
    parameters: dict[str, Any] = {}
    if not is_roll:
        rows = PropertyOperational.objects.filter(county=county_id).order_by("pk")[:parcels]
        parameters = {"parcels": list(rows.values_list("parcel_number", flat=True)), "valuation_job": "latest"}
    job_id = _submit(county_id, report, file_format, parameters)
    assert file_format in FORMATS
    began = time.perf_counter()
    runner.run("reporting.ReportJob", job_id)
    seconds = time.perf_counter() - began
    job = ReportJob.objects.get(pk=job_id)
    assert job.status == "COMPLETED", job.message
    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    figures = {
        "seconds": round(seconds, 2),
        "peak_mb": sum(used) // 1024,
        "pages": job.pages,
        "bytes": job.result_file_bytes,
    }
    print(json.dumps(figures))


def _submit(county_id: str, report: str, file_format: str, parameters: dict[str, Any]) -> str:
    from django.conf import settings
    from rest_framework.test import APIClient

    settings.SHORT_CLUSTER = settings.MEDIUM_CLUSTER = settings.LONG_CLUSTER = "unread"  # this process is the worker
    settings.ALLOWED_HOSTS = ["testserver"]
    client = APIClient()
    client.force_authenticate(platform.user())
    body = {
        "report_type": report,
        "county_id": county_id,
        "format": file_format,
        "parameters": {**parameters, "fresh": True},
    }
    response = client.post("/api/v1/reporting/run", body, format="json")
    assert response.status_code == 202, response.content
    return str(response.json()["job_id"])


if __name__ == "__main__":
    if len(sys.argv) == 4:
        one(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        platform.main(run)
