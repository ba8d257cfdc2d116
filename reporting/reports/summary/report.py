"""What a summary of a valuation run takes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from reporting.reports.base import Parameters, Report, Request
from reporting.reports.fields import default
from reporting.reports.runs import LATEST, ValuationRunField


class SummaryParameters(Parameters):
    valuation_job = default(LATEST, ValuationRunField, "Valuation run", 'A completed run; "latest" is the newest.')

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data["valuation_job"] == LATEST:  # a default is not checked by its field
            field = self.fields["valuation_job"]
            try:
                data["valuation_job"] = field.to_internal_value(LATEST)
            except serializers.ValidationError as missing:
                raise serializers.ValidationError({"valuation_job": missing.detail}) from None
        return data


class ValuationSummary(Report):
    name = "valuation_summary"
    title = "Valuation summary"
    description = "What a valuation run changed: totals, by class and area, largest changes, sold against unsold."
    parameters = SummaryParameters
    reader = "reporting.reports.summary.read.read"
    takes_area = False

    def estimate(self, request: Request) -> int:
        return 0
