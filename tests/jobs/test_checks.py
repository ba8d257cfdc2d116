"""What is wrong with a plugin or the settings shows at start; codes and labels come from known sets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.core.checks import run_checks

from terrafusion.jobs import checks, errors, metrics, registry
from terrafusion.jobs.dispatch import digest
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit

DUMMY = registry.type_of(DummyJob)


def test_the_project_has_no_fault() -> None:
    assert run_checks() == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"execute": "tests.nowhere.execute"}, "jobs.E001"),
        ({"execute": "tests.dummy_plugin.jobs.nothing"}, "jobs.E001"),
        ({"type_field": "message"}, "jobs.E005"),
    ],
)
def test_faulty_types_are_reported(monkeypatch: pytest.MonkeyPatch, fault: dict[str, str], code: str) -> None:
    monkeypatch.setattr(checks, "all_types", lambda: [replace(DUMMY, **fault)])  # type: ignore[arg-type]
    assert [message.id for message in checks.job_types()] == [code]


def test_a_missing_type_column_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "all_types", lambda: [replace(DUMMY, type_field="color")])
    assert [message.id for message in checks.job_types()] == ["jobs.E002", "jobs.E005"]


def test_a_retry_that_is_too_short_is_reported(settings: Any) -> None:
    """retry > timeout is not enough: the lock starts when a task is dequeued, not when it begins."""
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": settings.Q_CLUSTER["timeout"] + 1}
    assert [message.id for message in checks.queue_settings()] == ["jobs.E003"]


def test_a_heartbeat_limit_that_is_too_short_is_reported(settings: Any) -> None:
    settings.JOB_LOST_AFTER = settings.JOB_HEARTBEAT
    assert [message.id for message in checks.queue_settings()] == ["jobs.E004"]


@pytest.mark.parametrize("key", ["name", "metric_prefix", "model"])
def test_a_type_is_registered_once(key: str) -> None:
    others = {"name": "x", "metric_prefix": "x", "model": type("Other", (), {"_meta": type("M", (), {"label": "x.X"})})}
    clashing = replace(DUMMY, **{**others, key: getattr(DUMMY, key)})
    with pytest.raises(ValueError, match="clashes"):
        registry.register(clashing)
    assert registry.type_of(DummyJob) is DUMMY


def test_codes_of_plugins_are_known() -> None:
    assert {"internal_error", "worker_lost", "storage_full", "dummy_burnt"} <= errors.known().keys()


def test_labels_come_from_known_sets(submit: Submit) -> None:
    """A caller cannot make new time series."""
    job = submit()
    job.flavour = "made up"
    failed = metrics.of(DUMMY).failed
    before = {sample.labels["flavour"] for family in failed.collect() for sample in family.samples}
    metrics.failed(job, "made up too")
    after = [sample.labels for family in failed.collect() for sample in family.samples]
    assert {"county_id": "COUNTY01", "flavour": "other", "failure_reason": "internal_error"} in after
    assert {labels["flavour"] for labels in after} - before <= {"other"}


def test_metrics_are_those_of_the_contract() -> None:
    family = metrics.of(DUMMY)
    assert family.submitted._labelnames == ("county_id", "flavour", "status_on_submit")
    assert family.completed._labelnames == ("county_id", "flavour")
    assert family.failed._labelnames == ("county_id", "flavour", "failure_reason")
    assert (5, 10, 30, 60, 120, 300, 600, 1800, 3600, float("inf")) == metrics.BUCKETS
    names = [next(iter(metric.collect())).name for metric in (family.submitted, family.completed, family.failed)]
    assert names == ["dummy_jobs_submitted", "dummy_jobs_completed", "dummy_jobs_failed"]


def test_a_request_has_one_digest_whatever_its_order() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1}) != digest({"a": 1, "b": [2, 1]})
