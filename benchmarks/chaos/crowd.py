"""The jobs of one try, and what became of them."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.chaos import ledger
from benchmarks.chaos.sites import COUNTY_ROWS, Site
from benchmarks.load_bodies import export
from benchmarks.platform import county_of

PATIENCE = 180.0
"""Seconds after a fault within which every job has ended, and a new one is done."""
JOBS = 8
"""Small exports of one try, where the fault does not need another number."""
_KINDS = 12
"""Different small requests; the files that they give undisturbed are known."""
_BASE = "/api/v1/gis-export"
_WHOLE = -1
_POLL = 0.2


@dataclass
class Tally:
    """What became of the jobs of one try; package docstring."""

    jobs: int = 0
    retried: int = 0
    lost: int = 0
    duplicated: int = 0
    corrupt: int = 0
    stuck: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    recovered_s: float = 0.0
    findings: list[str] = field(default_factory=list)


class Crowd:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._accepted: dict[str, int] = {}
        self._known = {str(row[0]) for row in ledger.rows("SELECT job_id FROM gis_export_gisexportjob")}

    def submit(self, jobs: int, *, whole: int = 0) -> None:
        """So many small exports, after ``whole`` ones of the whole county."""
        for number in [_WHOLE] * whole + [n % _KINDS for n in range(jobs)]:
            self._accept(number)

    def begin(self, *, whole: int = 1) -> None:
        """Submit some, and wait until the first of ``whole`` exports of the county is at work."""
        self.submit(JOBS, whole=whole)
        self.wait_until_running()

    def _accept(self, number: int) -> None:
        self._accepted[_submit(self._site, number)] = number

    @contextmanager
    def submitting(self, jobs: int, every: float = 0.5, *, whole_of: int | None = None) -> Iterator[None]:
        """While the block runs, so many are submitted beside it, with pauses of ``every`` seconds, each until it is
        accepted. Of ``whole_of`` jobs, one is of the whole county."""

        def slowly() -> None:
            for number in range(jobs):
                self._accept(_WHOLE if whole_of and number % whole_of == 0 else number % _KINDS)
                time.sleep(every)

        with ThreadPoolExecutor(1) as pool:
            submitted = pool.submit(slowly)
            yield
            submitted.result()

    def wait_until_running(self) -> uuid.UUID:
        """The id of an export of the whole county that has written something."""
        deadline = time.monotonic() + PATIENCE
        query = (
            "SELECT job_id FROM gis_export_gisexportjob WHERE job_id = ANY(%s) AND status = 'RUNNING' AND progress > 0"
        )
        whole = [uuid.UUID(job) for job, number in self._accepted.items() if number == _WHOLE]
        while not (rows := ledger.rows(query, whole)):
            if time.monotonic() > deadline:
                raise RuntimeError("No export of the whole county has begun.")
            time.sleep(_POLL / 4)
        job: uuid.UUID = rows[0][0]
        return job

    def count(self, may_fail: frozenset[str], references: dict[int, str]) -> Tally:
        """Wait until all have ended, and look at each."""
        tally = Tally(jobs=len(self._accepted))
        tally.recovered_s = round(_probe(self._site), 1)
        jobs = self._settled()
        tally.retried = sum(max(job["attempt"] - 1, 0) for job in jobs.values())
        tally.stuck = sum(job["completed_at"] is None for job in jobs.values())
        ends = Counter(str(row[0]) for row in ledger.rows("SELECT job_id FROM chaos.ends"))
        time.sleep(2 * self._site.sweep_seconds)  # what a lost attempt left is deleted by the sweep
        files = self._site.files()
        for gone in self._accepted.keys() - jobs.keys():
            tally.lost += 1
            tally.findings.append(f"{gone} is not there")
        for job_id, job in jobs.items():
            self._look(job_id, job, may_fail, references, tally)
            own = [name for name in files if job_id in name]
            if ends[job_id] > 1 or len(own) > 1:
                tally.duplicated += 1
                tally.findings.append(f"{job_id} ended {ends[job_id]} times; its files: {own}")
            if job["status"] != "COMPLETED" and own:
                tally.corrupt += 1
                tally.findings.append(f"{job_id} is {job['status']}; its files: {own}")
        return tally

    def _look(
        self, job_id: str, job: dict[str, Any], may_fail: frozenset[str], references: dict[int, str], tally: Tally
    ) -> None:
        if job["status"] == "FAILED":
            tally.failed[job["error_code"]] += 1
            if job["error_code"] not in may_fail:
                tally.lost += 1
                tally.findings.append(f"{job_id} failed: {job['error_code']} {job['message']}")
        elif job["status"] == "COMPLETED" and (number := self._accepted.get(job_id)) is not None:
            try:
                is_whole = _digest(self._site, job_id) == references[number]
            except Exception as error:  # whatever a download meets is the finding
                is_whole = False
                tally.findings.append(f"{job_id}: {error}")
            if not is_whole:
                tally.corrupt += 1
                tally.findings.append(f"{job_id}: its file is not what the same request gives undisturbed")

    def _settled(self) -> dict[str, dict[str, Any]]:
        """The jobs of this try, those too whose submission got no answer, when all have ended or time is up."""
        deadline = time.monotonic() + PATIENCE
        query = "SELECT job_id, status, error_code, message, completed_at, attempt FROM gis_export_gisexportjob"
        while True:
            names = ("status", "error_code", "message", "completed_at", "attempt")
            settled = {str(row[0]): dict(zip(names, row[1:], strict=True)) for row in ledger.rows(query)}
            jobs = {job: row for job, row in settled.items() if job not in self._known}
            if all(row["completed_at"] for row in jobs.values()) or time.monotonic() > deadline:
                return jobs
            time.sleep(_POLL)


def references(site: Site) -> dict[int, str]:
    """What each request gives undisturbed: the digest of its file, by the request's number."""
    jobs = {number: _submit(site, number) for number in [_WHOLE, *range(_KINDS)]}
    return {number: _finished(site, job) for number, job in jobs.items()}


def _body(number: int) -> dict[str, Any]:
    county = county_of(COUNTY_ROWS)
    if number == _WHOLE:
        body = {"export_format": "GeoJSON", "county_id": county, "layers": ["parcels"]}
        return {**body, "parameters": {"fresh": True}}
    return export(county, number)


def _submit(site: Site, number: int) -> str:
    """The id of the accepted job: asked again until the site answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            job: str = site.client().call("POST", f"{_BASE}/run", _body(number))["job_id"]
        except Exception as error:  # a connection that is cut, a 503: what a client sees of a fault
            if time.monotonic() > deadline or "answered 4" in str(error):
                raise
            time.sleep(_POLL)
        else:
            return job


def _probe(site: Site) -> float:
    """Seconds until a job that is submitted now is completed and downloaded."""
    begun = time.monotonic()
    _finished(site, _submit(site, 0))
    return time.monotonic() - begun


def _finished(site: Site, job: str) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            shown = site.client().call("GET", f"{_BASE}/status/{job}")
            if shown["completed_at"]:
                return _digest(site, job)
        except Exception:  # the site is coming back
            if time.monotonic() + _POLL > deadline:
                raise
        time.sleep(_POLL)
    raise RuntimeError(f"The job {job} was not done in time.")


def _digest(site: Site, job: str) -> str:
    with TemporaryDirectory() as folder:
        _, digest = site.client().save(f"{_BASE}/jobs/{job}/download", Path(folder))
        return digest
