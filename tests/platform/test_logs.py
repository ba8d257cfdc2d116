"""Lines of all processes are JSON objects with the ids of request and job, and show nothing that was sent."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished
from rest_framework.test import APIClient

from terrafusion.accounts import tokens
from terrafusion.jobs import dispatch, runner
from terrafusion.logs import formats, ids
from tests.conftest import wait_for_job
from tests.dummy_plugin.models import DummyJob
from tests.platform.processes import Platform

URL = "/api/v1/dummy/run"
BODY = {"county_id": "COUNTY01", "flavour": "plain"}


@pytest.fixture
def platform(transactional_db: None, tmp_path: Path) -> Iterator[Platform]:
    started = Platform(tmp_path, LOG_FORMAT="json", JOB_LOST_AFTER="2")
    try:
        yield started
    finally:
        started.stop()


def test_request_and_job_ids_are_in_every_process_and_nothing_that_was_sent(analyst: Any, platform: Platform) -> None:
    _, token = tokens.make(analyst)
    sent = {"Authorization": f"Token {token}", "Idempotency_Key": "secret-key-1"}
    assert platform.send("/api/v1/nowhere?owner=secret-query", **sent).status == 404
    body = {**BODY, "parameters": {"raise": "secret-body", "crash_attempts": 1}}
    answer = platform.send(URL, body, X_Request_ID="proxy-17", **sent)
    assert (answer.status, answer.headers["X-Request-ID"]) == (202, "proxy-17")
    failing = platform.send(URL, {**BODY, "parameters": {"raise": "bug"}}, X_Request_ID="bad id\tx", **sent | {
        "Idempotency_Key": "secret-key-2"
    })  # fmt: skip
    new_id = failing.headers["X-Request-ID"]
    assert len(new_id) == 36  # a UUID of ours
    assert platform.send("/api/v1/token", {"username": "analyst", "password": "secret-password"}).status == 400
    with socket.create_connection(("127.0.0.1", int(platform.url.rpartition(":")[2]))) as line:
        line.sendall(b"GET /?secret-line HTTP/9.x\r\n\r\n")  # gunicorn refuses it, and logs what
        assert line.recv(20).startswith(b"HTTP/1.1 400")
    jobs = [wait_for_job(DummyJob.objects.get(pk=json.load(given)["job_id"])) for given in (answer, failing)]
    assert [job.status for job in jobs] == ["COMPLETED", "FAILED"]
    assert [job.origin for job in jobs] == [{"request_id": "proxy-17"}, {"request_id": new_id}]
    platform.stop()

    for name in ("web", "worker", "sweep"):
        assert all({"time", "level", "logger", "message", "process"} <= line.keys() for line in platform.lines(name))
        assert platform.lines(name)
        for secret in ("secret-", token):
            assert secret not in platform.text(name)
    (access,) = (line for line in platform.lines("web") if line.get("request_id") == "proxy-17")
    assert (access["logger"], access["path"], access["status"]) == ("gunicorn.access", URL, 202)
    assert {"client", "method", "bytes", "ms"} <= access.keys()
    assert any("Invalid request from ip=127.0.0.1" in line["message"] for line in platform.lines("web"))

    for job, request_id in zip(jobs, ("proxy-17", new_id), strict=True):
        own = [line for line in platform.lines("worker") if str(job.pk) in line["message"]]
        assert {(line["job_id"], line["job_type"], line["request_id"]) for line in own} == {
            (str(job.pk), "dummy", request_id)
        }
        assert len(own) >= 2  # begins, and ends
    lost = [line for line in platform.lines("sweep") if "no heartbeat" in line["message"]]
    assert [(line["job_id"], line["request_id"]) for line in lost] == [(str(jobs[0].pk), "proxy-17")]
    (failed,) = (line for line in platform.lines("worker") if line["level"] == "ERROR" and "exc_info" in line)
    assert "Traceback" in failed["exc_info"]
    assert any(line["logger"] == "terrafusion.jobs.supervise" for line in platform.lines("worker"))


def test_a_line_of_text_ends_its_first_line_with_the_ids() -> None:
    record = logging.makeLogRecord({"msg": "Late", "levelname": "INFO", "name": "x"})
    plain = formats.Text().format(record)
    with ids.marked(job_id="7", request_id="r"):
        marked = formats.Text().format(record)
    assert plain.endswith(" INFO x Late")
    assert marked == f"{plain} [request_id=r job_id=7]"


def test_only_known_members_of_a_record_are_logged() -> None:
    """Django attaches the request."""
    record = logging.makeLogRecord({"msg": "%s", "args": ("x",), "request": "<GET /?secret>", "job_id": 5, "name": "n"})
    line = json.loads(formats.Json().format(record))
    assert (line["message"], line["job_id"]) == ("x", "5")
    assert line.keys() == {"time", "level", "logger", "message", "process", "job_id"}


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "a\nb", "-a", "é", '"'])
def test_a_malformed_id_is_replaced(db: None, sent: str) -> None:
    try:
        assert ids.begin_request(sent) != sent
        assert ids.begin_request("abc-1.2_X") == "abc-1.2_X"
        assert ids.current() == {"request_id": "abc-1.2_X"}
    finally:
        request_finished.send(None)
    assert ids.current() == {}


@pytest.mark.django_db(transaction=True)
def test_lines_of_the_heartbeat_have_the_ids(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another thread."""
    seen: list[dict[str, str]] = []
    monkeypatch.setattr("terrafusion.jobs.heartbeat.TICK", 0.05)

    def look(_: object, beat: float) -> float:
        seen.append(dict(ids.current()))
        return beat

    monkeypatch.setattr("terrafusion.jobs.heartbeat.Heartbeat._look", look)
    answer = api.post(URL, {**BODY, "parameters": {"seconds": 0.3}}, format="json", headers={"X-Request-ID": "abc"})
    runner.run("dummy.DummyJob", answer.json()["job_id"])
    assert seen[0] == {"request_id": "abc", "job_id": answer.json()["job_id"], "job_type": "dummy"}


@pytest.mark.django_db
def test_a_job_without_a_request_has_no_origin(submit_dummy: Callable[[], DummyJob]) -> None:
    assert submit_dummy().origin == {}


@pytest.fixture
def submit_dummy(county: Any, analyst: Any) -> Callable[[], DummyJob]:
    def make() -> DummyJob:
        return dispatch.submit(DummyJob(county=county, flavour="plain", submitted_by=analyst), fresh=True)[0]

    return make
