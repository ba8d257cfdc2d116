"""The migrations mark jobs and schedules that were made before results carried what it takes to read them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps

from gis_export.models import GisExportJob
from market_analysis.models import MarketAnalysisJob
from reporting.models import ReportJob
from terrafusion.jobs.models import Schedule
from terrafusion.jobs.rights import Needs
from terrafusion.records.access import Role
from terrafusion.records.models import County

MIGRATIONS = (
    "gis_export.migrations.0009_who_may_read",
    "market_analysis.migrations.0002_who_may_read",
    "reporting.migrations.0003_who_may_read",
)


def test_what_there_is_gets_its_marks(ground: County) -> None:
    def report(kind: str, **resolved: Any) -> Any:
        job = ReportJob.objects.create(county=ground, report_type=kind, format="pdf", resolved=resolved)
        request = {"report_type": kind, "parameters": resolved}
        schedule = Schedule.objects.create(
            county=ground,
            name=kind,
            job_type="reporting",
            request=request,
            cron="0 5 * * *",
            enabled=False,
        )
        return job, schedule

    filtered = GisExportJob.objects.create(county=ground, layers=["zones"], resolved={"filters_personal": True})
    plain = GisExportJob.objects.create(county=ground, layers=["zones"])
    personal = MarketAnalysisJob.objects.create(county=ground, geography="zones.HOLDER")
    public = MarketAnalysisJob.objects.create(county=ground, geography="zones.CODE")
    expected = [
        (report("export_activity"), Needs(role=Role.MANAGER)),
        (report("county_comparison", counties=[ground.pk, "COUNTY02"]), Needs(counties=frozenset({"COUNTY02"}))),
        (report("assessment_roll", district_layer="zones", district_label="HOLDER"), Needs(personal=True)),
        (report("assessment_roll", district_layer="zones", district_label="CODE"), Needs()),
        (report("ratio_study"), Needs()),
    ]
    summaries = [report("market_summary", market_jobs=[str(one.pk)])[0] for one in (personal, public)]
    for name in MIGRATIONS:
        import_module(name).mark_what_there_is(apps, None)
    for rows, needs in expected:
        for row in rows:
            row.refresh_from_db()
            assert row.needs() == needs, row
    for row, marked in ((filtered, True), (plain, False), (personal, True), (public, False)):
        row.refresh_from_db()
        assert row.contains_personal_data is marked
    assert [ReportJob.objects.get(pk=one.pk).contains_personal_data for one in summaries] == [True, False]
