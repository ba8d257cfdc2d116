"""Traces: a span of each web request, and of each attempt at a job as its child, sent by OTLP to ``OTLP_ENDPOINT``.

Without that setting nothing of OpenTelemetry is imported. Spans have no path, no query, and no SQL, which may hold
values of persons: docs/adr/0037-ids-and-traces.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from terrafusion.logs import ids

if TYPE_CHECKING:
    from opentelemetry.trace import Span


def enabled() -> bool:
    return bool(settings.OTLP_ENDPOINT)


@contextmanager
def request_span(method: str, headers: Mapping[str, str]) -> Iterator[Span]:
    """The span of a web request, a child of what the header ``traceparent`` names."""
    from terrafusion.tracing import spans

    with spans.begin(method, spans.SERVER, headers.get("traceparent"), {"http.request.method": method}) as span:
        # Like the request's id, these stay for the access log; the next request replaces them.
        ids.add(trace_id=spans.trace_id(span), traceparent=spans.traceparent(span))
        yield span


@contextmanager
def job_span(name: str, job_id: str, attempt: int, origin: Mapping[str, str]) -> Iterator[None]:
    """The span of an attempt at a job, a child of the request's that submitted it."""
    if not enabled():
        yield
        return
    from terrafusion.tracing import spans

    attributes: dict[str, str | int] = {"terrafusion.job_id": job_id, "terrafusion.attempt": attempt}
    with (
        spans.begin(f"job {name}", spans.CONSUMER, origin.get("traceparent"), attributes) as span,
        ids.marked(trace_id=spans.trace_id(span), traceparent=spans.traceparent(span)),
    ):
        yield


def failed(code: str) -> None:
    """The current span ended badly."""
    if enabled():
        from terrafusion.tracing import spans

        spans.fail(code)
