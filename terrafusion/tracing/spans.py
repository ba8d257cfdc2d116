"""OpenTelemetry's side. Imported only where traces are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from multiprocessing.util import Finalize

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from terrafusion import __version__

SERVER, CONSUMER = SpanKind.SERVER, SpanKind.CONSUMER
_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def begin(name: str, kind: SpanKind, parent: str | None, attributes: Mapping[str, str | int]) -> Iterator[Span]:
    """A span that is current in the block. ``parent`` is a W3C traceparent; a malformed one counts as none."""
    context = _PROPAGATOR.extract({"traceparent": parent} if parent else {})
    with _tracer().start_as_current_span(name, context, kind, attributes) as span:
        yield span


def trace_id(span: Span) -> str:
    return trace.format_trace_id(span.get_span_context().trace_id)


def traceparent(span: Span) -> str:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
    return carrier.get("traceparent", "")


def fail(code: str) -> None:
    trace.get_current_span().set_status(Status(StatusCode.ERROR, code))


@cache
def _tracer() -> Tracer:
    """Of this process: made with its first span, since threads, as the one that sends, do not survive a fork."""
    provider = TracerProvider(resource=Resource.create({"service.name": "terrafusion", "service.version": __version__}))
    provider.add_span_processor(_processor())
    Finalize(None, provider.shutdown, exitpriority=10)  # processes of a cluster end without atexit
    return provider.get_tracer("terrafusion")


def _processor() -> SpanProcessor:
    endpoint = f"{settings.OTLP_ENDPOINT.rstrip('/')}/v1/traces"
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=5), schedule_delay_millis=1000)
