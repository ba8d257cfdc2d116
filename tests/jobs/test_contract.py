"""The dummy plugin keeps the contract, though no line of ``terrafusion.jobs`` knows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import terrafusion.jobs
from terrafusion.records.models import County
from tests.contracts import JobContract
from tests.dummy_plugin.models import DummyJob


class TestContract(JobContract):
    model = DummyJob

    def valid(self, county: County) -> dict[str, Any]:
        return {"county_id": county.pk, "flavour": "plain", "parameters": {"lines": 100}}

    def another(self, county: County) -> dict[str, Any]:
        return {"county_id": county.pk, "flavour": "spicy"}

    def invalid(self, county: County) -> list[tuple[dict[str, Any], set[str]]]:
        return [
            ({}, {"county_id", "flavour"}),
            ({"county_id": "X", "flavour": "sour", "parameters": 3}, {"county_id", "flavour", "parameters"}),
        ]


def test_the_lifecycle_knows_no_plugin() -> None:
    for path in Path(next(iter(terrafusion.jobs.__path__))).rglob("*.py"):
        text = path.read_text()
        assert "tests.dummy" not in text
        for app in ("gis_export", "valuation", "reporting", "market_analysis"):
            assert f"import {app}" not in text, path
            assert f"from {app}" not in text, path
