"""Reads a neighborhood."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from psycopg import sql

from reporting.reports.base import Content, Request
from reporting.reports.neighborhood.build import Profile, build
from reporting.reports.ratio_study.build import Study
from reporting.reports.ratio_study.read import study_of
from terrafusion.records.county_time import today
from terrafusion.records.sales import frame
from terrafusion.records.sales.screening import screen


def read(request: Request, now: datetime) -> Content:
    name = request.values["neighborhood"]
    place = profile(request, name)
    return Content(
        blocks=build(place),
        subtitle=f"Neighborhood {name}",
        rows=200,
        facts={"parcels": len(place.parcels)},
    )


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
        study=study,
    )
