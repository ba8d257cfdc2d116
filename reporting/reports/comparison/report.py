"""What a comparison of counties takes."""

from __future__ import annotations

from typing import Any

from reporting.reports.base import Request
from reporting.reports.parcels import nothing_there
from reporting.reports.ratio_study.report import STUDY, StudyReport, days_of
from terrafusion import words
from terrafusion.jobs.request import Texts
from terrafusion.jobs.rights import Needs
from terrafusion.records.access import counties_for
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, Sale
from terrafusion.records.versions import source
from terrafusion.types import AnyUser
from valuation.errors import InvalidStudyDates
from valuation.study_dates import settle

MAX_COUNTIES = 50


def values_of(county: County, asked: dict[str, Any]) -> dict[str, Any]:
    """The parameters of one county's study. Raises ``InvalidStudyDates``."""
    dates = settle(county, asked["values"], *days_of(asked))
    return {**asked, **{name: None if day is None else day.isoformat() for name, day in vars(dates).items()}}


class CountyComparison(StudyReport):
    name = "county_comparison"
    title = "County comparison"
    description = "Several counties' level, uniformity and values side by side."
    parameters = (
        *STUDY,
        Texts(
            "counties",
            None,
            "The ids of the counties to compare with.",
            MAX_COUNTIES,
            1,
            32,
            label="Other counties",
            required=True,
        ),
    )
    reader = "reporting.reports.comparison.read.read"
    takes_area = False
    landscape = True

    def complete(self, values: dict[str, Any], county: County, user: AnyUser) -> dict[str, Any]:
        """Days that are not given stay open: each county's values have their own."""
        return values

    def check(self, request: Request) -> dict[str, list[str]]:
        wanted = request.values["counties"]
        allowed = (
            set(counties_for(request.user).filter(pk__in=wanted).values_list("pk", flat=True))
            if request.user
            else set()
        )
        missing = [name for name in wanted if name not in allowed]
        if missing:
            return {"parameters.counties": [words.unknown("county", *missing)]}
        if request.values["valuation_job"]:
            fault = "A run is of one county: compare current or certified values."
            return {"parameters.valuation_job": [fault]}
        faults = nothing_there(request)
        counties = County.objects.in_bulk([request.county.pk, *wanted])
        for county in counties.values() if not faults else ():
            try:
                values_of(county, request.values)
            except InvalidStudyDates as refused:
                for name, texts in refused.faults.items():
                    named = [text if text.startswith(county.pk) else f"{county.pk}: {text}" for text in texts]
                    faults.setdefault(f"parameters.{name}", []).extend(named)
        return faults

    def needs(self, request: Request) -> Needs:
        return Needs(counties=frozenset(request.values["counties"]) - {request.county.pk})

    def estimate(self, request: Request) -> int:
        return 0

    def sources(self, request: Request) -> tuple[str, ...]:
        names = [request.county.pk, *request.values["counties"]]
        models = (PropertyOperational, PropertyValueHistory, Sale)
        return tuple(source(model, name) for name in names for model in models)
