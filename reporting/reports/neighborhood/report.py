"""Reads a neighborhood."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from psycopg import sql
from rest_framework import serializers

from reporting.reports.base import Content, Request
from reporting.reports.neighborhood.build import Profile, build
from reporting.reports.parcels import nothing_there, unknown
from reporting.reports.ratio_study.build import Study
from reporting.reports.ratio_study.report import StudyParameters, StudyReport, study_of
from terrafusion.records.county_time import today
from terrafusion.records.models import PropertyOperational
from terrafusion.records.sales import frame
from terrafusion.records.sales.screening import screen


class ProfileParameters(StudyParameters):
    neighborhood = serializers.CharField(max_length=40, label="Neighborhood", help_text="Its code, as parcels have it.")


class NeighborhoodProfile(StudyReport):
    name = "neighborhood_profile"
    title = "Neighborhood profile"
    description = "A neighborhood's stock, sales, values and equity, with a map."
    parameters = ProfileParameters
    takes_area = False

    def check(self, request: Request) -> dict[str, list[str]]:
        return nothing_there(request) or unknown_neighborhood(request, request.values["neighborhood"])

    def estimate(self, request: Request) -> int:
        return 0

    def read(self, request: Request, now: datetime) -> Content:
        name = request.values["neighborhood"]
        found = profile(request, name)
        return Content(
            blocks=build(found), subtitle=f"Neighborhood {name}", rows=200, facts={"parcels": len(found.parcels)}
        )


def unknown_neighborhood(request: Request, name: str) -> dict[str, list[str]]:
    there = PropertyOperational.objects.filter(county=request.county).exclude(neighborhood="")
    known = there.order_by("neighborhood").values_list("neighborhood", flat=True).distinct()
    missing = unknown([name], known, "neighborhood", request.county.pk)
    return {"parameters.neighborhood": missing} if missing else {}


def neighborhood_study(request: Request, name: str) -> Study:
    """The ratio study of the neighborhood's parcels alone."""
    return study_of(replace(request, area=None), request.values, name)


def profile(request: Request, name: str) -> Profile:
    study = neighborhood_study(request, name)
    county = request.county.pk
    statement = sql.SQL(
        "SELECT lot_area_sqft, living_area_sqft, year_built, total_value, "
        "coalesce(nullif(use_description, ''), use_code) AS use "
        "FROM records_propertyoperational WHERE county_id = {} AND neighborhood = {}"
    ).format(sql.Literal(county), sql.Literal(name))
    kinds = dict.fromkeys(("lot_area_sqft", "living_area_sqft", "year_built", "total_value"), "float64")
    parcels = frame.fetch(statement, {**kinds, "use": "text"})
    sales = frame.read(frame.SalesQuery(county))
    kept = screen(sales, frame.rules_of(county), today(county)).kept
    kept = kept[(kept["neighborhood"].astype(object) == name).to_numpy()]
    return Profile(
        name=name,
        parcels=parcels,
        sales=kept,
        overall=study.overall,
        trimmed=study.trimmed,
        screening=study.screening,
        notes=study.notes,
        outlines=study.outlines,
        places=study.places,
    )
