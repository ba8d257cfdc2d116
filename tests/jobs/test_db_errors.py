"""A database that goes away while a real cluster works, and comes back."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection

from terrafusion.db_errors import Formatter, is_connection_error, is_time_out
from terrafusion.jobs import canary
from terrafusion.jobs.states import Status
from tests.conftest import start, stop, wait_for_job, wait_until
from tests.jobs.conftest import Submit, wait_for_message
from tests.jobs.line import Line

OWN = "cut-off"  # not the queue of the clusters that all tests share


@pytest.fixture
def line(transactional_db: None, settings: Any) -> Iterator[Line]:
    """A cluster's only way to the database; the test itself has its own."""
    settings.SHORT_CLUSTER = OWN
    with tempfile.TemporaryDirectory(prefix="tf") as folder:
        line = Line(Path(folder))
        line.lay()
        process = start("supervise", "--cluster", OWN, Q_SHORT_CLUSTER=OWN, Q_WORKERS="2", DATABASE_URL=line.url)
        try:
            wait_until(lambda: canary.age(OWN) is not None)
            yield line
        finally:
            stop(process)
            line.cut()


def test_no_job_is_lost_while_the_database_is_away(line: Line, submit: Submit) -> None:
    asking, working = submit(query_seconds=20), submit(deaf_seconds=5)
    wait_for_message(asking, "Asking.")
    wait_for_message(working, "Deaf.")
    waiting = submit()
    line.cut()
    time.sleep(6)  # the second has done its work by now
    for job in (asking, working, waiting):
        job.refresh_from_db()
        assert job.completed_at is None
    line.lay()

    # What had only to be told is told, and the file is there; what was read is lost, and may be asked for again.
    assert (wait_for_job(working).status, working.attempt) == (Status.COMPLETED, 1)
    assert default_storage.exists(working.result_file)
    assert (wait_for_job(asking).status, asking.error_code) == (Status.FAILED, "database_unavailable")
    assert (wait_for_job(waiting).status, waiting.attempt) == (Status.COMPLETED, 1)
    assert not default_storage.exists(f"dummy_output/{asking.county_id}/{asking.pk}.txt")


def _logged() -> str:
    return Formatter().format(logging.makeLogRecord({"msg": "No answer", "exc_info": sys.exc_info()}))


def test_a_lost_connection_is_logged_in_one_line(db: None) -> None:
    refused = OperationalError("connection failed: Connection refused")
    assert is_connection_error(refused)
    assert not is_time_out(refused)
    try:
        raise refused
    except OperationalError:
        assert _logged() == "No answer\nOperationalError: connection failed: Connection refused"


def test_another_operational_error_keeps_its_traceback(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 10")
        with pytest.raises(OperationalError) as raised:
            cursor.execute("SELECT pg_sleep(1)")
    assert not is_connection_error(raised.value)
    assert is_time_out(raised.value)
    try:
        raise raised.value
    except OperationalError:
        assert "Traceback" in _logged()
