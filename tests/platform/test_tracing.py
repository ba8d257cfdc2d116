"""One trace from the request to the worker, and nothing of it where it is off."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rest_framework.test import APIClient

from terrafusion.accounts import tokens
from terrafusion.jobs import runner
from terrafusion.tracing import spans
from tests.conftest import ROOT, wait_for_job, wait_until
from tests.dummy_plugin.models import DummyJob
from tests.platform.processes import Platform

URL = "/api/v1/dummy/run"
BODY = {"county_id": "COUNTY01", "flavour": "plain"}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exported(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    settings.OTLP_ENDPOINT = "http://127.0.0.1:1"
    monkeypatch.setattr(spans, "_processor", lambda: SimpleSpanProcessor(exporter))
    spans._tracer.cache_clear()
    yield exporter
    spans._tracer.cache_clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("parameters", "status"), [({}, "UNSET"), ({"raise": "burnt"}, "ERROR")])
def test_a_job_is_a_child_of_its_request(
    analyst: Any, exported: InMemorySpanExporter, parameters: dict[str, str], status: str
) -> None:
    api = APIClient()
    api.force_authenticate(analyst)
    answer = api.post(URL, {**BODY, "parameters": parameters}, format="json", headers={"traceparent": PARENT})
    job = DummyJob.objects.get(pk=answer.json()["job_id"])
    assert job.origin["traceparent"].startswith(PARENT[:36])
    runner.run("dummy.DummyJob", str(job.pk))
    request, work = exported.get_finished_spans()
    assert request.parent is not None
    assert work.parent is not None
    assert f"{request.parent.trace_id:032x}-{request.parent.span_id:016x}" in PARENT
    assert (work.parent.span_id, work.context.trace_id) == (request.context.span_id, request.parent.trace_id)
    assert (request.name, work.name) == (f"POST {URL}", "job dummy")
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST", "http.route": URL, "http.response.status_code": 202,
    }  # fmt: skip
    assert dict(work.attributes or {}) == {"terrafusion.job_id": str(job.pk), "terrafusion.attempt": 1}
    assert work.status.status_code.name == status


@pytest.mark.django_db
def test_a_span_has_no_value_of_the_request(client: Client, exported: InMemorySpanExporter) -> None:
    client.get("/api/v1/dummy/status/secret-1?owner=secret-2", headers={"traceparent": "secret-3"})
    (span,) = exported.get_finished_spans()
    assert span.name == "GET /api/v1/dummy/status/<str:job_id>"
    assert span.parent is None
    assert "secret" not in span.to_json()


def test_nothing_is_imported_where_it_is_off() -> None:
    look = (
        "import sys, terrafusion.wsgi, terrafusion.jobs.runner; print([m for m in sys.modules if 'opentelemetry' in m])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "terrafusion.settings", "OTLP_ENDPOINT": ""}
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_web_server_and_worker_send_one_trace(
    transactional_db: None, analyst: Any, county: Any, tmp_path: Path
) -> None:
    received: list[Any] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            message = ExportTraceServiceRequest.FromString(body)
            received.extend(s for r in message.resource_spans for scope in r.scope_spans for s in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    platform = Platform(tmp_path, OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}", LOG_FORMAT="json")
    try:
        _, token = tokens.make(analyst)
        answer = platform.send(URL, BODY, Authorization=f"Token {token}", traceparent=PARENT)
        job = wait_for_job(DummyJob.objects.get(pk=json.load(answer)["job_id"]))
        wait_until(lambda: {span.name for span in received} >= {f"POST {URL}", "job dummy"})
    finally:
        platform.stop()
        server.shutdown()
        server.server_close()
    ours = {span.name: span for span in received if span.trace_id.hex() == PARENT[3:35]}
    assert ours.keys() == {f"POST {URL}", "job dummy"}
    assert ours["job dummy"].parent_span_id == ours[f"POST {URL}"].span_id
    for name in ("web", "worker"):  # logs lead to traces
        assert any(line.get("trace_id") == PARENT[3:35] for line in platform.lines(name))
    assert job.status == "COMPLETED"
