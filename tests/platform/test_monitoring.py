"""Alert rules do what they say, and they and the dashboard ask only for metrics and labels that /metrics has."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from gis_export.estimates import accuracy
from gis_export.models import GisExportJob
from terrafusion.jobs import errors, metrics
from terrafusion.jobs.registry import all_types
from terrafusion.records.models import County
from terrafusion.setup import promtool
from terrafusion.setup.errors import SetupError
from tests.conftest import ROOT

DOCKER = ROOT / "docker"
RULES = DOCKER / "prometheus" / "rules.yaml"
DASHBOARD = DOCKER / "grafana" / "terrafusion.json"
_KEPT = {"instance", "job", "le"}
"""Labels that Prometheus adds; the buckets' bound."""


def test_the_rules_alert_as_they_say() -> None:
    try:
        program = promtool.find_or_fetch()
    except SetupError as reason:
        pytest.skip(str(reason))
    done = subprocess.run(
        [program, "test", "rules", DOCKER / "prometheus" / "rules_test.yaml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    subprocess.run([program, "check", "rules", RULES], check=True, capture_output=True)


def test_each_alert_is_tested() -> None:
    alerts = {rule["alert"] for rule in rules() if "alert" in rule}
    cases = yaml.safe_load((DOCKER / "prometheus" / "rules_test.yaml").read_text())["tests"]
    fired = {
        case["alertname"] for test in cases for case in test["alert_rule_test"] if case.get("exp_alerts")
    }  # fmt: skip
    quiet = {case["alertname"] for test in cases for case in test["alert_rule_test"] if not case.get("exp_alerts")}
    assert fired == quiet == alerts


def rules() -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    dashboard = json.loads(DASHBOARD.read_text())
    yield from (target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []))
    yield from (v["query"]["query"] for v in dashboard["templating"]["list"] if v["type"] == "query")


_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-z_:][a-z0-9_:]*)?\{([^}]*)\}")
_MATCHER = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_WORDS = {"or", "and", "unless", "offset", "by", "without", "on", "ignoring", "m", "h", "d", "county_id"}


def asked(expression: str) -> tuple[set[str], set[str], set[str]]:
    """Names of metrics, patterns of names, and labels in a PromQL expression."""
    labels = {label.strip() for group in _GROUPING.findall(expression) for label in group.split(",")}
    names, patterns = set(), set()
    for name, matchers in _SELECTOR.findall(expression):
        names |= {name} - {""}
        for label, value in _MATCHER.findall(matchers):
            if label == "__name__":
                patterns.add(value)
            else:
                labels.add(label)
    rest = _SELECTOR.sub(" ", _GROUPING.sub(" ", expression))
    rest = re.sub(r"\[[^\]]*\]|\b\d[\w.]*", " ", rest)
    names |= {word for word in re.findall(r"\b[a-z_][a-z0-9_:]*\b(?!\s*\()", rest) if word not in _WORDS}
    return names, patterns, labels


@pytest.fixture
def page(county: County, client: Client) -> dict[str, set[str]]:
    """What /metrics has, each name with its labels, once everything that is counted has happened."""
    for job_type in all_types():
        job = job_type.model(county=county)
        metrics.submitted(job)
        metrics.completed(job, 1.0)
        metrics.failed(job, "worker_lost")
    metrics.slot(county.pk, "report", "missed")
    metrics.webhook(county.pk, "given_up")
    estimated = GisExportJob(
        started_at=timezone.now(), estimated_records=1, estimated_bytes=1, estimated_seconds=1, export_format="CSV"
    )
    accuracy.observe(estimated, 1, 1)
    client.raise_request_exception = False
    client.get("/api/v1/")
    client.get("/admin/login/")
    text = client.get("/metrics").content.decode()
    names: dict[str, set[str]] = {"up": set()}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    return names


def test_rules_and_dashboard_ask_for_what_there_is(page: dict[str, set[str]]) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    every = list(expressions())
    assert len(every) > 40
    for expression in every:
        names, patterns, labels = asked(expression)
        assert names or patterns, expression
        matched = {name for pattern in patterns for name in page if re.fullmatch(pattern, name)}
        assert names - recorded - page.keys() == set(), expression
        assert all(any(re.fullmatch(pattern, name) for name in page) for pattern in patterns), expression
        for kind in (kind for pattern in patterns for kind in re.findall(r"[a-z_]+(?=[|)])", pattern)):
            assert any(name.startswith(f"{kind}_jobs") for name in matched), (kind, expression)
        if not names & recorded:
            known = set().union(*(page[name] for name in (names | matched)))
            assert labels - _KEPT - known == set(), expression


def test_the_failures_that_alert_are_codes_that_there_are() -> None:
    (failures,) = (rule["expr"] for rule in rules() if rule.get("record") == "terrafusion:failures")
    (codes,) = re.findall(r'failure_reason=~"([^"]*)"', failures)
    assert all(any(re.fullmatch(code, known) for known in errors.known()) for code in codes.split("|"))


def test_every_metric_of_ours_is_on_the_page_and_watched(page: dict[str, set[str]]) -> None:
    """A metric that is added is documented, and shown in the dashboard or asked for by a rule."""
    ours = {
        re.sub(r"_(bucket|sum|count|created)$", "", name) for name in page if not name.startswith(("django_", "up"))
    }
    text = (ROOT / "docs" / "operator" / "monitoring.md").read_text()
    watched = [asked(expression)[:2] for expression in expressions()]
    for name in ours - {name for name in ours if name.startswith("dummy_")}:
        generic = re.sub(
            r"^(gis_export_part|valuation|market_analysis|report)_(jobs|processing)", r"gis_export_\2", name
        )
        assert f"`{generic}`" in text, name
        if not name.startswith("gis_export_part_"):  # its jobs are of another's
            assert any(
                name in {re.sub(r"_bucket$", "", each) for each in names}
                or any(re.fullmatch(p, name) for p in patterns)
                for names, patterns in watched
            ), name
