"""The values that a study is of, read from the database: what parcels are worth by the roll, the assessor, or a run."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from terrafusion.records.sales import frame
from valuation.models import ValuationJob
from valuation.study_terms import CERTIFIED, CURRENT
from valuation.values import made_by

if TYPE_CHECKING:
    import pandas as pd

_KINDS = {  # in the order in which the statements select them
    "parcel_number": "text",
    "living_area": "float64",
    "class_of_value": "text",
    "value": "float64",
    "at_market": "bool",
}
_PARCEL = sql.SQL("p.parcel_number, p.living_area_sqft AS living_area, p.property_class AS class_of_value")
# A value that was made here and certified is one of the market, whatever share of it the county's roll states.
_OF_THE_MARKET = sql.SQL(
    "EXISTS (SELECT FROM valuation_propertyvaluation m WHERE m.property_id = h.property_id AND m.state = 'certified' "
    "AND m.effective_date = h.effective_date)"
)
_CURRENT = (
    "SELECT {parcel}, p.total_value AS value, EXISTS (SELECT FROM records_propertyvaluehistory h "
    "WHERE h.property_id = p.id AND h.certified AND h.tax_year = p.tax_year AND h.total_value = p.total_value "
    "AND h.revoked_by IS NULL AND {of_the_market}) AS at_market "
    "FROM records_propertyoperational p WHERE p.county_id = {county} AND p.total_value > 0"
)
_IN_EFFECT = (
    "SELECT DISTINCT ON (h.property_id) {parcel}, h.total_value AS value, {of_the_market} AS at_market "
    "FROM records_propertyvaluehistory h JOIN records_propertyoperational p ON p.id = h.property_id "
    "WHERE h.county_id = {county} AND h.total_value > 0 AND h.effective_date <= {day} "
    "AND h.revoked_by IS NULL AND {which} "
    "ORDER BY h.property_id, h.effective_date DESC, h.tax_year DESC"
)
_OF_A_RUN = (
    "SELECT {parcel}, coalesce(v.override_value, v.value) AS value, true AS at_market "
    "FROM valuation_propertyvaluation v JOIN records_propertyoperational p ON p.id = v.property_id "
    "WHERE v.job_id = {job} AND v.county_id = {county} AND v.state <> 'rejected' "
    "AND coalesce(v.override_value, v.value) > 0"
)


def read(county_id: str, studied: str | uuid.UUID, day: date) -> pd.DataFrame:
    """parcel_number, value, living_area, class_of_value and at_market (whether the value is stated at the whole market
    value) of every parcel with a value above zero."""
    if studied == CURRENT:
        return _fetch(_CURRENT, county_id)
    if studied == CERTIFIED:
        return in_effect(county_id, day, certified=True)
    job = ValuationJob.objects.get(pk=studied)
    return _fetch(_OF_A_RUN, county_id, job=sql.Literal(made_by(job)))


def in_effect(county_id: str, day: date, *, certified: bool) -> pd.DataFrame:
    """The same of the value history's entries that were in effect on the day; of the certified ones, or of all."""
    which = sql.SQL("h.certified") if certified else sql.SQL("true")
    return _fetch(_IN_EFFECT, county_id, day=sql.Literal(day), which=which)


def _fetch(statement: LiteralString, county_id: str, **more: sql.Composable) -> pd.DataFrame:
    parts = {"parcel": _PARCEL, "of_the_market": _OF_THE_MARKET, "county": sql.Literal(county_id), **more}
    return frame.fetch(sql.SQL(statement).format(**parts), _KINDS)
