"""What a comparison of counties takes."""

from __future__ import annotations

from rest_framework import serializers

from reporting.reports.base import Request
from reporting.reports.parcels import nothing_there
from reporting.reports.ratio_study.report import StudyParameters, StudyReport
from terrafusion.records.access import counties_for
from terrafusion.records.models import PropertyOperational, PropertyValueHistory, Sale
from terrafusion.records.versions import source

MOST = 50


class ComparisonParameters(StudyParameters):
    counties = serializers.ListField(
        child=serializers.CharField(max_length=32),
        min_length=1,
        max_length=MOST,
        label="Other counties",
        help_text="The ids of the counties to compare with.",
    )


class CountyComparison(StudyReport):
    name = "county_comparison"
    title = "County comparison"
    description = "Several counties' level, uniformity and values side by side."
    parameters = ComparisonParameters
    reader = "reporting.reports.comparison.read.read"
    takes_area = False
    landscape = True

    def check(self, request: Request) -> dict[str, list[str]]:
        wanted = request.values["counties"]
        allowed = (
            set(counties_for(request.user).filter(pk__in=wanted).values_list("pk", flat=True))
            if request.user
            else set()
        )
        missing = [name for name in wanted if name not in allowed]
        if missing:
            return {"parameters.counties": [f"There is no county {name!r} for you." for name in missing]}
        if request.values["valuation_job"]:
            told = "A run is of one county: compare current or certified values."
            return {"parameters.valuation_job": [told]}
        return nothing_there(request)

    def estimate(self, request: Request) -> int:
        return 0

    def sources(self, request: Request) -> tuple[str, ...]:
        names = [request.county.pk, *request.values["counties"]]
        models = (PropertyOperational, PropertyValueHistory, Sale)
        return tuple(source(model, name) for name in names for model in models)
