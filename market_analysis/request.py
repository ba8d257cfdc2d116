"""A request for an analysis: checked, or refused with every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.gis.geos import GEOSGeometry

from market_analysis import geography
from market_analysis.catalogue import ANALYSES, STEPS, Analysis
from market_analysis.errors import AnalysisOutdated, GeographyError
from market_analysis.models import MarketAnalysisJob
from terrafusion.areas import storage
from terrafusion.jobs.errors import RequestRefused
from terrafusion.jobs.request import (
    SCREENING,
    Choice,
    Context,
    Day,
    Faults,
    InvalidRequest,
    JobRequest,
    read,
    read_area,
)
from terrafusion.jobs.rights import Needs
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.county_time import today
from terrafusion.records.models import County, PropertyOperational
from terrafusion.records.sales.frame import rules_of
from terrafusion.records.sales.rules import Rules
from terrafusion.types import AnyUser
from terrafusion.words import unknown

PERIOD = (
    Day("from", None, "The first day; without it, that of the first sale."),
    Day("to", None, "The last day; without it, that of the last sale."),
    Choice("step", "month", "The length of the periods that figures are given for.", STEPS),
)


@dataclass(frozen=True)
class Period:
    """From and to, both included; None where the first and last sale say it."""

    start: date | None
    end: date | None
    step: str


@dataclass(frozen=True, kw_only=True)
class MarketRequest(JobRequest):
    """A sound request. ``values`` has each parameter of the analysis; sales after ``as_of`` are not valid."""

    model = MarketAnalysisJob

    analysis: Analysis
    geography: geography.Geography
    period: Period
    property_classes: list[str]
    rules: Rules
    as_of: date

    @property
    def shape(self) -> GEOSGeometry | None:
        """The area as one geometry; None for the whole county."""
        geometry: GEOSGeometry | None = storage.columns(self.area)["area_of_interest"]
        return geometry

    def resolved(self) -> dict[str, Any]:
        rules = {SCREENING.name: self.rules.as_dict(), "as_of": self.as_of.isoformat()}
        return {**self.values, **rules, "notes": list(self.notes)}

    def columns(self) -> dict[str, Any]:
        from market_analysis.sales import estimate  # it brings numpy, which most processes need not hold

        return {
            "analysis_type": self.analysis.name,
            "geography": self.geography.text,
            "property_classes": self.property_classes,
            "period_from": self.period.start,
            "period_to": self.period.end,
            "period_step": self.period.step,
            "estimated_sales": estimate(self.county, self.period),
        }


def build(members: Mapping[str, Any], user: AnyUser, faults: Faults) -> MarketRequest | None:
    """The request that ``user`` makes with these members; what is wrong with them goes into ``faults``."""
    county, analysis = members.get("county_id"), ANALYSES.get(members.get("analysis_type", ""))
    period = _period(members.get("period", {}), county, faults)
    values: dict[str, Any] = {}
    if analysis and "parameters" in members:
        values = read([*analysis.parameters, SCREENING], members["parameters"], faults, Context(county, user))
    if county is None:
        return None
    place = _geography(members.get("geography", "county"), county, user, analysis, faults)
    classes = _classes(county, members.get("property_class", []), faults)
    area = read_area(members.get("area_of_interest"), county, user, faults)
    if faults or analysis is None or place is None:
        return None
    return MarketRequest(
        county=county,
        area=area,
        rules=Rules.parse(values.pop(SCREENING.name, {}), rules_of(county.pk)),
        values=values,
        analysis=analysis,
        geography=place,
        period=period,
        property_classes=classes,
        as_of=today(county),
    )


def check(members: Mapping[str, Any], user: AnyUser) -> MarketRequest:
    """The same; raises ``InvalidRequest`` where anything is wrong."""
    faults = Faults()
    request = build(members, user, faults)
    if request is None:
        raise InvalidRequest(faults)
    return request


def of_job(job: MarketAnalysisJob) -> MarketRequest:
    """The request of a stored or unsaved job, with the county's layers, and the rights of who submitted it, as they are
    now. Raises ``InvalidRequest``."""
    faults = Faults()
    place = _geography(job.geography, job.county, job.submitted_by, None, faults)
    if place is None:
        raise InvalidRequest(faults)
    analysis, stored = ANALYSES[job.analysis_type], job.resolved
    return MarketRequest(
        county=job.county,
        area=storage.load(job, tuple(stored["notes"])),
        values={parameter.name: stored.get(parameter.name, parameter.default) for parameter in analysis.parameters},
        analysis=analysis,
        geography=place,
        period=Period(job.period_from, job.period_to, job.period_step),
        property_classes=job.property_classes,
        rules=Rules.parse(stored[SCREENING.name]),
        as_of=date.fromisoformat(stored["as_of"]),
    )


def needs(job: MarketAnalysisJob) -> Needs:
    """Of an unsaved job: places that are called by personal data are in every figure of the result."""
    try:
        return Needs(personal=geography.parse(job.geography, job.county, personal=True).personal)
    except GeographyError:  # there is no result to come
        return Needs(personal=True)


def renew(job: MarketAnalysisJob) -> None:
    """Raises ``RequestRefused`` where the request of a rerun does not hold any more."""
    try:
        of_job(job)
    except InvalidRequest as outdated:
        raise RequestRefused(outdated.faults, AnalysisOutdated.code) from None


def _geography(
    text: str, county: County, user: AnyUser | None, analysis: Analysis | None, faults: Faults
) -> geography.Geography | None:
    personal = user is not None and may_see_personal_data(user, county.pk)
    parsed: geography.Geography | None = None
    with faults.at("geography"):
        parsed = geography.parse(text, county, personal=personal)
    if parsed and parsed.is_county and analysis and analysis.several_places:
        options = ", ".join(name for name in geography.known(county) if name != "county")
        faults.add("geography", f"{analysis.name} compares places: give {options}.")
    return parsed


def _period(given: Mapping[str, Any], county: County | None, faults: Faults) -> Period:
    values = read(PERIOD, given, faults, path="period", others=())
    days = {name: date.fromisoformat(values[name]) for name in ("from", "to") if values.get(name)}
    start, end = days.get("from"), days.get("to")
    for name, day in days.items():
        if county and day > (now := today(county)):
            faults.add(f"period.{name}", f"{day} is in the future; today is {now}.")
    if start and end and start > end:
        faults.add("period.from", f"The period ends on {end}, before it begins.")
    return Period(start, end, values.get("step", ""))


def _classes(county: County, given: list[str], faults: Faults) -> list[str]:
    parcels = PropertyOperational.objects.filter(county=county)
    missing = [name for name in given if not parcels.filter(property_class=name).exists()]
    if missing:
        known = parcels.exclude(property_class="").order_by("property_class").values_list("property_class", flat=True)
        faults.add(
            "property_class", unknown(f"property class in {county.pk}:", *missing, available=known.distinct()[:50])
        )
    return sorted(set(given))
