"""``make load``: USERS=100 people at once for DURATION=180 seconds, on the platform of `make serve` with two workers
that export; then one small job behind QUEUED=10000 of another user, and each list with JOBS=1000000 finished jobs.

People ask RATE=200 requests a second together, or as many as are answered. Writes build/bench/load_web.json. Times are
of this machine, on which the people, the database and the workers run too: run it on one that is idle otherwise.
Processor seconds are of the web processes alone, by requests that come one after the other; ``floor`` is an answer
that asks for nothing (/healthz).
"""

from __future__ import annotations

import csv
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

from benchmarks import platform
from benchmarks.load_bodies import export
from terrafusion import env
from terrafusion.setup.demo.client import Client

_ACCOUNTS = 10
_PARCELS = 100_000
_PASSWORD = "of-the-benchmark"
_ONE_AFTER_THE_OTHER = 200
_ASKED = 20
_BASE = "/api/v1/gis-export"
_ADMIN = "/admin/gis_export/gisexportjob/"


def run() -> None:
    people, seconds = env.integer("USERS", 100), env.integer("DURATION", 180)
    # Everybody comes from one address here, and several people share an account.
    os.environ.update(THROTTLE_LOGIN="100000/min", THROTTLE_ANON="1000000/min")
    platform.use_benchmark_database()
    county = platform.county_of(_PARCELS)
    names = _accounts(county)
    _finished_jobs(env.integer("JOBS", 1_000_000))
    with platform.site("short") as client:
        tokens = [_token(client, name) for name in names]
        web = _web_processes()
        result: dict[str, Any] = {
            "users": people,
            "seconds": seconds,
            "processors": os.cpu_count(),
            "busy_before": round(psutil.cpu_percent(interval=2) / 100 * (os.cpu_count() or 1), 2),
        }
        result["processor_ms"] = _processor(client, tokens[0], county, web)
        result["memory_mb"] = {"start": _memory(web)}
        result |= _mixed(client, tokens, county, people, seconds)
        result["memory_mb"]["end"] = _memory(web)
        _forget_pending()
        result["behind"] = _behind(client, tokens, county, names, env.integer("QUEUED", 10_000))
        _forget_pending()
        result["lists_p95_ms"] = _lists(client, tokens[0], env.integer("JOBS", 1_000_000))
    print(json.dumps(result, indent=2))
    platform.save("load_web", result)


def _accounts(county: str) -> list[str]:
    from django.contrib.auth import get_user_model

    from terrafusion.records.models import CountyAccess, CountySettings

    CountySettings.objects.update_or_create(
        county_id=county, defaults={"max_active_jobs": 1_000_000, "max_bytes_per_day": None}
    )
    names = [f"load{number}" for number in range(_ACCOUNTS)]
    for name in names:
        user, is_new = get_user_model().objects.get_or_create(username=name)
        if is_new:
            user.set_password(_PASSWORD)
            user.save()
            CountyAccess.objects.create(user=user, county_id=county, role="analyst")
    return names


def _finished_jobs(number: int) -> None:
    with psycopg.connect(platform.conninfo(), autocommit=True) as connection:
        there = connection.execute("SELECT count(*) FROM gis_export_gisexportjob WHERE county_id LIKE 'OTHER%'")
        if (there.fetchone() or (0,))[0] >= number:
            return
        print(f"Making {number:,} finished jobs...", flush=True)
        script = (platform.PROJECT / "benchmarks" / "jobs.sql").read_text()
        connection.execute(script.replace(":jobs", str(number)))
        connection.execute("VACUUM ANALYZE gis_export_gisexportjob")


def _token(client: Client, name: str) -> str:
    token: str = client.call("POST", "/api/v1/token", {"username": name, "password": _PASSWORD})["token"]
    return token


def _web_processes() -> list[psutil.Process]:
    """Gunicorn's workers."""
    masters = [child for child in psutil.Process().children() if any("gunicorn" in part for part in child.cmdline())]
    return [worker for master in masters for worker in master.children()]


def _memory(web: list[psutil.Process]) -> list[float]:
    return [round(process.memory_info().rss / 1e6, 1) for process in web]


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _processor(client: Client, token: str, county: str, web: list[psutil.Process]) -> dict[str, float]:
    """Milliseconds of the web processes for a request of each kind."""
    ask = _asking(client, {"Authorization": f"Token {token}"})
    job = json.loads(ask("POST", f"{_BASE}/run", export(county, 0)))["job_id"]
    kinds: dict[str, Callable[[], Any]] = {
        "floor": lambda: ask("GET", "/healthz"),
        "status": lambda: ask("GET", f"{_BASE}/status/{job}"),
        "jobs": lambda: ask("GET", f"{_BASE}/jobs?page_size=20"),
        "parcels": lambda: ask("GET", f"/api/v1/properties?county_id={county}&page_size=20"),
        "formats": lambda: ask("GET", f"{_BASE}/formats"),
        "submit": lambda: ask("POST", f"{_BASE}/run", export(county, 1)),
    }
    milliseconds = {}
    for name, go in kinds.items():
        for _ in range(20):
            go()
        before = _cpu_seconds(web)
        for _ in range(_ONE_AFTER_THE_OTHER):
            go()
        milliseconds[name] = round((_cpu_seconds(web) - before) / _ONE_AFTER_THE_OTHER * 1000, 2)
    return milliseconds


def _asking(client: Client, headers: dict[str, str]) -> Callable[..., bytes]:
    """A function that sends a request on one connection that is kept, and returns the body."""
    connection = http.client.HTTPConnection(client.site.removeprefix("http://"), timeout=60)

    def ask(method: str, path: str, body: Any = None) -> bytes:
        more = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, None if body is None else json.dumps(body), {**headers, **more})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:300]!r}")
        return text

    return ask


def _mixed(client: Client, tokens: list[str], county: str, people: int, seconds: int) -> dict[str, Any]:
    """What the people met with: locust's own figures, in milliseconds."""
    folder = platform.FOLDER / "load"
    folder.mkdir(exist_ok=True)
    pace = people / env.integer("RATE", 200, minimum=1)
    (folder / "given.json").write_text(json.dumps({"county": county, "tokens": tokens, "pace": pace}))
    command = [sys.executable, "-m", "locust", "-f", "benchmarks/load_users.py", "--headless", "--only-summary"]
    command += ["-u", str(people), "-r", str(max(people / 5, 1)), "-t", f"{seconds}s", "--reset-stats"]
    command += ["-H", client.site, "--csv", str(folder / "load"), "--exit-code-on-error", "0"]
    subprocess.run(
        command, cwd=platform.PROJECT, env={**os.environ, "LOAD_FILE": str(folder / "given.json")}, check=True
    )
    with (folder / "load_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    total = rows.pop("Aggregated")
    return {
        "requests": int(total["Request Count"]),
        "errors": int(total["Failure Count"]),
        "reasons": _reasons(folder / "load_failures.csv"),
        "requests_per_second": round(float(total["Requests/s"]), 1),
        "by_kind": {
            name: {"requests": int(row["Request Count"]), "p50_ms": int(row["50%"]), "p95_ms": int(row["95%"])}
            for name, row in rows.items()
            if int(row["Request Count"])
        },
        "jobs_completed": _completed(seconds),
    }


def _reasons(path: Path) -> dict[str, int]:
    with path.open() as file:
        return {f"{row['Name']}: {row['Error'][:200]}": int(row["Occurrences"]) for row in csv.DictReader(file)}


def _completed(seconds: int) -> int:
    from gis_export.models import GisExportJob

    return sum(
        (job.completed_at - job.created_at).total_seconds() >= 0
        for job in GisExportJob.objects.filter(status="COMPLETED", submitted_by__username__startswith="load")
        .order_by("-created_at")
        .only("completed_at", "created_at")
        if job.completed_at.timestamp() > time.time() - seconds - 5
    )


def _forget_pending() -> None:
    """End what the part before has left, so that the next begins with an empty queue."""
    from django.db.models.functions import Now
    from django_q.models import OrmQ

    from gis_export.models import GisExportJob

    GisExportJob.objects.filter(status="PENDING").update(status="CANCELLED", completed_at=Now())
    OrmQ.objects.filter(key="short").delete()


def _behind(client: Client, tokens: list[str], county: str, names: list[str], queued: int) -> dict[str, Any]:
    """Seconds from a small job's submission to its start, behind so many of another user."""
    from gis_export.models import GisExportJob
    from terrafusion.jobs import dispatch

    first = _asking(client, {"Authorization": f"Token {tokens[0]}"})
    other = _asking(client, {"Authorization": f"Token {tokens[1]}"})
    job = json.loads(first("POST", f"{_BASE}/run", export(county, 2)))["job_id"]
    pattern = GisExportJob.objects.get(pk=job)
    own = [f for f in pattern._meta.concrete_fields if f.name not in dispatch.LIFECYCLE and f.editable]
    values = {field.attname: getattr(pattern, field.attname) for field in own if field.name != "record_count"}
    more = {name: getattr(pattern, name) for name in ("county_id", "submitted_by_id", "parameters", "options", "lane")}
    jobs = GisExportJob.objects.bulk_create((GisExportJob(**values, **more) for _ in range(queued)), batch_size=500)
    for waiting in jobs:
        dispatch.enqueue(waiting)
    delays = []
    for number in range(_ASKED):
        shown = json.loads(other("POST", f"{_BASE}/run", export(county, number)))
        while shown["completed_at"] is None:
            time.sleep(0.05)
            shown = json.loads(other("GET", f"{_BASE}/status/{shown['job_id']}"))
        mine = GisExportJob.objects.get(pk=shown["job_id"])
        assert mine.started_at is not None
        delays.append((mine.started_at - mine.created_at).total_seconds())
    left = GisExportJob.objects.filter(status="PENDING", submitted_by__username=names[0]).count()
    delays.sort()
    return {
        "queued": queued,
        "left_at_the_end": left,
        "delay_p50_s": round(delays[len(delays) // 2], 2),
        "delay_longest_s": round(delays[-1], 2),
    }


def _lists(client: Client, token: str, jobs: int) -> dict[str, Any]:
    """With the finished jobs of others: milliseconds of each list and page."""
    from django.test import Client as SignedIn

    user = platform.user()
    user.is_staff = True
    user.save()
    browser = SignedIn()
    browser.force_login(user)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    own, everybody = _asking(client, {"Authorization": f"Token {token}"}), _asking(client, {"Cookie": cookies})
    listed = f"{_BASE}/jobs"
    pages: dict[str, Callable[[], bytes]] = {
        "own jobs": lambda: own("GET", listed),
        "own jobs, completed": lambda: own("GET", f"{listed}?status=COMPLETED"),
        "jobs of all counties": lambda: everybody("GET", listed),
        "jobs of a county": lambda: everybody("GET", f"{listed}?county_id=OTHER3"),
        "failed jobs": lambda: everybody("GET", f"{listed}?status=FAILED"),
        "canceled jobs": lambda: everybody("GET", f"{listed}?status=CANCELLED"),
        "own jobs, of a format in vain": lambda: own("GET", f"{listed}?export_format=KML"),
        "jobs of a county, of a format in vain": lambda: everybody(
            "GET", f"{listed}?county_id=OTHER3&export_format=KML"
        ),
        "jobs of a format in vain": lambda: everybody("GET", f"{listed}?export_format=KML"),
        "admin": lambda: everybody("GET", _ADMIN),
        "admin, failed": lambda: everybody("GET", f"{_ADMIN}?status__exact=FAILED"),
        "admin, of a format in vain": lambda: everybody("GET", f"{_ADMIN}?export_format=KML"),
        "admin, of an error in vain": lambda: everybody("GET", f"{_ADMIN}?error_code=worker_lost"),
        "admin, search by user": lambda: everybody("GET", f"{_ADMIN}?q=other7"),
        "admin, search in vain": lambda: everybody("GET", f"{_ADMIN}?q=nobody"),
        "metrics": lambda: everybody("GET", "/metrics"),
    }
    p95_ms: dict[str, Any] = {"finished_jobs": jobs}
    for name, go in pages.items():
        times = []
        for _ in range(_ASKED):
            begun = time.perf_counter()
            go()
            times.append((time.perf_counter() - begun) * 1000)
        p95_ms[name] = round(sorted(times)[int(_ASKED * 0.95) - 1])
    return p95_ms


if __name__ == "__main__":
    platform.main(run)
