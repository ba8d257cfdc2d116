"""Jobs, schedules, and areas that were stored before parameters and fields had their American names."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils import timezone

from market_analysis.models import MarketAnalysisJob, MarketArea
from terrafusion.jobs.models import Schedule
from terrafusion.records.models import County

MIGRATION = import_module("market_analysis.migrations.0009_american_names")


def test_what_was_stored_has_the_new_names(county: County, analyst: Any) -> None:
    old, new = {"fewest_sales": 4, "neighbours": "nearest"}, {"min_sales": 4, "neighbors": "nearest"}
    columns: dict[str, Any] = {"county": county, "submitted_by": analyst, "analysis_type": "hot_spots"}
    renamed = MarketAnalysisJob.objects.create(parameters=old, resolved={**old, "as_of": "2026-01-01"}, **columns)
    other = MarketAnalysisJob.objects.create(parameters={"min_sales": 3}, resolved={"min_sales": 3}, **columns)
    area = MarketArea.objects.create(
        job=renamed, county=county, key="a", sales=3, values={"neighbours": 5, "gi_star": None}
    )
    schedule = Schedule.objects.create(
        owner=analyst, county=county, job_type="market_analysis", name="Each month", cron="0 6 1 * *", time_zone="UTC",
        request={"analysis_type": "hot_spots", "parameters": old}, next_run_at=timezone.now(),
    )  # fmt: skip
    MIGRATION.rename_all(apps, None)
    for row in (renamed, other, area, schedule):
        row.refresh_from_db()
    assert (renamed.parameters, renamed.resolved) == (new, {**new, "as_of": "2026-01-01"})
    assert (other.parameters, other.resolved) == ({"min_sales": 3}, {"min_sales": 3})
    assert area.values == {"neighbors": 5, "gi_star": None}
    assert schedule.request == {"analysis_type": "hot_spots", "parameters": new}
