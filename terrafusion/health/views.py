"""/healthz, /readyz and /metrics: plain Django views, since they must answer when much else does not."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from terrafusion.health import parts
from terrafusion.jobs.metrics import JobStateCollector

log = logging.getLogger(__name__)


class ProcessCounts(Collector):
    """The sums over all processes, of all machines or containers that have a folder below METRICS_ROOT."""

    def collect(self) -> Iterator[Metric]:
        files = [str(path) for path in Path(settings.METRICS_ROOT).rglob("*.db")]
        yield from MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]


def _registry(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return registry


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Nothing else is asked: a database that is away is no reason to restart the web server."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when jobs can be taken and done; 503 with the parts that fail."""
    outcomes = parts.report()
    ready = all(outcome == "ok" for outcome in outcomes.values())
    return JsonResponse({"status": "ready" if ready else "not ready", "parts": outcomes}, status=200 if ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The counts of all processes, and the jobs by state from the database."""
    if not _may_read_metrics(request):
        return HttpResponseForbidden("Metrics are for this machine, or for who sends METRICS_TOKEN.\n", "text/plain")
    page = generate_latest(_registry(ProcessCounts()))
    try:
        page += generate_latest(_registry(JobStateCollector()))
    except DatabaseError:  # the counts are most wanted when the database is in trouble
        log.warning("The metrics page lacks the jobs by state", exc_info=True)
    return HttpResponse(page, content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    """With METRICS_TOKEN set, whoever sends it as a bearer token; without, this machine, but not through a proxy."""
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        return constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}")
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
