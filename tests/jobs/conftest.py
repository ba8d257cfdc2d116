"""Dummy jobs in the states that the tests begin from."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from terrafusion.jobs import dispatch, runner
from terrafusion.records.models import County
from tests.conftest import wait_for_job, wait_until
from tests.dummy_plugin.models import DummyJob

Submit = Callable[..., DummyJob]


@pytest.fixture
def submit(county: County, analyst: Any) -> Submit:
    """``submit(seconds=3)``: a pending job of the analyst with those parameters."""

    def make(**parameters: Any) -> DummyJob:
        job = DummyJob(county=county, flavour="plain", parameters=parameters, resolved=parameters, submitted_by=analyst)
        return dispatch.submit(job, fresh=True)[0]

    return make


@pytest.fixture
def run(transactional_db: None, submit: Submit) -> Submit:
    """``run(**parameters)``: a job that was run in this process to its end."""

    def make(**parameters: Any) -> DummyJob:
        job = submit(**parameters)
        runner.run("dummy.DummyJob", str(job.pk))
        ended: DummyJob = wait_for_job(job)
        return ended

    return make


def wait_for_message(job: DummyJob, message: str) -> None:
    """Until the heartbeat has told that the work is there: RUNNING is said before it begins."""
    wait_until(lambda: DummyJob.objects.filter(pk=job.pk, message=message).exists())


def claim(job: DummyJob) -> uuid.UUID:
    token: uuid.UUID | None = DummyJob.objects.claim(job.pk, "elsewhere:1")
    assert token is not None
    return token
