"""What a summary of a valuation run takes."""

from __future__ import annotations

from reporting.reports.base import Report, Request
from reporting.reports.runs import LATEST, ValuationRun


class ValuationSummary(Report):
    name = "valuation_summary"
    title = "Valuation summary"
    description = "What a valuation run changed: totals, by class and area, largest changes, sold against unsold."
    parameters = (
        ValuationRun("valuation_job", LATEST, 'A completed run; "latest" is the newest.', label="Valuation run"),
    )
    reader = "reporting.reports.summary.read.read"
    takes_area = False

    def estimate(self, request: Request) -> int:
        return 0
