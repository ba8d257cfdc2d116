"""A request for an analysis: checked, or refused with every fault named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.gis.geos import GEOSGeometry

from market_analysis import geography
from market_analysis.catalogue import ANALYSES, STEPS, Analysis
from market_analysis.errors import Faults, RequestFaults, RequestOutdated
from market_analysis.models import MarketAnalysisJob
from market_analysis.parameters import Refused, as_day
from terrafusion import areas
from terrafusion.api import keys
from terrafusion.areas import saved
from terrafusion.jobs import options
from terrafusion.jobs.errors import RequestRefused
from terrafusion.jobs.rights import Needs
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.models import County, PropertyOperational
from terrafusion.records.sales.frame import rules_of
from terrafusion.records.sales.rules import RuleFaults, Rules

MOST_PERIODS = 2_400
SCREENING = "screening"


@dataclass(frozen=True)
class Period:
    """From and to, both included; None where the first and last sale say it."""

    start: date | None
    end: date | None
    step: str


@dataclass(frozen=True)
class MarketRequest:
    """A sound request. ``parameters`` has each of the analysis's; ``as_of`` is the day after which sales are faults."""

    county: County
    analysis: Analysis
    geography: geography.Geography
    period: Period
    property_classes: list[str]
    area: GEOSGeometry | None
    parameters: dict[str, Any]
    rules: Rules
    as_of: date
    notes: tuple[str, ...] = ()

    def resolved(self) -> dict[str, Any]:
        """What is in force, as the job keeps it."""
        return {
            **self.parameters,
            SCREENING: self.rules.as_dict(),
            "as_of": self.as_of.isoformat(),
            "notes": list(self.notes),
        }


def check(county: County, given: dict[str, Any], today: date, user: Any) -> MarketRequest:
    """``given`` has the request's members, of the types that the serializer sees to. Raises ``RequestFaults``.
    ``user``: whose uploaded areas it may name."""
    faults: Faults = {}
    analysis = ANALYSES.get(given["analysis_type"])
    if analysis is None:
        _add(
            faults,
            "analysis_type",
            f"There is no analysis {given['analysis_type']!r}; there is {', '.join(ANALYSES)}.",
        )
    personal = may_see_personal_data(user, county.pk)
    place = _geography(county, given["geography"], analysis, personal, faults)
    period = _period(given["period"], today, faults)
    classes = _classes(county, given["property_class"], faults)
    area = _area(county, given["area_of_interest"], user, faults)
    parameters = _parameters(given["parameters"], analysis, faults) if analysis else {}
    rules = _rules(county, given["parameters"].get(SCREENING, {}), faults)
    if faults or analysis is None or place is None or period is None or rules is None:
        raise RequestFaults(faults)
    return MarketRequest(
        county=county,
        analysis=analysis,
        geography=place,
        period=period,
        property_classes=classes,
        area=saved.columns(area)["area_of_interest"],
        parameters=parameters,
        rules=rules,
        as_of=today,
        notes=area.notes if area else (),
    )


def of_job(job: MarketAnalysisJob) -> MarketRequest:
    """The request of a stored or unsaved job, with the county's layers, and the rights of who submitted it, as they are
    now. Raises ``RequestFaults``."""
    personal = job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id)
    try:
        place = geography.parse(job.geography, job.county, personal=personal)
    except geography.GeographyError as error:
        raise RequestFaults({"geography": [str(error)]}) from None
    analysis = ANALYSES[job.analysis_type]
    stored = job.resolved
    return MarketRequest(
        county=job.county,
        analysis=analysis,
        geography=place,
        period=Period(job.period_from, job.period_to, job.period_step),
        property_classes=job.property_classes,
        area=job.area_of_interest,
        parameters={parameter.name: stored.get(parameter.name, parameter.default) for parameter in analysis.parameters},
        rules=Rules.parse(stored[SCREENING]),
        as_of=date.fromisoformat(stored["as_of"]),
        notes=tuple(stored["notes"]),
    )


def needs(job: MarketAnalysisJob) -> Needs:
    """Of an unsaved job: places that are called by personal data are in every figure of the result."""
    try:
        return Needs(personal=geography.parse(job.geography, job.county, personal=True).personal)
    except geography.GeographyError:  # there is no result to come
        return Needs(personal=True)


def renew(job: MarketAnalysisJob) -> None:
    """Raises ``RequestRefused`` where the request of a rerun does not hold any more."""
    try:
        of_job(job)
    except RequestFaults as outdated:
        raise RequestRefused(outdated.faults, RequestOutdated.code) from None


def columns(request: MarketRequest) -> dict[str, Any]:
    """Of an unsaved job."""
    return {
        "county": request.county,
        "analysis_type": request.analysis.name,
        "geography": request.geography.text,
        "property_classes": request.property_classes,
        "period_from": request.period.start,
        "period_to": request.period.end,
        "period_step": request.period.step,
        "area_of_interest": request.area,
        "resolved": request.resolved(),
    }


def _geography(
    county: County, text: str, analysis: Analysis | None, personal: bool, faults: Faults
) -> geography.Geography | None:
    try:
        found = geography.parse(text, county, personal=personal)
    except geography.GeographyError as error:
        _add(faults, "geography", str(error))
        return None
    if analysis and analysis.several_places and found.is_county:
        options = ", ".join(name for name in geography.known(county) if name != "county")
        _add(faults, "geography", f"{analysis.name} compares places: give {options}.")
    return found


def _period(given: dict[str, Any], today: date, faults: Faults) -> Period | None:
    before = len(faults)
    for name, fault in keys.unknown(given, ("from", "to", "step")).items():
        _add(faults, f"period.{name}", fault)
    step = given.get("step", "month")
    if step not in STEPS:
        _add(faults, "period.step", f"Give one of {', '.join(STEPS)}.")
    days: dict[str, date | None] = {"from": None, "to": None}
    for name in days:
        if given.get(name) is not None:
            try:
                days[name] = as_day(given[name])
            except Refused as refused:
                _add(faults, f"period.{name}", str(refused))
    start, end = days["from"], days["to"]
    for name, day in days.items():
        if day and day > today:
            _add(faults, f"period.{name}", f"{day} is in the future; today is {today}.")
    if start and end and start > end:
        _add(faults, "period.from", f"The period ends on {end}, before it begins.")
    return Period(start, end, step) if len(faults) == before else None


def _classes(county: County, given: list[str], faults: Faults) -> list[str]:
    parcels = PropertyOperational.objects.filter(county=county)
    unknown = [name for name in given if not parcels.filter(property_class=name).exists()]
    if unknown:
        known = parcels.exclude(property_class="").order_by("property_class").values_list("property_class", flat=True)
        names = ", ".join(known.distinct()[:50]) or "none"
        told = ", ".join(repr(name[:40]) for name in unknown)
        _add(faults, "property_class", f"No parcel of {county.pk} has the class {told}; there is {names}.")
    return sorted(set(given))


def _area(county: County, given: Any, user: Any, faults: Faults) -> areas.Area | None:
    if given is None:
        return None
    try:
        return areas.of_request(given, county, user)
    except areas.AreaError as error:
        for message in error.messages:
            _add(faults, "area_of_interest", message)
        return None


def _parameters(given: dict[str, Any], analysis: Analysis, faults: Faults) -> dict[str, Any]:
    known = {parameter.name: parameter for parameter in analysis.parameters}
    for name, fault in keys.unknown(given, [*known, SCREENING, *options.NAMES]).items():
        _add(faults, f"parameters.{name}", fault)
    found = {}
    for name, parameter in known.items():
        found[name] = parameter.default
        if given.get(name) is None and name in analysis.required:
            _add(faults, f"parameters.{name}", f"{analysis.name} takes this parameter: {parameter.help}")
        elif given.get(name) is not None:
            try:
                found[name] = parameter.check(given[name])
            except Refused as refused:
                _add(faults, f"parameters.{name}", str(refused))
    return found


def _rules(county: County, given: Any, faults: Faults) -> Rules | None:
    try:
        return Rules.parse(given, rules_of(county.pk))
    except RuleFaults as faulty:
        for name, text in faulty.faults.items():
            _add(faults, f"parameters.{SCREENING}" + (f".{name}" if name else ""), text)
        return None


def _add(faults: Faults, at: str, message: str) -> None:
    faults.setdefault(at, []).append(message)
