"""The report types by name."""

from __future__ import annotations

from reporting.reports.base import Report
from reporting.reports.roll import AssessmentRoll

ALL: dict[str, Report] = {report.name: report for report in (AssessmentRoll(),)}


def names() -> list[str]:
    return list(ALL)
