"""The metrics of every job type: names, labels and buckets are a contract with dashboards.

Counts made in worker processes reach the scraped page through prometheus_client's multiprocess files: each process
writes its own, and they stay when it ends or is killed. A later process that gets the same pid goes on counting in the
same file, which keeps the sums right. None of these is a gauge, so a dead process leaves nothing stale; how many jobs
are in which state comes from the database, when the page is scraped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from terrafusion.jobs import errors, lanes
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.registry import JobType, all_types, type_of
from terrafusion.jobs.states import Status

BUCKETS = (5, 10, 30, 60, 120, 300, 600, 1800, 3600, float("inf"))


@dataclass(frozen=True)
class JobMetrics:
    submitted: Counter
    completed: Counter
    failed: Counter
    duration: Histogram


@cache
def _metrics(prefix: str, type_field: str) -> JobMetrics:
    labels = ("county_id", type_field)
    return JobMetrics(
        Counter(f"{prefix}_jobs_submitted", "Jobs submitted.", (*labels, "status_on_submit")),
        Counter(f"{prefix}_jobs_completed", "Jobs completed.", labels),
        Counter(f"{prefix}_jobs_failed", "Jobs failed, by stable error code.", (*labels, "failure_reason")),
        Histogram(f"{prefix}_processing_duration_seconds", "From RUNNING to COMPLETED.", labels, buckets=BUCKETS),
    )


def of(job_type: JobType) -> JobMetrics:
    return _metrics(job_type.metric_prefix, job_type.type_field)


def _labels(job: AbstractJob) -> tuple[str, str]:
    """Values from known sets only: the county is a foreign key, the type is one of the plugin's own or ``other``."""
    job_type = type_of(job)
    value = str(getattr(job, job_type.type_field))
    return job.county_id, value if value in job_type.type_values() else "other"


def submitted(job: AbstractJob) -> None:
    of(type_of(job)).submitted.labels(*_labels(job), job.status).inc()


def completed(job: AbstractJob, seconds: float | None) -> None:
    """``seconds`` of work; None when there was none to do."""
    family = of(type_of(job))
    family.completed.labels(*_labels(job)).inc()
    if seconds is not None:
        family.duration.labels(*_labels(job)).observe(seconds)


def failed(job: AbstractJob, error_code: str) -> None:
    reason = error_code if error_code in errors.known() else errors.JobError.code
    of(type_of(job)).failed.labels(*_labels(job), reason).inc()


_slots = Counter(
    "schedule_slots", "Slots of schedules: submitted, refused, missed or failed.", ("county_id", "job_type", "outcome")
)


def slot(county_id: str, job_type: str, outcome: str) -> None:
    """What became of a slot of a schedule."""
    _slots.labels(county_id, job_type, outcome).inc()


_webhooks = Counter("webhook_attempts", "Tries to deliver: delivered, failed or given_up.", ("county_id", "outcome"))


def webhook(county_id: str, outcome: str) -> None:
    """What came of a try to deliver a message."""
    _webhooks.labels(county_id, outcome).inc()


class JobStateCollector(Collector):
    """Gauges of the jobs in the database; to be registered where the page is made.

    ``<prefix>_jobs{status}`` of each type, and of all types together ``jobs_waiting{lane}`` and
    ``jobs_waiting_seconds{lane}``, the time since the oldest of those was submitted.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._waiting()
        for job_type in all_types():
            family = GaugeMetricFamily(f"{job_type.metric_prefix}_jobs", "Jobs by state.", labels=["status"])
            counts = dict(job_type.model.objects.order_by().values_list("status").annotate(jobs=Count("*")))
            for status in Status:
                family.add_metric([status.value], counts.get(status.value, 0))
            yield family

    @staticmethod
    def _waiting() -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("jobs_waiting", "Pending jobs.", labels=["lane"])
        longest = GaugeMetricFamily("jobs_waiting_seconds", "How long the oldest pending job waits.", labels=["lane"])
        now = timezone.now()
        jobs = {lane.cluster: 0 for lane in lanes.all_lanes()}
        since = dict.fromkeys(jobs, now)
        for job_type in all_types():
            pending = job_type.model.objects.filter(status=Status.PENDING).order_by()
            for lane, number, oldest in pending.values_list("lane").annotate(Count("pk"), Min("created_at")):
                jobs[lane] = jobs.get(lane, 0) + number
                since[lane] = min(since.get(lane, now), oldest)
        for lane, number in jobs.items():
            waiting.add_metric([lane], number)
            longest.add_metric([lane], max(0.0, (now - since[lane]).total_seconds()))
        yield waiting
        yield longest
